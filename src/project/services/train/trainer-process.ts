/** What the services need of the trainer: a process that runs one job and tells how it goes. */
import type { TrainerEvent, TrainerJob } from '../../../shared/training.ts';

export interface TrainerProcess {
  pause(): void;
  resume(): void;
  cancel(): void;
  /** The last event: finished, cancelled or error. */
  done: Promise<TrainerEvent>;
}

export type StartTrainer = (job: TrainerJob, onEvent: (event: TrainerEvent) => void) => TrainerProcess;
