/** How bright a label is on drawn slices, and what lies around it. */

const BINS = 48;
/** Each histogram's bins are widened by so many on either side. */
const SPREAD = 2;

/** log p(I | label) / p(I | around it), by voxel. */
export type Evidence = (v: number) => number;

/**
 * @param near voxels of drawn slices near the outline; `inside` says which are of the label
 * @param most largest answer either way
 */
export function brightness(
  data: ArrayLike<number>,
  near: readonly number[],
  inside: (v: number) => boolean,
  most: number,
): Evidence {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of near) {
    low = Math.min(low, data[v]);
    high = Math.max(high, data[v]);
  }
  if (!(high > low)) return () => 0;
  const bin = (v: number) => Math.min(BINS - 1, Math.max(0, Math.floor(((data[v] - low) / (high - low)) * BINS)));
  const [label, around] = [new Float64Array(BINS).fill(1), new Float64Array(BINS).fill(1)];
  for (const v of near) {
    const into = inside(v) ? label : around;
    const middle = bin(v);
    for (let b = Math.max(0, middle - SPREAD); b <= Math.min(BINS - 1, middle + SPREAD); b++)
      into[b] += 1 / (2 * SPREAD + 1);
  }
  const total = (counts: Float64Array) => counts.reduce((sum, n) => sum + n, 0);
  const [a, b] = [total(label), total(around)];
  const ratio = label.map((n, at) => Math.max(-most, Math.min(most, Math.log(n / a / (around[at] / b)))));
  return (v) => ratio[bin(v)];
}
