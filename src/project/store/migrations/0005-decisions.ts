/** Version 5: who decided what, when and why; who drew a mask; scans left out of training; a range of intensities. */
export const decisions = {
  version: 5,
  name: 'decisions',
  sql: `
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  decision TEXT NOT NULL CHECK (decision IN ('accept', 'correct', 'reject', 'reopen')),
  mask INTEGER REFERENCES masks (id) ON DELETE SET NULL,
  run INTEGER REFERENCES runs (id) ON DELETE SET NULL,
  reason TEXT NOT NULL DEFAULT '',
  person TEXT NOT NULL DEFAULT '',
  before TEXT NOT NULL CHECK (json_valid(before)),
  created_at TEXT NOT NULL,
  undone_at TEXT
) STRICT;
CREATE INDEX decisions_scan ON decisions (scan, id);
CREATE INDEX decisions_mask ON decisions (mask);
CREATE INDEX decisions_run ON decisions (run);
ALTER TABLE masks ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE scans ADD COLUMN left_out TEXT NOT NULL DEFAULT '';
ALTER TABLE project ADD COLUMN range TEXT CHECK (range IS NULL OR json_array_length(range) = 2);
`,
};
