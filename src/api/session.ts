/** What is open: one project, the masks being drawn, the runs going on. Handlers ask it; nobody else keeps such state. */
import { existsSync } from 'node:fs';
import type { RunHandle } from '../project/services/train/train.ts';
import {
  createProject,
  type Mask,
  type NewProject,
  openProject,
  type Scan,
  type Store,
} from '../project/store/index.ts';
import type { CaseState, ProjectOverview } from '../shared/contract/index.ts';
import { CASE_STATES } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';
import type { StartTrainer } from '../shared/trainer.ts';
import type { Emitter } from './api.ts';
import type { FolderRegistry } from './folders.ts';
import type { JobBoard } from './jobs.ts';
import type { UserFiles } from './settings.ts';
import { type DrawnKind, journalFile, openWorkingMask, type WorkingMask } from './working-mask.ts';

export interface Session {
  readonly emitter: Emitter;
  readonly folders: FolderRegistry;
  readonly jobs: JobBoard;
  readonly user: UserFiles;
  readonly startTrainer: StartTrainer;
  /** Runs in training now, by run id. */
  readonly training: Map<number, { handle: RunHandle; job: string }>;
  /** Throws `project/none-open`. */
  store(): Store;
  hasProject(): boolean;
  create(folder: string, project: NewProject): ProjectOverview;
  open(folder: string): Promise<ProjectOverview>;
  close(): Promise<void>;
  overview(): ProjectOverview;
  caseState(scan: Scan): CaseState;
  /** `caseState` of every scan, with few questions to the store. */
  caseStates(): Map<number, CaseState>;
  /** The mask being drawn, opened when first asked for. */
  drawing(scan: number, kind: DrawnKind): Promise<WorkingMask>;
  /** The voxels of a mask if it is open for drawing, for looking at. */
  openDrawing(scan: number, kind: DrawnKind): Promise<Uint8Array | null>;
  /** Closes the scan's open masks: another version has taken their place. */
  forget(scan: number): void;
  /** Turns all strokes of a scan into versions. */
  commit(scan: number): Promise<void>;
  /** Turns the strokes of every open mask into versions. */
  commitAll(): Promise<void>;
  /** Tells the window that these scans changed, and the counts with them. */
  changed(scans: number[]): void;
}

/** Kept in memory at a time; the least recently used is committed and closed. */
const OPEN_MASKS = 4;

export function session(parts: Pick<Session, 'emitter' | 'folders' | 'jobs' | 'user' | 'startTrainer'>): Session {
  let opened: Store | null = null;
  const training: Session['training'] = new Map();
  const drawings = new Map<string, Promise<WorkingMask>>();

  const store = (): Store => {
    if (!opened)
      throw new DecileError('project/none-open', 'A project must be open, got none.', 'Open or make a project first.');
    return opened;
  };

  const stateOf = (
    scan: Scan,
    reference: Mask | null | undefined,
    has: (origin: 'predicted' | 'manual') => boolean,
  ): CaseState => {
    if (scan.review === 'rejected') return 'rejected';
    if (reference) return reference.origin === 'corrected' ? 'reviewed' : 'labelled';
    if (has('predicted')) return 'predicted';
    return has('manual') || existsSync(store().path(journalFile(scan.id, 'manual'))) ? 'drawing' : 'unlabelled';
  };
  const caseState = (scan: Scan): CaseState => {
    const { masks } = store();
    return stateOf(scan, masks.reference(scan.id), (origin) => masks.current(scan.id, origin) !== null);
  };
  const caseStates = (): Map<number, CaseState> => {
    const { scans, masks } = store();
    const [references, newest] = [masks.references(), masks.newest()];
    const state = (scan: Scan) =>
      stateOf(scan, references.get(scan.id), (origin) => newest.get(scan.id)?.[origin] !== undefined);
    return new Map(scans.list().map((scan) => [scan.id, state(scan)]));
  };

  const overview = (): ProjectOverview => {
    const project = store();
    const states = caseStates();
    const counts = Object.fromEntries([...CASE_STATES, 'scans'].map((name) => [name, 0])) as ProjectOverview['counts'];
    counts.scans = states.size;
    for (const state of states.values()) counts[state]++;
    const { name, preset } = project.project.get();
    return {
      name,
      preset,
      path: project.folder,
      counts,
      runs: project.runs.list().length,
      labels: project.labels.list().map(({ value, name, colour, term, locked }) => ({
        value,
        name,
        colour,
        locked,
        ...(term ? { code: { scheme: term.scheme, value: term.code, meaning: term.meaning } } : {}),
      })),
    };
  };

  const close = async (): Promise<void> => {
    if (!opened) return;
    // A run is left so that it can be resumed; closing is not giving up.
    const ending = [...training.values()].map(({ handle }) => {
      handle.cancel('interrupted');
      return handle.done.catch(() => undefined);
    });
    await Promise.all(ending);
    await parts.jobs.settle();
    for (const drawing of drawings.values()) {
      const mask = await drawing;
      // Strokes are in the journal already; a full disk must not keep the project from closing.
      await mask.commit().catch(() => undefined);
      mask.close();
    }
    drawings.clear();
    training.clear();
    opened.close();
    opened = null;
    parts.emitter.emit('project', null);
  };

  const enter = (next: Store): ProjectOverview => {
    opened = next;
    const seen = overview();
    parts.user.remember(next.folder, seen.name);
    parts.emitter.emit('project', seen);
    return seen;
  };

  return {
    ...parts,
    training,
    store,
    hasProject: () => opened !== null,
    create: (folder, project) => enter(createProject(folder, project)),
    async open(folder) {
      if (opened && folder === opened.folder) return overview();
      await close();
      const next = openProject(folder, 'write');
      try {
        await recoverDrawings(next);
      } catch (error) {
        next.close();
        throw error;
      }
      return enter(next);
    },
    close,
    overview,
    caseState,
    caseStates,
    async drawing(scan, kind) {
      const key = `${scan}/${kind}`;
      const known = drawings.get(key);
      drawings.delete(key);
      const mask = known ?? openWorkingMask(store(), scan, kind);
      drawings.set(key, mask);
      mask.catch(() => drawings.delete(key));
      for (const [oldest, drawing] of drawings) {
        if (drawings.size <= OPEN_MASKS) break;
        drawings.delete(oldest);
        const closing = await drawing;
        // On a full disk the strokes stay in their journal, where the next opening finds them.
        await closing.commit().catch(() => undefined);
        closing.close();
      }
      return mask;
    },
    openDrawing: async (scan, kind) => (await drawings.get(`${scan}/${kind}`))?.data ?? null,
    forget(scan) {
      for (const kind of ['manual', 'corrected'] as const) {
        void drawings.get(`${scan}/${kind}`)?.then((mask) => mask.close());
        drawings.delete(`${scan}/${kind}`);
      }
    },
    async commit(scan) {
      for (const kind of ['manual', 'corrected'] as const) {
        await (await drawings.get(`${scan}/${kind}`))?.commit();
      }
    },
    async commitAll() {
      for (const drawing of drawings.values()) await (await drawing).commit();
    },
    changed(scans) {
      parts.emitter.emit('scans', { scans });
      if (opened) parts.emitter.emit('project', overview());
    },
  };
}

/** Strokes that a killed program left in journals become versions, so that lists and training see them. */
async function recoverDrawings(store: Store): Promise<void> {
  for (const scan of store.scans.list()) {
    for (const kind of ['manual', 'corrected'] as const) {
      if (!existsSync(store.path(journalFile(scan.id, kind)))) continue;
      const mask = await openWorkingMask(store, scan.id, kind);
      // A full disk must not keep a project shut: the journal stays and counts as the drawing.
      await mask.commit().catch(() => undefined);
      mask.close();
    }
  }
}
