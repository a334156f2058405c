/** The trainer as everybody sees it: a process that runs one job and tells how it goes. Services ask for one, `app.ts` gives it. */
import type { TrainerCommand, TrainerEvent, TrainerJob } from './training.ts';

/** A job that is going on. */
export interface Trainer {
  pause(): void;
  resume(): void;
  /** The job ends after a checkpoint (training) or with what is done (prediction). */
  cancel(): void;
  /** The last event: finished, cancelled or error. Never rejects. */
  done: Promise<TrainerEvent>;
}

/** Never throws: a process that cannot be started is an error of the job. */
export type StartTrainer = (job: TrainerJob, onEvent: (event: TrainerEvent) => void) => Trainer;

/** A started process, whatever started it (Node's fork, Electron's utility process). */
export interface TrainerHost {
  pid?: number;
  send(command: TrainerCommand): void;
  onEvent(listener: (event: TrainerEvent) => void): void;
  /** Called once, with the reason when it did not end by itself. */
  onExit(listener: (reason: string) => void): void;
}

/** @param threads cores that the process may use; all without it */
export type StartHost = (threads?: number) => TrainerHost;
