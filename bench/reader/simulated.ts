/** A simulated reader: looks at the largest error and clicks into its middle, as the interactive-segmentation papers do. */

import { parts } from '../../src/core/click/connected.ts';
import type { Preview, Seed } from '../../src/core/click/index.ts';
import { squaredDistances } from '../../src/core/metrics/distance-transform.ts';
import type { Grid } from '../../src/core/volume.ts';

/** Clicks after which a case counts as failed. */
export const MOST_CLICKS = 20;

/** The largest error, over faces: where it is deepest, how deep that is (mm), and whether the label belongs there. */
export interface Mistake {
  readonly voxel: number;
  readonly inside: boolean;
}

/** @param truth 0 or 1; null where nothing is wrong */
export function largestMistake(mask: Uint8Array, truth: Uint8Array, grid: Grid): Mistake | null {
  const wrong = mask.map((value, v) => (value === truth[v] ? 0 : 1 + truth[v]));
  const { numbers, sizes, values } = parts(wrong, grid.size);
  let largest = -1;
  for (let n = 0; n < sizes.length; n++) {
    if (values[n] && (largest < 0 || sizes[n] > sizes[largest])) largest = n;
  }
  if (largest < 0) return null;
  const voxel = middleOf(numbers, largest, grid);
  return { voxel, inside: values[largest] === 2 };
}

/** The voxel farthest from everything else; the edge of the scan counts as something else. */
function middleOf(numbers: Int32Array, number: number, { size, spacing }: Grid): number {
  const low = [...size] as [number, number, number];
  const high: [number, number, number] = [0, 0, 0];
  const at = (v: number) => [v % size[0], Math.floor(v / size[0]) % size[1], Math.floor(v / (size[0] * size[1]))];
  for (let v = 0; v < numbers.length; v++) {
    if (numbers[v] !== number) continue;
    at(v).forEach((c, axis) => {
      low[axis] = Math.min(low[axis], c);
      high[axis] = Math.max(high[axis], c);
    });
  }
  const n = ([0, 1, 2] as const).map((axis) => high[axis] - low[axis] + 3) as [number, number, number];
  const others = new Uint8Array(n[0] * n[1] * n[2]).fill(1);
  const own: number[] = [];
  for (let v = 0; v < numbers.length; v++) {
    if (numbers[v] !== number) continue;
    const [i, j, k] = at(v).map((c, axis) => c - low[axis] + 1);
    others[i + n[0] * (j + n[1] * k)] = 0;
    own.push(v);
  }
  const depth = squaredDistances(others, n, spacing);
  let [best, deepest] = [own[0], -1];
  for (const v of own) {
    const [i, j, k] = at(v).map((c, axis) => c - low[axis] + 1);
    const d = depth[i + n[0] * (j + n[1] * k)];
    if (d > deepest) [best, deepest] = [v, d];
  }
  return best;
}

export interface Session {
  /** Dice, percent, after each click; the first entry is before any. */
  readonly dice: number[];
  /** Seconds of each preview. */
  readonly seconds: number[];
  readonly seeds: readonly Seed[];
  /** The mask before any click and after the last one, 0 or 1. */
  readonly start: Uint8Array;
  readonly mask: Uint8Array;
}

/**
 * Clicks until nothing is wrong, `goal` Dice is reached or `most` clicks are made.
 * @param start the mask before any click, 0 or 1
 */
export function clickThrough(
  truth: Uint8Array,
  grid: Grid,
  start: Uint8Array,
  preview: (seeds: readonly Seed[]) => Preview,
  { most = MOST_CLICKS, goal = 100 } = {},
): Session {
  let mask = start;
  const seeds: Seed[] = [];
  const dice = [diceOf(mask, truth)];
  const seconds: number[] = [];
  while (seeds.length < most && dice[seeds.length] < goal) {
    const mistake = largestMistake(mask, truth, grid);
    if (!mistake) break;
    seeds.push({ inside: mistake.inside, voxels: [mistake.voxel] });
    const from = performance.now();
    const answer = preview(seeds);
    seconds.push((performance.now() - from) / 1000);
    mask = laidOver(start, grid, answer);
    dice.push(diceOf(mask, truth));
  }
  return { dice, seconds, seeds, start, mask };
}

/** `mask` with what a preview says of its box. */
export function laidOver(mask: Uint8Array, { size }: Grid, { box, inside }: Preview): Uint8Array {
  const out = mask.slice();
  const n = box.high[0] - box.low[0];
  let at = 0;
  for (let k = box.low[2]; k < box.high[2]; k++)
    for (let j = box.low[1]; j < box.high[1]; j++, at += n)
      out.set(inside.subarray(at, at + n), box.low[0] + size[0] * (j + size[1] * k));
  return out;
}

export function diceOf(a: Uint8Array, b: Uint8Array): number {
  let [both, sum] = [0, 0];
  for (let v = 0; v < a.length; v++) {
    both += a[v] & b[v];
    sum += a[v] + b[v];
  }
  return sum ? (200 * both) / sum : 100;
}

/** Clicks until `goal` Dice; MOST_CLICKS for a case that never gets there. */
export function clicksTo(goal: number, { dice }: Session): { clicks: number; failed: boolean } {
  const at = dice.findIndex((d) => d >= goal);
  return at < 0 ? { clicks: MOST_CLICKS, failed: true } : { clicks: at, failed: false };
}
