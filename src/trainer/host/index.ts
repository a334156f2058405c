/** Starts the trainer in its own process: a crash there is an error message and a resumable run. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hostEnvironment } from '../../engine/machine/environment.ts';
import { DecileError } from '../../shared/errors.ts';
import type { StartHost, Trainer, TrainerHost } from '../../shared/trainer.ts';
import type { TrainerCommand, TrainerEvent, TrainerJob } from '../../shared/training.ts';
import { afterFailure, type Seen } from './step-down.ts';

/** The worker beside this file in the sources, or beside the bundle. */
const workerPath = (): string =>
  fileURLToPath(
    import.meta.url.endsWith('.ts')
      ? new URL('../trainer-worker.ts', import.meta.url)
      : new URL('./trainer-worker.js', import.meta.url),
  );

/** Node's child process, IPC as JSON. Ctrl-C reaches the parent alone: it decides. */
export const nodeHost: StartHost = (threads) => {
  const child = fork(workerPath(), [], {
    env: hostEnvironment(threads),
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=DEP0044'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  // Where a command comes to a process that has just ended: its exit tells of that.
  child.on('error', () => {});
  return {
    pid: child.pid,
    send: (command) => void (child.connected && child.send(command)),
    onEvent: (listener) => void child.on('message', (message) => listener(message as TrainerEvent)),
    onExit(listener) {
      // A process that never began has no exit.
      if (child.pid === undefined)
        child.once('error', (error) => {
          process.off('exit', kill);
          listener(error.message);
        });
      child.once('exit', (code, signal) => {
        process.off('exit', kill);
        listener(
          code === 0
            ? ''
            : `${signal ? `signal ${signal}` : `exit code ${code}`}${errors ? `: ${errors.trim().split('\n').slice(-3).join(' | ')}` : ''}`,
        );
      });
    },
  };
};

/**
 * Starts a job. A training step that does not fit into memory (or that cost the graphics device) is no end: the next process
 * goes on from the last checkpoint with maps computed again, then with a smaller patch or batch, and a notice says so.
 */
export function startTrainer(
  job: TrainerJob,
  onEvent: (event: TrainerEvent) => void,
  startHost: StartHost = nodeHost,
): Trainer {
  let current = startProcess(job, startHost, onEvent);
  let cancelled = false;
  let paused = false;
  const lastOf = async (): Promise<TrainerEvent> => {
    const { last, seen } = await current.done;
    const next = cancelled ? null : afterFailure(current.job, last, seen);
    if (!next) {
      if (last.type === 'error') onEvent(last);
      return last;
    }
    onEvent({ type: 'notice', message: next.notice });
    current = startProcess(next.job, startHost, onEvent);
    // The process that failed was asked to pause; the new one does not know.
    if (paused) current.send({ type: 'pause' });
    return lastOf();
  };
  return {
    pause: () => {
      paused = true;
      current.send({ type: 'pause' });
    },
    resume: () => {
      paused = false;
      current.send({ type: 'resume' });
    },
    cancel: () => {
      cancelled = true;
      current.send({ type: 'cancel' });
    },
    done: lastOf(),
  };
}

/** One process for one job. Every event but its error is passed on as it comes. One that cannot be started has ended at once. */
function startProcess(job: TrainerJob, startHost: StartHost, onEvent: (event: TrainerEvent) => void) {
  const seen: Seen = { steps: 0, checkpoint: 0 };
  let host: TrainerHost;
  try {
    host = startHost(job.threads);
  } catch (error) {
    return { job, done: Promise.resolve({ last: notStarted(error), seen }), send: () => {} };
  }
  const done = new Promise<{ last: TrainerEvent; seen: Seen }>((resolve) => {
    let last: TrainerEvent | undefined;
    host.onEvent((event) => {
      if (event.type === 'finished' || event.type === 'cancelled' || event.type === 'error') {
        last = event;
        host.send({ type: 'end' });
      }
      if (event.type === 'started') seen.started = event;
      if (event.type === 'step') seen.steps++;
      if (event.type === 'checkpoint') seen.checkpoint = event.step;
      if (event.type !== 'error') onEvent(event);
    });
    host.onExit((reason) => resolve({ last: last ?? died(reason), seen }));
  });
  host.send({ type: 'start', job });
  return { job, done, send: (command: TrainerCommand) => host.send(command) };
}

const notStarted = (error: unknown): TrainerEvent =>
  error instanceof DecileError
    ? { type: 'error', code: error.code, message: error.message, cure: error.cure }
    : died(error instanceof Error ? error.message : String(error));

const died = (reason: string): TrainerEvent => ({
  type: 'error',
  code: 'trainer/died',
  message: `The trainer's process must run to its end, got ${reason || 'an early exit'}.`,
  cure: 'Resume the run: it goes on from its last checkpoint. If memory ran out, train anew with a smaller --patch or --width.',
});
