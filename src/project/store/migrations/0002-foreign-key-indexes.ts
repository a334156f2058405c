/** Version 2: an index for every reference that is looked up or cascades, so that 1,000 scans stay fluent. */
export const foreignKeyIndexes = {
  version: 2,
  name: 'foreign-key-indexes',
  sql: `
CREATE INDEX predictions_scan ON predictions (scan, created_at);
CREATE INDEX predictions_mask ON predictions (mask);
CREATE INDEX evaluations_scan ON evaluations (scan);
CREATE INDEX run_cases_scan ON run_cases (scan);
CREATE INDEX run_cases_mask ON run_cases (mask);
CREATE INDEX masks_run ON masks (run);
CREATE INDEX masks_accepted ON masks (scan, version) WHERE accepted = 1;
`,
};
