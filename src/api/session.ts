/** What is open: one project, and the runs going on. Handlers ask it; nobody else keeps such state. */
import type { App, Project } from '../app.ts';
import type { RunHandle } from '../project/services/train/train.ts';
import type { NewProject } from '../project/store/index.ts';
import type { ProjectOverview } from '../shared/contract/index.ts';
import { CASE_STATES } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';
import type { Emitter } from './api.ts';
import type { FolderRegistry } from './folders.ts';
import type { JobBoard } from './jobs.ts';
import type { UserFiles } from './settings.ts';

export interface Session {
  readonly app: App;
  readonly emitter: Emitter;
  readonly folders: FolderRegistry;
  readonly jobs: JobBoard;
  readonly user: UserFiles;
  /** Runs in training now, by run id. */
  readonly training: Map<number, { handle: RunHandle; job: string }>;
  /** Throws `project/none-open`. */
  project(): Project;
  hasProject(): boolean;
  create(folder: string, project: NewProject): ProjectOverview;
  open(folder: string): Promise<ProjectOverview>;
  /** Takes a project that was opened elsewhere. */
  enter(project: Project): ProjectOverview;
  close(): Promise<void>;
  overview(): ProjectOverview;
  /** Tells the window that these scans changed, and the counts with them. */
  changed(scans: number[]): void;
}

export function session(parts: Pick<Session, 'app' | 'emitter' | 'folders' | 'jobs' | 'user'>): Session {
  let opened: Project | null = null;
  const training: Session['training'] = new Map();

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
    const { name, preset } = store.project.get();
    return {
      name,
      preset,
      path: store.folder,
      counts,
      runs: store.runs.list().length,
      labels: store.labels.list().map(({ value, name, colour, term, locked }) => ({
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
    training.clear();
    await opened.close();
    opened = null;
    parts.emitter.emit('project', null);
  };

  const enter = (next: Project): ProjectOverview => {
    opened = next;
    const seen = overview();
    parts.user.remember(next.store.folder, seen.name);
    parts.emitter.emit('project', seen);
    return seen;
  };

  return {
    ...parts,
    training,
    project,
    hasProject: () => opened !== null,
    create: (folder, made) => enter(parts.app.create(folder, made)),
    async open(folder) {
      if (opened && folder === opened.store.folder) return overview();
      await close();
      const next = parts.app.open(folder);
      try {
        await next.drawing.recover();
      } catch (error) {
        await next.close();
        throw error;
      }
      return enter(next);
    },
    enter,
    close,
    overview,
    changed(scans) {
      parts.emitter.emit('scans', { scans });
      if (opened) parts.emitter.emit('project', overview());
    },
  };
}
