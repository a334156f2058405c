/** Version 10: whether the project learns while somebody reviews, and which predictions were looked at. */
export const learning = {
  version: 10,
  name: 'learning',
  sql: `
ALTER TABLE project ADD COLUMN learning TEXT NOT NULL DEFAULT 'off' CHECK (learning IN ('off', 'on', 'paused'));
ALTER TABLE predictions ADD COLUMN seen_at TEXT;
`,
};
