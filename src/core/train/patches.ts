/** Random crops: the paper's rotation by 0/90/180/270 degrees in plane and flips, or a warp; zeros outside the scan. */
import { mapAxes } from '../axes.ts';
import type { Augmentation } from '../options.ts';
import type { Random } from '../random.ts';
import { startsInBody } from './body.ts';
import type { PatchSource, Sides } from './patch-source.ts';
import type { Box } from './region.ts';
import { planElasticWarp, planStrongWarp, planWarp, type Warp, warpedPatch, warpedVoxel } from './warp.ts';

export type { PatchSource, Places, Sides } from './patch-source.ts';

/** Where a crop is taken and how it is turned: everything random about it. */
export interface CropPlan {
  start: Sides;
  quarterTurns: 0 | 1 | 2 | 3;
  flips: readonly [boolean, boolean, boolean];
  warp?: Warp;
}

/**
 * @param spacing of the scan's voxels, mm; cubes where it is absent
 * @param body crops stay inside it as far as they fit; the whole scan where it is absent
 * @param around the voxel in the middle of the crop, as far as the scan's border lets it; null for a crop from anywhere
 */
export function planCrop(
  scan: Sides,
  patch: Sides,
  random: Random,
  augmentation: Augmentation = 'turns',
  spacing?: Sides,
  around: Sides | null = null,
  body?: Box,
): CropPlan {
  const turned = augmentation === 'turns';
  const quarterTurns = (turned ? random.integer(4) : 0) as CropPlan['quarterTurns'];
  const flip = () => turned && random.integer(2) === 1;
  const flips = [flip(), flip(), flip()] as const;
  const box = turnedBox(patch, quarterTurns);
  const start = mapAxes(scan, (n, axis) => {
    const room = n - box[axis];
    const draw = random.uniform();
    if (room <= 0) return Math.floor(room / 2); // a small scan stands in the middle of its padding
    if (around) return Math.min(room, Math.max(0, around[axis] - (box[axis] >> 1)));
    const [first, last] = startsInBody(n, box[axis], body?.start[axis] ?? 0, body?.size[axis] ?? n);
    return first + Math.floor(draw * (last - first + 1));
  });
  const warp = warpOf(augmentation, random, patch, spacing);
  return { start, quarterTurns, flips, ...(warp && { warp }) };
}

function warpOf(augmentation: Augmentation, random: Random, patch: Sides, spacing?: Sides): Warp | undefined {
  switch (augmentation) {
    case 'warp':
      return planWarp(random, spacing);
    case 'elastic':
      return planElasticWarp(random, patch, spacing);
    case 'strong':
      return planStrongWarp(random, spacing);
    case 'turns':
    case 'none':
      return undefined;
  }
}

export interface Patch {
  /** [channel][z][y][x], patch sides */
  image: Float32Array;
  mask?: Uint8Array;
}

export function readPatch(source: PatchSource, patch: Sides, plan: CropPlan): Patch {
  if (plan.warp) return warpedPatch(source, patch, plan.start, plan.warp);
  const box = turnedBox(patch, plan.quarterTurns);
  const from = source.readImage(plan.start, box);
  const image = turn(from, patch, plan, new Float32Array(from.length));
  if (!source.readMask) return { image };
  const mask = source.readMask(plan.start, box);
  return { image, mask: turn(mask, patch, plan, new Uint8Array(mask.length)) };
}

/** The box that becomes the patch: x and y swap under odd quarter turns. */
const turnedBox = ([x, y, z]: Sides, turns: number): Sides => (turns % 2 === 1 ? [y, x, z] : [x, y, z]);

/** A turned and flipped box is the same voxels read with other strides, map by map. */
function turn<T extends Float32Array | Uint8Array>(from: T, [px, py, pz]: Sides, plan: CropPlan, into: T): T {
  const { base, steps } = walk([px, py, pz], plan);
  let o = 0;
  for (let first = 0; first < from.length; first += px * py * pz) {
    for (let z = 0; z < pz; z++) {
      for (let y = 0; y < py; y++) {
        let i = first + base + steps[1] * y + steps[2] * z;
        for (let x = 0; x < px; x++, i += steps[0]) into[o++] = from[i];
      }
    }
  }
  return into;
}

/** Where the patch's first voxel lies in its box, and the steps there for one voxel along each axis of the patch. */
function walk([px, py, pz]: Sides, { quarterTurns, flips }: CropPlan): { base: number; steps: Sides } {
  const [bx, by] = turnedBox([px, py, pz], quarterTurns);
  // Offset and strides of the source for patch axes x and y: (x, y) -> (x, y), (y, bx-1-x)..., by quarter turns.
  const quarter = [
    { base: 0, sx: 1, sy: bx },
    { base: (by - 1) * bx, sx: -bx, sy: 1 },
    { base: bx * by - 1, sx: -1, sy: -bx },
    { base: bx - 1, sx: bx, sy: -1 },
  ][quarterTurns];
  let { base, sx, sy } = quarter;
  let sz = bx * by;
  if (flips[0]) [base, sx] = [base + sx * (px - 1), -sx];
  if (flips[1]) [base, sy] = [base + sy * (py - 1), -sy];
  if (flips[2]) [base, sz] = [base + sz * (pz - 1), -sz];
  return { base, steps: [sx, sy, sz] };
}

/** The voxel of the scan that stands at a voxel of the patch; it may lie outside. */
export function scanVoxel(plan: CropPlan, patch: Sides, [x, y, z]: Sides): Sides {
  if (plan.warp) return warpedVoxel(plan.warp, patch, plan.start, [x, y, z]);
  const [bx, by] = turnedBox(patch, plan.quarterTurns);
  const { base, steps } = walk(patch, plan);
  const at = base + steps[0] * x + steps[1] * y + steps[2] * z;
  const [i, j, k] = plan.start;
  return [i + (at % bx), j + (Math.floor(at / bx) % by), k + Math.floor(at / (bx * by))];
}
