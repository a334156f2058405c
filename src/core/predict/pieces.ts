/**
 * Connected pieces of predicted labels. Where every labelled scan shows a label as the same number of pieces (one atrium, two
 * kidneys), a predicted piece beyond that number is a false one. Decided by the labelled scans of a run alone.
 */
import { componentsOf } from '../edit/components.ts';
import { isPartlyDrawn, type LabelMap } from '../volume.ts';

/** A piece below this share of its label's volume is a slip of the brush, not anatomy. */
const SMALLEST_SHARE = 0.01;
/** Labels of more pieces than this (lesions) have no fixed number. */
const MOST_PIECES = 2;
/** One labelled scan shows no rule. */
const LEAST_MASKS = 2;

/**
 * Pieces of at least 1 % of the label's volume, 26 neighbours; 0 where the label is absent, and in a mask that is drawn in part, whose
 * slices hang together nowhere.
 */
export function countPieces(mask: Pick<LabelMap, 'data' | 'size'>, label: number): number {
  if (isPartlyDrawn(mask)) return 0;
  const { sizes } = componentsOf(mask, label);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.filter((size) => size >= SMALLEST_SHARE * total).length;
}

/**
 * How many pieces of a label its masks have, if they agree: 1 or 2; null where they differ, show more, or are fewer than two.
 * @param counts countPieces of each labelled scan; 0 (absent) says nothing
 */
export function agreedPieces(counts: readonly number[]): number | null {
  const present = counts.filter((count) => count > 0);
  const agreed = present.length >= LEAST_MASKS && present.every((count) => count === present[0]);
  return agreed && present[0] <= MOST_PIECES ? present[0] : null;
}

/** Erases all but the `pieces` largest pieces of a label, in place. */
export function keepPieces(mask: Pick<LabelMap, 'data' | 'size'>, label: number, pieces: number): void {
  const { numbers, sizes } = componentsOf(mask, label);
  if (sizes.length <= pieces) return;
  const largest = sizes.map((size, n) => [size, n + 1]).sort((a, b) => b[0] - a[0]);
  const kept = new Set(largest.slice(0, pieces).map(([, number]) => number));
  for (let i = 0; i < numbers.length; i++) if (numbers[i] > 0 && !kept.has(numbers[i])) mask.data[i] = 0;
}
