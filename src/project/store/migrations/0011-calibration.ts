/** Version 11: labelled scans as short trainings predict them that have not seen them. */
export const calibration = {
  version: 11,
  name: 'calibration',
  sql: `
CREATE TABLE calibrations (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  scan INTEGER NOT NULL REFERENCES scans(id) ON DELETE CASCADE,
  own_dice TEXT NOT NULL CHECK (json_valid(own_dice)),
  dice TEXT NOT NULL CHECK (json_valid(dice)),
  PRIMARY KEY (run, scan)
) STRICT, WITHOUT ROWID;
CREATE INDEX calibrations_scan ON calibrations(scan);
`,
};
