/** Where a network last saw each class in unlabelled scans: a few voxels a class and scan, kept in the checkpoint. */
import type { Random } from '../random.ts';
import type { Places, Sides } from './patch-source.ts';
import { type CropPlan, scanVoxel } from './patches.ts';
import { voxelAt } from './places.ts';

/** Voxels kept of a class in one scan: the newest. */
const KEPT = 16;
/** Voxels taken of a class from one patch. */
const TAKEN = 4;

/** One scan: for each class voxel indices, background first and empty. */
export type PseudoPlaces = number[][];

export const noPlaces = (classes: number): PseudoPlaces => Array.from({ length: classes }, () => []);

export const placesOf = (lists: PseudoPlaces, size: Sides): Places => ({
  counts: lists.map((list) => list.length),
  at: (label, n) => voxelAt(lists[label][n], size),
});

/**
 * What is known of a scan after a network read one of its patches: what was known inside the patch is forgotten, then a few
 * voxels of each class that it saw are added.
 * @param mask the classes it saw, patch sides, x fastest
 */
export function remembered(
  lists: PseudoPlaces,
  size: Sides,
  patch: Sides,
  plan: CropPlan,
  mask: Uint8Array,
  random: Random,
): PseudoPlaces {
  const counts = lists.map(() => 0);
  for (const label of mask) counts[label]++;
  const inside = (voxel: Sides, from: Sides, sides: Sides) =>
    voxel.every((v, axis) => v >= from[axis] && v < from[axis] + sides[axis]);
  return lists.map((list, label) => {
    if (label === 0) return [];
    const old = list.filter((index) => !inside(voxelAt(index, size), plan.start, patch));
    const seen = counts[label] === 0 ? [] : nthVoxels(mask, label, counts[label], random);
    const added = seen
      .map((at) => scanVoxel(plan, patch, voxelAt(at, patch)))
      .filter((voxel) => inside(voxel, [0, 0, 0], size))
      .map(([x, y, z]) => x + size[0] * (y + size[1] * z));
    return [...old, ...added].slice(-KEPT);
  });
}

/** `TAKEN` voxels of a class, drawn with replacement. */
function nthVoxels(mask: Uint8Array, label: number, count: number, random: Random): number[] {
  const wanted = Array.from({ length: TAKEN }, () => random.integer(count)).sort((a, b) => a - b);
  const found: number[] = [];
  for (let i = 0, n = 0; found.length < TAKEN; i++) {
    if (mask[i] !== label) continue;
    while (wanted[found.length] === n) found.push(i);
    n++;
  }
  return found;
}
