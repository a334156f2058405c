/** What a run's folder says of the intensities that the run was trained with. */
import { DecileError } from '../errors.ts';
import type { Normalisation } from './preprocess.ts';

const KINDS = new Set(['mr', 'pet', 'ct', 'none']);

/** @throws checkpoint/corrupt where it is not what was written: with other intensities the run would predict something else */
export function parseNormalisation(text: string): Normalisation {
  try {
    const kept = JSON.parse(text) as Normalisation;
    const clipped = kept.kind !== 'ct' || (kept.clip.length === 2 && kept.clip.every(Number.isFinite));
    if (KINDS.has(kept.kind) && clipped) return kept;
  } catch {}
  throw new DecileError(
    'checkpoint/corrupt',
    'A checkpoint must have the intensities of its run beside it, got an unreadable normalisation.json.',
    'Use another run, or train again.',
  );
}
