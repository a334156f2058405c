import type { Overlap } from './overlap.ts';

/** Dice coefficient in percent: 200 |P and R| / (|P| + |R|); 100 where both are empty. */
export function dice({ prediction, reference, both }: Overlap): number {
  const sum = prediction + reference;
  return sum === 0 ? 100 : (200 * both) / sum;
}
