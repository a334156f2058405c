/** Version 4: scans of several channels. A project has one ordered list of them; a scan has a file for each that it has. */
export const channels = {
  version: 4,
  name: 'channels',
  sql: `
CREATE TABLE channels (
  place INTEGER PRIMARY KEY CHECK (place BETWEEN 0 AND 8),
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  kind TEXT NOT NULL CHECK (kind IN ('ct', 'mr', 'pet'))
) STRICT;

CREATE TABLE scan_channels (
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  place INTEGER NOT NULL REFERENCES channels (place),
  file TEXT NOT NULL UNIQUE,
  PRIMARY KEY (scan, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX scan_channels_place ON scan_channels (place);
`,
};
