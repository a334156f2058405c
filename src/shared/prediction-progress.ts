/** How far a prediction is, by what its trainer says. */
import type { TrainerEvent } from './training.ts';

export interface PredictionProgress {
  /** Scans that are done with, whatever became of them. */
  done: number;
  total: number;
  /** The scan, and what became of it where it has no new mask. */
  detail: string;
  /** For the scans that are left, as long as the last one took each; absent where it has no new mask. */
  secondsLeft?: number;
}

/** @returns null where the event is about no scan that a prediction is done with */
export function predictionProgress(event: TrainerEvent): PredictionProgress | null {
  if (event.type === 'predicted') {
    const { done, total, name, seconds } = event;
    return { done, total, detail: name, secondsLeft: seconds * (total - done) };
  }
  if (event.type === 'held') return { done: event.done, total: event.total, detail: `${event.name}, kept as it was` };
  if (event.type !== 'left-out') return null;
  const { done, total, name } = event;
  return done === undefined || total === undefined ? null : { done, total, detail: `${name}, left out` };
}
