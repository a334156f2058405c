/** Starts the trainer in its own process: a crash there is an error message and a resumable run. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { trainerEnvironment } from '../../engine/environment.ts';
import type { TrainerCommand, TrainerEvent, TrainerJob } from '../../shared/training.ts';

export interface Trainer {
  pause(): void;
  resume(): void;
  /** The job ends after a checkpoint (training) or with what is done (prediction). */
  cancel(): void;
  /** The last event: finished, cancelled or error. Never rejects. */
  done: Promise<TrainerEvent>;
}

/** A started process, whatever started it (Node's fork, Electron's utility process). */
export interface TrainerHost {
  pid?: number;
  send(command: TrainerCommand): void;
  onEvent(listener: (event: TrainerEvent) => void): void;
  /** Called once, with the reason when it did not end by itself. */
  onExit(listener: (reason: string) => void): void;
}

export type StartHost = () => TrainerHost;

/** The worker beside this file in the sources, or beside the bundle. */
const workerPath = (): string =>
  fileURLToPath(
    import.meta.url.endsWith('.ts')
      ? new URL('../trainer-worker.ts', import.meta.url)
      : new URL('./trainer-worker.js', import.meta.url),
  );

/** Node's child process, IPC as JSON. Ctrl-C reaches the parent alone: it decides. */
export const nodeHost: StartHost = () => {
  const child = fork(workerPath(), [], {
    env: { ...trainerEnvironment(), ...process.env },
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
  return {
    pid: child.pid,
    send: (command) => void (child.connected && child.send(command)),
    onEvent: (listener) => void child.on('message', (message) => listener(message as TrainerEvent)),
    onExit: (listener) =>
      void child.once('exit', (code, signal) => {
        process.off('exit', kill);
        listener(
          code === 0
            ? ''
            : `${signal ? `signal ${signal}` : `exit code ${code}`}${errors ? `: ${errors.trim().split('\n').slice(-3).join(' | ')}` : ''}`,
        );
      }),
  };
};

export function startTrainer(
  job: TrainerJob,
  onEvent: (event: TrainerEvent) => void,
  startHost: StartHost = nodeHost,
): Trainer {
  const host = startHost();
  const done = new Promise<TrainerEvent>((resolve) => {
    let last: TrainerEvent | undefined;
    host.onEvent((event) => {
      if (event.type === 'finished' || event.type === 'cancelled' || event.type === 'error') last = event;
      onEvent(event);
    });
    host.onExit((reason) => {
      if (!last) {
        last = {
          type: 'error',
          code: 'trainer/died',
          message: `The trainer's process must run to its end, got ${reason || 'an early exit'}.`,
          cure: 'Resume the run: it goes on from its last checkpoint. If memory ran out, train anew with a smaller --patch or --width.',
        };
        onEvent(last);
      }
      resolve(last);
    });
  });
  host.send({ type: 'start', job });
  return {
    pause: () => host.send({ type: 'pause' }),
    resume: () => host.send({ type: 'resume' }),
    cancel: () => host.send({ type: 'cancel' }),
    done,
  };
}
