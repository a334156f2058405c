/**
 * The project store: one folder with project.sqlite, volumes/, masks/ and runs/ (docs/reference/project-folder.md).
 * SQL lives below this folder alone. All calls are synchronous and small; voxels never pass through here.
 */

import { existsSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { kindOfPreset } from '../../core/model-channels.ts';
import { checkedName, LONGEST_NAME } from '../../core/name-limit.ts';
import { PRESETS, type PresetName } from '../../core/options.ts';
import { makeFolder, sweepLeftovers } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { type CalibrationRepository, calibrationRepository } from './calibrations.ts';
import { type ChannelRepository, channelRepository } from './channels.ts';
import { numbers } from './columns.ts';
import { type CheckpointRepository, checkpointRepository, type MetricRepository, metricRepository } from './curves.ts';
import { type Db, openDatabase } from './database.ts';
import { type DecisionRepository, decisionRepository } from './decisions.ts';
import { explained, explainFailure } from './failures.ts';
import { type FlagRepository, flagRepository } from './flags.ts';
import { guarded } from './guarded.ts';
import { type LabelRepository, labelRepository } from './labels.ts';
import { lockProject, type ProjectLock } from './lock.ts';
import { type MaskRepository, maskRepository } from './masks.ts';
import { type MeasurementRepository, measurementRepository } from './measurements.ts';
import { DATABASE_FILE, databasePath, insideProject } from './paths.ts';
import {
  type EvaluationRepository,
  evaluationRepository,
  type PredictionRepository,
  predictionRepository,
} from './results.ts';
import { type RunRepository, runRepository } from './runs.ts';
import { type ScanRepository, scanRepository } from './scans.ts';
import { inTransaction } from './transaction.ts';
import type { CodedTerm, Learning, ProjectInfo } from './types.ts';

export type { MetricPoint } from './curves.ts';
export { explained, explainedAsync, explainFailure } from './failures.ts';
export type { Measurement } from './measurements.ts';
export * from './paths.ts';
export { naturalOrder } from './scans.ts';
export * from './types.ts';

export interface Store {
  /** Absolute path of the project folder. */
  readonly folder: string;
  readonly mode: 'write' | 'read';
  readonly project: {
    get(): ProjectInfo;
    rename(name: string): ProjectInfo;
    /** Intensities that training clips to; null: those of the preset. Earlier runs keep what they had. */
    setRange(range: readonly [number, number] | null): ProjectInfo;
    setLearning(learning: Learning): ProjectInfo;
  };
  /** Who works with the project: the name of the system's user until another is given; kept with masks and decisions. */
  readonly person: { name: string };
  readonly labels: LabelRepository;
  readonly scans: ScanRepository;
  readonly channels: ChannelRepository;
  readonly masks: MaskRepository;
  readonly flags: FlagRepository;
  readonly decisions: DecisionRepository;
  readonly measurements: MeasurementRepository;
  readonly runs: RunRepository;
  readonly metrics: MetricRepository;
  readonly checkpoints: CheckpointRepository;
  readonly calibrations: CalibrationRepository;
  readonly predictions: PredictionRepository;
  readonly evaluations: EvaluationRepository;
  /** Names of runs that a dead process left running, found when the project was opened for writing. */
  readonly interrupted: readonly string[];
  /** Absolute path of a file that the database names. */
  path(relative: string): string;
  /** All of `work` is written, or nothing. */
  transaction<T>(work: () => T): T;
  /** Lets the database grow to this many pages at most; a test's full disk. */
  limitPages(pages: number): void;
  /** Closes the database and gives the lock back; safe to call twice. */
  close(): void;
}

export interface NewProject {
  name?: string;
  preset: PresetName;
  /** Intensities that training clips to, HU; the preset's without it. Needed with `ct`, refused with MR. */
  range?: readonly [number, number];
  labels: { name: string; colour?: string; term?: CodedTerm | null }[];
}

/**
 * Makes a project in `folder` (made when absent; it may hold other files, but no project) and opens it for writing.
 * @throws project/exists, project/no-label, label/invalid, option/invalid, disk/full, disk/read-only
 */
export function createProject(folder: string, project: NewProject, version = '0.1.0'): Store {
  const root = resolve(folder);
  if (existsSync(databasePath(root)))
    throw new DecileError(
      'project/exists',
      `A new project's folder must hold no project, got one in ${root}.`,
      'Choose another folder.',
    );
  if (!PRESETS.includes(project.preset)) {
    throw new DecileError(
      'option/invalid',
      `--preset must be one of ${PRESETS.join(', ')}, got ${String(project.preset)}.`,
      'ct-abdomen, ct-kidney and the like for CT, mr-flair or mr for MR.',
    );
  }
  checkRange(project.preset, project.range ?? null);
  if (project.labels.length === 0)
    throw new DecileError(
      'project/no-label',
      'A project must have at least one label, got none.',
      'Name what is to be segmented: --label kidney.',
    );
  makeFolder(root);
  const lock = lockProject(root);
  let db: Db | undefined;
  try {
    db = openDatabase(databasePath(root), 'create');
    const made = db;
    made.transaction(() => {
      made
        .prepare('INSERT INTO project (id, name, preset, range, created_at, created_by) VALUES (1, ?, ?, ?, ?, ?)')
        .run(
          project.name === undefined ? basename(root).slice(0, LONGEST_NAME) : checkedName('project', project.name),
          project.preset,
          project.range ? JSON.stringify(project.range) : null,
          new Date().toISOString(),
          version,
        );
      const labels = labelRepository(made);
      for (const label of project.labels) labels.add(label);
    })();
    for (const name of ['volumes', 'masks', 'runs']) makeFolder(join(root, name));
    return assemble(root, 'write', made, lock);
  } catch (error) {
    // A project that could not be made whole leaves nothing behind that looks like one.
    db?.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(root, DATABASE_FILE + suffix), { force: true });
    lock.release();
    throw explainFailure(error, `Making the project ${root}`);
  }
}

/**
 * Opens a project. Writers take the project's lock; readers do not, and see what is committed.
 * @throws project/not-found, project/corrupt, project/newer, project/older, project/in-use, disk/full
 */
export function openProject(folder: string, mode: 'write' | 'read' = 'write'): Store {
  const root = resolve(folder);
  if (!existsSync(databasePath(root))) {
    throw new DecileError(
      'project/not-found',
      `A project's folder must hold ${DATABASE_FILE}, got ${root}.`,
      'Make a project with `decile new DIR --label NAME --preset PRESET`, or check the path.',
    );
  }
  if (mode === 'read') return assemble(root, mode, openForReading(root), null);
  const lock = lockProject(root);
  try {
    const store = assemble(root, mode, openDatabase(databasePath(root), mode), lock);
    sweepProject(root);
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A reader of an older project brings it up to date first, unless somebody is writing it. */
function openForReading(root: string): Db {
  try {
    return openDatabase(databasePath(root), 'read');
  } catch (error) {
    if (!(error instanceof DecileError) || error.code !== 'project/older') throw error;
    let lock: ProjectLock;
    try {
      lock = lockProject(root);
    } catch {
      throw error;
    }
    try {
      openDatabase(databasePath(root), 'write').close();
    } finally {
      lock.release();
    }
    return openDatabase(databasePath(root), 'read');
  }
}

function assemble(folder: string, mode: 'write' | 'read', db: Db, lock: ProjectLock | null): Store {
  const get = (): ProjectInfo => {
    const row = db
      .prepare(
        'SELECT name, preset, created_at AS createdAt, created_by AS createdBy, range, learning FROM project WHERE id = 1',
      )
      .get() as (Omit<ProjectInfo, 'range'> & { range: string | null }) | undefined;
    if (!row)
      throw new DecileError(
        'project/corrupt',
        'A project must know its name, got a database without it.',
        'Restore the project folder from a backup.',
      );
    return {
      ...row,
      range: row.range === null ? null : numbers<[number, number]>('The range of a project', row.range, 2),
    };
  };
  let reader = userName();
  const person = {
    get name() {
      return reader;
    },
    set name(name: string) {
      reader = checkedName('reader', name);
    },
  };
  const guard = <T extends object>(repository: T): T => guarded(`The project ${folder}`, repository);
  const runs = guard(runRepository(db));
  const database = databasePath(folder);
  const identity = fileIdentity(database);
  // Asked for each path: a folder that was moved away while it was open must not be made anew in its old place.
  const path = (relative: string): string => {
    if (mode === 'write' && fileIdentity(database) !== identity)
      throw new DecileError(
        'project/moved',
        `A project's folder must stay where it was opened, got another or none at ${folder}.`,
        'Put it back, or open it at its new place; what the window holds is saved then.',
      );
    return insideProject(folder, relative);
  };
  try {
    get();
    return {
      folder,
      mode,
      project: guard({
        get,
        rename(name) {
          db.prepare('UPDATE project SET name = ? WHERE id = 1').run(checkedName('project', name));
          return get();
        },
        setRange(range) {
          const { preset } = get();
          if (kindOfPreset(preset) !== 'ct') throw rangeOfMR(preset);
          checkRange(preset, range);
          db.prepare('UPDATE project SET range = ? WHERE id = 1').run(range && JSON.stringify(range));
          return get();
        },
        setLearning(learning) {
          db.prepare('UPDATE project SET learning = ? WHERE id = 1').run(learning);
          return get();
        },
      }),
      person,
      labels: guard(labelRepository(db)),
      scans: guard(scanRepository(db, path)),
      channels: guard(channelRepository(db)),
      masks: guard(maskRepository(db, path, person)),
      flags: guard(flagRepository(db)),
      decisions: guard(decisionRepository(db)),
      measurements: guard(measurementRepository(db, person)),
      runs,
      metrics: guard(metricRepository(db)),
      checkpoints: guard(checkpointRepository(db, path)),
      calibrations: guard(calibrationRepository(db)),
      predictions: guard(predictionRepository(db, path)),
      evaluations: guard(evaluationRepository(db)),
      // Only the holder of the lock may say so: nobody else can be training now.
      interrupted: mode === 'write' ? interruptStale(runs, folder) : [],
      path,
      transaction: (work) => explained(`Writing to ${folder}`, () => inTransaction(db, work)),
      limitPages(pages) {
        db.pragma(`max_page_count = ${pages}`);
      },
      close() {
        if (db.open) db.close();
        lock?.release();
      },
    };
  } catch (error) {
    db.close();
    throw explainFailure(error, `Opening ${folder}`);
  }
}

/** Tells a file from another that has its name. */
function fileIdentity(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}-${found.ino}` : '';
}

/** Runs that a dead process left; where the disk is full they are named at a later opening. */
function interruptStale(runs: RunRepository, folder: string): string[] {
  try {
    return explained(`Opening ${folder}`, () => runs.interruptStale());
  } catch (error) {
    if (error instanceof DecileError && error.code === 'disk/full') return [];
    throw error;
  }
}

/** Names of unfinished files and folders before they said which process makes them. */
const UNMARKED = /\.part(-\d+)?$|^predictions-\w{6}$/;

/** Removes what killed processes left. Nobody else writes here now, but a trainer that outlived its parent, which keeps its own. */
function sweepProject(root: string): void {
  sweepLeftovers(root, { alone: true, unmarked: /^\.incoming-\w{6}$/ });
  for (const name of ['volumes', 'masks', 'runs', 'cache', '.cache'])
    sweepLeftovers(join(root, name), { alone: true, unmarked: UNMARKED, depth: 3 });
}

const rangeOfMR = (preset: PresetName): DecileError =>
  new DecileError(
    'option/invalid',
    `--range must come with a preset of CT, got ${preset}.`,
    'MR is brought to zero mean and unit variance instead: leave the range out.',
  );

/** Throws `option/invalid` where a preset and a range do not go together. */
function checkRange(preset: PresetName, range: readonly [number, number] | null): void {
  if (range === null) {
    if (preset !== 'ct') return;
    throw new DecileError(
      'option/invalid',
      '--preset ct must come with a range, got none.',
      'Add --range LOW,HIGH in HU.',
    );
  }
  if (kindOfPreset(preset) !== 'ct') throw rangeOfMR(preset);
  if (range.every(Number.isFinite) && range[0] < range[1]) return;
  throw new DecileError(
    'option/invalid',
    `--range must be LOW,HIGH with LOW below HIGH, got ${range.join(',')}.`,
    'For instance -160,240.',
  );
}

/** The system's name of who runs the program; some containers have none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
