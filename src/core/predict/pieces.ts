/**
 * Connected pieces of predicted labels. Where every labelled scan shows a label as the same number of pieces (one atrium, two
 * kidneys), a predicted piece beyond that number is a false one; so is one apart from what all labels together are (a heart of
 * three labels, of which one may be in pieces; Isensee et al. 2021, nnU-Net, tests both too). Decided by the labelled scans of a run alone.
 */
import { type Components, componentsOf } from '../edit/components.ts';
import { isPartlyDrawn, isUnlabelled, type LabelMap } from '../volume.ts';

/** A piece below this share of its label's volume is a slip of the brush, not anatomy. */
const SMALLEST_SHARE = 0.01;
/** Labels of more pieces than this (lesions) have no fixed number. */
const MOST_PIECES = 2;
/** One labelled scan shows no rule. */
const LEAST_MASKS = 2;

/** How many connected pieces stay; null for all. */
export interface PiecesKept {
  /** Of all labels taken together. */
  readonly together: number | null;
  /** Of each label after background. */
  readonly labels: readonly (number | null)[];
}

/** Pieces of one mask: of all its labels together, and of each. 0: not there, or not to be told. */
export interface PiecesSeen {
  readonly together: number;
  readonly labels: readonly number[];
}

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

/** @param values of the labels, in their order; a single one is what all are together, which says nothing more */
export const seePieces = (mask: Pick<LabelMap, 'data' | 'size'>, values: readonly number[]): PiecesSeen => ({
  together: values.length > 1 ? countPieces(asOne(mask), 1) : 0,
  labels: values.map((value) => countPieces(mask, value)),
});

/** What masks agree on. */
export const agreedOn = (seen: readonly PiecesSeen[], labels: number): PiecesKept => ({
  together: agreedPieces(seen.map(({ together }) => together)),
  labels: Array.from({ length: labels }, (_, n) => agreedPieces(seen.map((own) => own.labels[n]))),
});

/**
 * How many pieces of a label its masks have, if they agree: 1 or 2; null where they differ, show more, or are fewer than two.
 * @param counts countPieces of each labelled scan; 0 (absent) says nothing
 */
export function agreedPieces(counts: readonly number[]): number | null {
  const present = counts.filter((count) => count > 0);
  const agreed = present.length >= LEAST_MASKS && present.every((count) => count === present[0]);
  return agreed && present[0] <= MOST_PIECES ? present[0] : null;
}

/**
 * Erases, in place, what lies apart from all labels together, then each label's pieces beyond its number: the largest stay. What
 * holds most of a label stays as well, wherever it lies: organs that touch in every labelled scan may be apart in another.
 */
export function keepAgreed(mask: Pick<LabelMap, 'data' | 'size'>, { together, labels }: PiecesKept): void {
  if (together !== null) {
    const components = componentsOf(asOne(mask), 1);
    eraseBut(mask, components, [...largestOf(components, together), ...holdingMost(mask, components, labels.length)]);
  }
  for (const [n, pieces] of labels.entries()) if (pieces !== null) keepPieces(mask, n + 1, pieces);
}

/** Erases all but the `pieces` largest pieces of a label, in place. */
export function keepPieces(mask: Pick<LabelMap, 'data' | 'size'>, label: number, pieces: number): void {
  const components = componentsOf(mask, label);
  eraseBut(mask, components, largestOf(components, pieces));
}

/** Numbers of the largest components. */
const largestOf = ({ sizes }: Components, count: number): number[] =>
  sizes
    .map((size, n) => [size, n + 1])
    .sort((a, b) => b[0] - a[0])
    .slice(0, count)
    .map(([, number]) => number);

/** Numbers of the components that hold more than half of some label: a vote among its voxels, then a count (Boyer and Moore 1981). */
function holdingMost({ data }: Pick<LabelMap, 'data'>, { numbers }: Components, labels: number): number[] {
  const [chosen, lead, own, all] = [0, 1, 2, 3].map(() => new Uint32Array(labels + 1));
  for (let v = 0; v < data.length; v++) {
    const label = data[v];
    if (numbers[v] === 0) continue;
    if (lead[label] === 0) chosen[label] = numbers[v];
    lead[label] += numbers[v] === chosen[label] ? 1 : -1;
  }
  for (let v = 0; v < data.length; v++) {
    if (numbers[v] === 0) continue;
    all[data[v]]++;
    if (numbers[v] === chosen[data[v]]) own[data[v]]++;
  }
  return [...chosen].filter((_, label) => own[label] > all[label] / 2);
}

function eraseBut({ data }: Pick<LabelMap, 'data'>, { numbers, sizes }: Components, kept: readonly number[]): void {
  const stays = new Uint8Array(sizes.length + 1);
  for (const number of kept) stays[number] = 1;
  for (let v = 0; v < data.length; v++) if (numbers[v] > 0 && !stays[numbers[v]]) data[v] = 0;
}

/** The mask with 1 wherever there is a label, and what is not drawn as it is. */
const asOne = ({ data, size }: Pick<LabelMap, 'data' | 'size'>): Pick<LabelMap, 'data' | 'size'> => ({
  size,
  data: data.map((value) => (isUnlabelled(value) ? value : 1)),
});
