/** Version 1 of the project database. Never edited: later changes are later migrations. */
export const initial = {
  version: 1,
  name: 'initial',
  sql: `
CREATE TABLE project (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  preset TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL
) STRICT;

CREATE TABLE labels (
  value INTEGER PRIMARY KEY CHECK (value BETWEEN 1 AND 255),
  name TEXT NOT NULL UNIQUE,
  colour TEXT NOT NULL,
  term_scheme TEXT,
  term_code TEXT,
  term_meaning TEXT,
  locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1))
) STRICT;

CREATE TABLE scans (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  modality TEXT NOT NULL,
  size TEXT NOT NULL CHECK (json_array_length(size) = 3),
  spacing TEXT NOT NULL CHECK (json_array_length(spacing) = 3),
  origin TEXT NOT NULL CHECK (json_array_length(origin) = 3),
  direction TEXT NOT NULL CHECK (json_array_length(direction) = 9),
  volume_file TEXT NOT NULL,
  source_path TEXT NOT NULL,
  series_uid TEXT,
  description TEXT NOT NULL DEFAULT '',
  content_hash TEXT NOT NULL,
  notices TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(notices)),
  review TEXT NOT NULL DEFAULT 'unreviewed' CHECK (review IN ('unreviewed', 'in-review', 'accepted', 'corrected', 'rejected')),
  imported_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE UNIQUE INDEX scans_name ON scans (name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX scans_hash ON scans (content_hash) WHERE deleted_at IS NULL;

CREATE TABLE patients (
  scan INTEGER PRIMARY KEY REFERENCES scans (id) ON DELETE CASCADE,
  patient_name TEXT NOT NULL,
  patient_id TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  method TEXT NOT NULL,
  options TEXT NOT NULL CHECK (json_valid(options)),
  classes TEXT NOT NULL CHECK (json_valid(classes)),
  state TEXT NOT NULL CHECK (state IN ('created', 'running', 'paused', 'interrupted', 'cancelled', 'failed', 'finished')),
  step INTEGER NOT NULL DEFAULT 0 CHECK (step >= 0),
  device TEXT NOT NULL DEFAULT '',
  engine TEXT NOT NULL DEFAULT '',
  notes TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT
) STRICT;

CREATE TABLE masks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  version INTEGER NOT NULL CHECK (version >= 1),
  origin TEXT NOT NULL CHECK (origin IN ('manual', 'predicted', 'corrected')),
  run INTEGER REFERENCES runs (id) ON DELETE SET NULL,
  file TEXT NOT NULL UNIQUE,
  accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
  labels TEXT NOT NULL CHECK (json_valid(labels)),
  created_at TEXT NOT NULL,
  UNIQUE (scan, version)
) STRICT;
CREATE INDEX masks_origin ON masks (scan, origin, version);

CREATE TABLE slice_flags (
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  axis INTEGER NOT NULL CHECK (axis IN (0, 1, 2)),
  slice INTEGER NOT NULL CHECK (slice >= 0),
  mark TEXT NOT NULL CHECK (mark IN ('flagged', 'accepted', 'corrected', 'rejected')),
  note TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  PRIMARY KEY (scan, axis, slice)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_cases (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('labelled', 'unlabelled', 'validation')),
  mask INTEGER REFERENCES masks (id) ON DELETE SET NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (run, scan),
  CHECK (role <> 'unlabelled' OR mask IS NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_metrics (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  path TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  mask INTEGER NOT NULL REFERENCES masks (id) ON DELETE CASCADE,
  entropy_file TEXT NOT NULL,
  mean_entropy REAL NOT NULL,
  slice_entropy TEXT NOT NULL CHECK (json_valid(slice_entropy)),
  volumes_ml TEXT NOT NULL CHECK (json_valid(volumes_ml)),
  seconds REAL NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (run, scan)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  scan INTEGER NOT NULL REFERENCES scans (id) ON DELETE CASCADE,
  label INTEGER NOT NULL,
  dice REAL NOT NULL,
  jaccard REAL NOT NULL,
  hd95 REAL,
  asd REAL,
  reference TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (run, scan, label)
) STRICT, WITHOUT ROWID;
`,
};
