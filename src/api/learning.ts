/** Rounds of learning that start by themselves while somebody reviews: which start when, what holds them, how they are shown. */
import type { Project } from '../app.ts';
import type { RoundAhead, RoundHandle } from '../project/services/train/round.ts';
import type { Learning } from '../project/store/index.ts';
import type { JobInfo, LearningInfo } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';
import { predictionProgress } from '../shared/prediction-progress.ts';
import type { TrainerEvent } from '../shared/training.ts';
import type { JobHandle } from './jobs.ts';
import type { Session } from './session.ts';
import { showTraining } from './show-training.ts';

export interface Learner {
  info(): LearningInfo;
  /** Turns it on or off, or holds what goes on; kept with the project. Off stops a round at a checkpoint. */
  set(learning: Learning): LearningInfo;
  /** A window looks at a scan, or at none: its mask stays as it is. Answers the newest version of its mask. */
  look(window: string, scan: number | null): { version: number };
  /** A connection of a window begins; the answer ends it. With the last one ends what the window looks at: a closed page cannot say so. */
  here(window: string): () => void;
}

/** Jobs that use the device. */
const COMPUTES: readonly JobInfo['kind'][] = ['train', 'predict', 'learn'];

export const computes = ({ kind, status }: JobInfo): boolean =>
  COMPUTES.includes(kind) && (status === 'running' || status === 'paused');

interface Round {
  readonly project: Project;
  readonly job: JobHandle;
  readonly handle: RoundHandle;
}

export function learner(session: Session): Learner {
  /** The scan that each window looks at. */
  const looking = new Map<string, number>();
  /** Connections of each window that said its name; 0: it is gone. */
  const connections = new Map<string, number>();
  const held = (scan: number) => [...looking.values()].includes(scan);
  /** What goes on; `starting` until its trainer does. */
  let going: Round | 'starting' | null = null;
  /** The project that is being left: no round starts there any more. */
  let leaving: Project | null = null;
  /** The project where a round ended with an error: none begins by itself until learning is turned on again. */
  let failed: Project | null = null;
  let said = '';

  const learning = (): Learning => (session.hasProject() ? session.project().store.project.get().learning : 'off');

  /** What a round would do, or what it waits for. */
  const ahead = (project: Project): RoundAhead | string => {
    const other = session.jobs.list().find(computes);
    if (other) return `Waits for the end of: ${other.title}.`;
    try {
      return project.learnAhead({ held }) ?? 'Waits for a mask that you accept or correct.';
    } catch (error) {
      if (error instanceof DecileError && error.code.startsWith('run/')) return 'Waits for a first training.';
      throw error;
    }
  };

  const info = (): LearningInfo => {
    const now = learning();
    if (going !== null && going !== 'starting')
      return { learning: now, waits: '', job: going.job.id, run: going.handle.run.id };
    if (now === 'off' || going || !session.hasProject()) return { learning: now, waits: '' };
    const next = ahead(session.project());
    return { learning: now, waits: typeof next === 'string' ? next : '' };
  };

  const tell = () => {
    const now = info();
    const text = JSON.stringify(now);
    if (text === said) return;
    said = text;
    session.emitter.emit('learning', now);
  };

  const stop = () => {
    if (going && going !== 'starting') going.handle.cancel();
  };

  const change = (next: Learning) => {
    const project = session.project();
    failed = null;
    project.store.project.setLearning(next);
    if (next === 'off') stop();
    else if (going && going !== 'starting') {
      if (next === 'paused') going.handle.pause();
      else going.handle.resume();
      // Predictions have no events of their own for it.
      going.job.update({ status: next === 'paused' ? 'paused' : 'running' });
    }
    consider();
    tell();
  };

  /** Runs a round to its end; what ends it with an error turns learning off, so that it is not tried for ever. */
  const begin = (project: Project, next: RoundAhead) => {
    going = 'starting';
    dismissEarlier(session);
    session.jobs.start('learn', titleOf(next), async (job) => {
      const onEvent = (event: TrainerEvent) => show(session, job, event);
      job.signal.addEventListener('abort', () => leaving !== project && change('off'), { once: true });
      try {
        const handle = await project.learn({ held }, (event, run) => {
          session.emitter.emit('train', { run: run.id, event });
          onEvent(event);
        });
        going = { project, job, handle };
        job.update({ run: handle.run.id });
        register(session, handle, job.id, change);
        session.changed([]);
        // Turned off, or left, while it was being started.
        if (leaving === project || learning() === 'off') handle.cancel();
        else if (learning() === 'paused') handle.pause();
        tell();
        const report = await handle.done;
        if (report.stopped) return `Stopped at step ${report.run.step} of ${report.run.name}; it goes on from there.`;
        return endWords(report.run.name, report.learned.length, report.refreshed.length);
      } catch (error) {
        failed = project;
        if (leaving !== project && session.hasProject()) project.store.project.setLearning('off');
        throw error;
      } finally {
        if (going && going !== 'starting') session.training.delete(going.handle.run.id);
        going = null;
        if (session.hasProject()) session.changed([]);
      }
    });
  };

  const consider = () => {
    if (going || !session.hasProject()) return;
    const project = session.project();
    if (project === leaving || project === failed || learning() !== 'on') return;
    const next = ahead(project);
    if (typeof next !== 'string') begin(project, next);
  };

  let due = false;
  const later = () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      try {
        consider();
        tell();
      } catch {
        // A project that cannot be read: the window's own calls say why.
      }
    });
  };
  session.emitter.subscribe((message) => {
    const ended = message.name === 'job' && !['running', 'paused'].includes(message.payload.status);
    if (ended || message.name === 'scans' || message.name === 'project') later();
  });
  session.beforeClose.push(() => {
    leaving = session.project();
    stop();
    looking.clear();
  });

  return {
    info,
    set(next) {
      change(next);
      return info();
    },
    look(window, scan) {
      if (scan === null) {
        looking.delete(window);
        later();
        return { version: 0 };
      }
      // A word of a page that was closed in the meantime holds nothing.
      if (connections.get(window) !== 0) looking.set(window, scan);
      const { store } = session.project();
      try {
        store.predictions.see(scan);
      } catch (error) {
        // A full disk keeps nobody from looking; while this program runs the window's own word holds the mask.
        if (!(error instanceof DecileError) || !error.code.startsWith('disk/')) throw error;
      }
      return { version: store.masks.history(scan)[0]?.version ?? 0 };
    },
    here(window) {
      connections.set(window, (connections.get(window) ?? 0) + 1);
      return () => {
        // A page that connects again may do so before its old connection is seen to end.
        const left = (connections.get(window) ?? 1) - 1;
        connections.set(window, left);
        if (left === 0 && looking.delete(window)) later();
      };
    },
  };
}

/** What Train and the line of jobs do to a run, they do to its round. */
function register(session: Session, handle: RoundHandle, job: string, change: (learning: Learning) => void): void {
  session.training.set(handle.run.id, {
    job,
    handle: {
      pause: () => change('paused'),
      resume: () => change('on'),
      cancel: (as) => (as === 'interrupted' ? handle.cancel() : change('off')),
      done: handle.done,
    },
  });
}

/** Rounds follow each other all day: the line of jobs keeps the last. */
function dismissEarlier({ jobs }: Session): void {
  for (const { id, kind, status } of jobs.list()) if (kind === 'learn' && status === 'done') jobs.dismiss(id);
}

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

function titleOf({ did, learned, last }: RoundAhead): string {
  if (did === 'predicted') return `Predicting again with ${last.name}`;
  return learned.length > 0 ? `Learning from ${plural(learned.length, 'new mask')}` : 'Going on to learn';
}

const endWords = (run: string, learned: number, refreshed: number): string =>
  `${run} has learned ${plural(learned, 'new mask')}; ${plural(refreshed, 'case')} that nobody had looked at ${refreshed === 1 ? 'has' : 'have'} a new prediction.`;

function show(session: Session, job: JobHandle, event: TrainerEvent): void {
  showTraining(job, event);
  const progress = predictionProgress(event);
  if (progress) {
    const { done, total, detail } = progress;
    job.update({ ...progress, detail: `predicted ${detail}, ${done} of ${total}` });
  }
  if (event.type === 'predicted') session.changed([event.scan]);
}
