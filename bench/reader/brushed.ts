/** A simulated reader with a brush in the place of clicks: discs, each as large as pays most, on the slice where most is wrong. */
import { parts } from '../../src/core/click/connected.ts';
import { squaredDistances } from '../../src/core/metrics/distance-transform.ts';
import type { Grid } from '../../src/core/volume.ts';
import { type Figure, GOALS, meanSd } from './figures.ts';
import { diceOf } from './simulated.ts';

/** Strokes after which a case counts as failed. */
export const MOST_STROKES = 300;

/** The largest part of a slice that is wrong in one way: its size, its middle, and what belongs there. */
interface SliceMistake {
  readonly voxels: number;
  readonly middle: readonly [i: number, j: number];
  /** mm from the middle to what is right. */
  readonly depth: number;
  readonly value: 0 | 1;
}

/**
 * Dice, percent, after each stroke; the first entry is before any. A stroke is one disc on a slice across k: around the middle of the
 * slice's largest error, of the radius that mends most more than it spoils.
 * @param start 0 or 1
 */
export function brushThrough(truth: Uint8Array, grid: Grid, start: Uint8Array, most = MOST_STROKES): number[] {
  const mask = start.slice();
  const [ni, nj, nk] = grid.size;
  const slice = (of: Uint8Array, k: number) => of.subarray(k * ni * nj, (k + 1) * ni * nj);
  const mistakes = Array.from({ length: nk }, (_, k) => largestOn(slice(mask, k), slice(truth, k), grid));
  const dice = [diceOf(mask, truth)];
  while (dice.length <= most) {
    let worst = 0;
    for (let k = 1; k < nk; k++) if ((mistakes[k]?.voxels ?? 0) > (mistakes[worst]?.voxels ?? 0)) worst = k;
    const mistake = mistakes[worst];
    if (!mistake) break;
    paintBest(slice(mask, worst), slice(truth, worst), grid, mistake);
    mistakes[worst] = largestOn(slice(mask, worst), slice(truth, worst), grid);
    dice.push(diceOf(mask, truth));
  }
  return dice;
}

function largestOn(mask: Uint8Array, truth: Uint8Array, { size, spacing }: Grid): SliceMistake | null {
  const wrong = mask.map((value, v) => (value === truth[v] ? 0 : 1 + truth[v]));
  const plane = [size[0], size[1], 1] as const;
  const { numbers, sizes, values } = parts(wrong, plane);
  let largest = -1;
  for (let n = 0; n < sizes.length; n++) if (values[n] && (largest < 0 || sizes[n] > sizes[largest])) largest = n;
  if (largest < 0) return null;
  const others = Uint8Array.from(numbers, (n) => (n === largest ? 0 : 1));
  // A slice that is wrong all over has no other place.
  const squared = others.includes(1)
    ? squaredDistances(others, plane, spacing)
    : new Float32Array(others.length).fill(1);
  let middle = -1;
  for (let v = 0; v < others.length; v++) if (!others[v] && (middle < 0 || squared[v] > squared[middle])) middle = v;
  return {
    voxels: sizes[largest],
    middle: [middle % size[0], Math.floor(middle / size[0])],
    depth: Math.sqrt(squared[middle]),
    value: values[largest] === 2 ? 1 : 0,
  };
}

/** Paints the disc that mends most; never smaller than its middle. */
function paintBest(mask: Uint8Array, truth: Uint8Array, grid: Grid, { middle, depth, value }: SliceMistake): void {
  const [ni, nj] = grid.size;
  const voxel = Math.min(grid.spacing[0], grid.spacing[1]);
  const within = (radius: number): number[] => {
    const [a, b] = [Math.ceil(radius / grid.spacing[0]), Math.ceil(radius / grid.spacing[1])];
    const found: number[] = [];
    for (let j = Math.max(0, middle[1] - b); j <= Math.min(nj - 1, middle[1] + b); j++)
      for (let i = Math.max(0, middle[0] - a); i <= Math.min(ni - 1, middle[0] + a); i++)
        if (Math.hypot((i - middle[0]) * grid.spacing[0], (j - middle[1]) * grid.spacing[1]) <= radius)
          found.push(i + ni * j);
    return found;
  };
  let best: { gain: number; disc: number[] } | null = null;
  for (let radius = 0; radius <= 2 * depth + voxel; radius += voxel / 2) {
    const disc = within(radius);
    const gain = disc.reduce((sum, v) => sum + (mask[v] === value ? 0 : truth[v] === value ? 1 : -1), 0);
    if (!best || gain > best.gain) best = { gain, disc };
  }
  for (const v of best?.disc ?? []) mask[v] = value;
}

/** One figure a goal. @param runs Dice after each stroke, by case */
export function strokeFigures(cohort: string, from: string, runs: readonly (readonly number[])[]): Figure[] {
  return GOALS.map((goal): Figure => {
    const counts = runs.map((dice) => dice.findIndex((d) => d >= goal));
    return {
      figure: 'strokes',
      cohort,
      from,
      dice: goal,
      ...meanSd(counts.map((n) => (n < 0 ? MOST_STROKES : n))),
      failures: counts.filter((n) => n < 0).length,
      cases: runs.length,
    };
  });
}
