import type { Recompute } from '../core/train/step-bytes.ts';

/** What a step computes again, for people. */
export const recomputationText = (recompute: Recompute): string =>
  recompute === 'maps' ? 'some maps computed again instead of kept' : 'whole passes computed again instead of kept';
