import type { Overlap } from './overlap.ts';

/** Jaccard index in percent: 100 |P and R| / |P or R|; 100 where both are empty. */
export function jaccard({ prediction, reference, both }: Overlap): number {
  const union = prediction + reference - both;
  return union === 0 ? 100 : (100 * both) / union;
}
