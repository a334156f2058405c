/** Version 9: rulers, angles and regions that were measured on slices. */
export const measurements = {
  version: 9,
  name: 'measurements',
  sql: `
CREATE TABLE measurements (
  id TEXT PRIMARY KEY,
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('ruler', 'angle', 'ellipse', 'box')),
  axis INTEGER NOT NULL CHECK (axis IN (0, 1, 2)),
  slice INTEGER NOT NULL CHECK (slice >= 0),
  points TEXT NOT NULL CHECK (json_valid(points)),
  figures TEXT NOT NULL CHECK (json_valid(figures)),
  channel TEXT NOT NULL DEFAULT '',
  person TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX measurements_scan ON measurements (scan, created_at);
`,
};
