/** How labels that patches from anywhere rarely hold are weighed when a voxel is given its label. */

/** `weighted`: rare labels count for more where the network is unsure of them; `argmax`: the likeliest label, whatever it is. */
export const RARE_LABELS = ['weighted', 'argmax'] as const;
export type RareLabels = (typeof RARE_LABELS)[number];

/** Thresholds that are tried: every thousandth. */
const BINS = 1000;
/** Chosen on painted CT alone (docs/explanation/choices.md). */
const POWER = 3;
/** A label whose best expected Dice is less may as well not be there. */
const LEAST = 1 / 3;

/**
 * The largest Dice that any threshold could be expected to have, were the probabilities right: the most of 2 sum_M p / (|M| + sum p), M the
 * voxels with p >= t (F* of Lipton et al. 2014, which such a threshold is half of; by rank as Dai and Li's RankDice, JMLR 2023).
 * @param map probabilities of one label
 * @returns 0 to 1
 */
export function bestExpectedDice(map: Float32Array): number {
  const voxels = new Float64Array(BINS + 1);
  const sums = new Float64Array(BINS + 1);
  for (const p of map) {
    const bin = Math.min(BINS, Math.floor(p * BINS));
    voxels[bin]++;
    sums[bin] += p;
  }
  const all = sums.reduce((sum, p) => sum + p, 0);
  let [best, count, inside] = [0, 0, 0];
  for (let bin = BINS; bin > 0; bin--) {
    count += voxels[bin];
    inside += sums[bin];
    if (count > 0) best = Math.max(best, (2 * inside) / (count + all));
  }
  return best;
}

/**
 * What each class's probabilities are multiplied by before the largest is taken. A network says too little of a rare label on scans that
 * it has not seen, and the less sure it is of one there the more so: w = (F of the surest label / F)^3, F the `bestExpectedDice`; 1 for
 * other labels, and where F is below a third. Beyond the paper.
 * @param probabilities one map a class, summing to 1
 * @param rare labels, by value
 */
export function rareWeights(probabilities: readonly Float32Array[], rare: readonly number[]): number[] {
  const weights = probabilities.map(() => 1);
  const labels = rare.filter((label) => label < probabilities.length);
  if (labels.length === 0 || probabilities.length < 3) return weights;
  const dice = probabilities.map((map, label) => (label > 0 ? bestExpectedDice(map) : 0));
  const surest = Math.max(...dice);
  for (const label of labels) if (dice[label] >= LEAST) weights[label] = (surest / dice[label]) ** POWER;
  return weights;
}
