/** What is open: one project, and the runs going on. Handlers ask it; nobody else keeps such state. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import type { App, Project } from '../app.ts';
import { turns } from '../project/services/drawing/turns.ts';
import type { RunHandle } from '../project/services/train/train.ts';
import type { NewProject, Store } from '../project/store/index.ts';
import type { ProjectOverview } from '../shared/contract/index.ts';
import { CASE_STATES } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';
import type { LeftOut } from '../shared/left-out.ts';
import type { Emitter } from './api.ts';
import { errorInfo } from './errors.ts';
import type { FolderRegistry } from './folders.ts';
import type { JobBoard } from './jobs.ts';
import type { UserFiles } from './settings.ts';
import { type UndoShelf, undoShelf } from './undo-shelf.ts';

/** What can be done to a run that is going on; `done` is over when it is. */
export type RunInTraining = Pick<RunHandle, 'pause' | 'resume' | 'cancel'> & { done: Promise<unknown> };

export interface Session {
  readonly app: App;
  readonly emitter: Emitter;
  readonly folders: FolderRegistry;
  readonly jobs: JobBoard;
  readonly user: UserFiles;
  /** Undo steps of the open project's cases. */
  readonly undo: UndoShelf;
  /** Runs in training now, by run id. */
  readonly training: Map<number, { handle: RunInTraining; job: string }>;
  /** Done before the open project is closed. */
  readonly beforeClose: (() => void)[];
  /** Throws `project/none-open`. */
  project(): Project;
  hasProject(): boolean;
  /**
   * Throws `project/other` where a request names another project than the open one. One that names none (a script) is for
   * the first project that was opened: once another was, it could be meant for either, and is refused too.
   */
  admit(project: unknown): void;
  /** As `open`, of a new project. */
  create(folder: string, project: NewProject, stop?: boolean): Promise<ProjectOverview>;
  /** Takes the place of the project that is open; throws `project/busy` while something goes on there, but with `stop`. */
  open(folder: string, stop?: boolean): Promise<ProjectOverview>;
  /** Throws `project/busy` while a training, prediction or import goes on. */
  refuseWhileBusy(): void;
  /** Takes a project that was opened elsewhere. */
  enter(project: Project): ProjectOverview;
  close(): Promise<void>;
  overview(): ProjectOverview;
  /** What is drawn and decided from now on is kept under the name in the settings. */
  nameUser(): void;
  /** Tells the window that these scans changed, and the counts with them. */
  changed(scans: number[]): void;
}

export function session(parts: Pick<Session, 'app' | 'emitter' | 'folders' | 'jobs' | 'user'>): Session {
  let opened: Project | null = null;
  let damage: LeftOut[] = [];
  /** Sessions of the projects that were open since the start. */
  const known = new Set<string>();
  const changes = turns();
  const undo = undoShelf();
  const training: Session['training'] = new Map();
  const beforeClose: Session['beforeClose'] = [];

  const project = (): Project => {
    if (!opened)
      throw new DecileError('project/none-open', 'A project must be open, got none.', 'Open or make a project first.');
    return opened;
  };

  const overview = (): ProjectOverview => {
    const { store, review } = project();
    const states = review.states();
    const counts = Object.fromEntries([...CASE_STATES, 'scans'].map((name) => [name, 0])) as ProjectOverview['counts'];
    counts.scans = states.size;
    for (const state of states.values()) counts[state]++;
    const { name, preset, range } = store.project.get();
    return {
      session: sessionOf(store),
      name,
      preset,
      range,
      path: store.folder,
      counts,
      runs: store.runs.list().length,
      damage,
      labels: store.labels.list().map(({ value, name, colour, term, locked }) => ({
        value,
        name,
        colour,
        locked,
        ...(term ? { code: { scheme: term.scheme, value: term.code, meaning: term.meaning } } : {}),
      })),
    };
  };

  const closeNow = async (): Promise<void> => {
    if (!opened) return;
    for (const work of beforeClose) work();
    // A run is left so that it can be resumed; closing is not giving up.
    const ending = [...training.values()].map(({ handle }) => {
      handle.cancel('interrupted');
      return handle.done.catch(() => undefined);
    });
    await Promise.all(ending);
    await parts.jobs.settle();
    training.clear();
    await opened.close();
    undo.clear();
    opened = null;
    damage = [];
    parts.emitter.emit('project', null);
  };

  /** A project in the place of the open one, which stays where the new one cannot be made or opened. */
  const instead = async (make: () => Project): Promise<Project> => {
    const next = make();
    try {
      await closeNow();
    } catch (error) {
      await next.close();
      throw error;
    }
    return next;
  };

  const refuseWhileBusy = (): void => {
    const going = parts.jobs.list().filter(
      // Looking at scans leaves nothing unfinished, and rounds of learning go on by themselves.
      ({ status, kind }) => kind !== 'suggest' && kind !== 'learn' && (status === 'running' || status === 'paused'),
    );
    if (!opened || going.length === 0) return;
    throw new DecileError(
      'project/busy',
      `Nothing must go on in the project that is left, got ${going.map(({ title }) => title).join(', ')}.`,
      'Stop it, or wait for its end: a training stops at a checkpoint and can be resumed.',
    );
  };

  let systemUser = '';
  const nameUser = (): void => {
    if (opened) opened.store.person.name = parts.user.settings().person || systemUser;
  };

  const enter = (next: Project): ProjectOverview => {
    if (opened) throw other();
    opened = next;
    systemUser = next.store.person.name;
    nameUser();
    known.add(sessionOf(next.store));
    const seen = overview();
    parts.user.remember(next.store.folder, seen.name);
    parts.emitter.emit('project', seen);
    return seen;
  };

  return {
    ...parts,
    ...{ training, undo, beforeClose },
    project,
    hasProject: () => opened !== null,
    admit(project) {
      if (opened && (project === undefined ? known.size > 1 : project !== sessionOf(opened.store))) throw other();
    },
    refuseWhileBusy,
    create: (folder, made, stop = false) =>
      changes.take(0, async () => {
        if (!stop) refuseWhileBusy();
        return enter(await instead(() => parts.app.create(folder, made)));
      }),
    open: (folder, stop = false) =>
      changes.take(0, async () => {
        if (opened && existsSync(folder) && realpathSync(folder) === realpathSync(opened.store.folder))
          return overview();
        if (!stop) refuseWhileBusy();
        const next = await instead(() => parts.app.open(folder));
        const failures = await next.drawing.recover();
        damage = failures.map(({ scan, error }) => ({
          ...errorInfo(error),
          scan,
          name: next.store.scans.get(scan).name,
        }));
        return enter(next);
      }),
    enter,
    close: () => changes.take(0, closeNow),
    overview,
    nameUser,
    changed(scans) {
      parts.emitter.emit('scans', { scans });
      if (opened) parts.emitter.emit('project', overview());
    },
  };
}

/** Names a project by its folder and its making: known again after a restart, and never that of a copy. */
function sessionOf({ folder, project }: Store): string {
  return createHash('sha256').update(`${folder}\0${project.get().createdAt}`).digest('hex').slice(0, 16);
}

const other = (): DecileError =>
  new DecileError(
    'project/other',
    'A request must be for the open project, got one for another.',
    'Open its project again: strokes that are not saved are then saved by themselves.',
  );
