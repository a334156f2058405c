/**
 * Coarse steps: at first the network reads the same field of view at half the resolution, an eighth of the voxels, in more patches
 * (progressive resizing; Tan & Le, "EfficientNetV2", ICML 2021, grow images during training alike). Beyond the paper.
 */
import { mapAxes } from '../axes.ts';
import { divisorsOf } from '../network/plan.ts';
import type { NetworkName, WithPlan } from '../options.ts';
import { type Sides, thickAxis } from './patch-source.ts';
import type { CropPlan } from './patches.ts';
import type { Warp } from './warp.ts';

/** How patches are read in coarse steps. */
export interface CoarseView {
  /** Sides of a coarse patch, voxels. */
  sides: Sides;
  /** Scan voxels from one of its voxels to the next, along each axis. */
  factors: Sides;
  /** Patches for each one of a fine step: half of a fine step's voxels in all. */
  times: number;
}

const FACTOR = 2;
/** The U-Net's and the V-Net's. */
const SIXTEEN: Sides = [16, 16, 16];

/** What a coarse patch's shape follows from, besides the patch. */
export interface Grained extends WithPlan {
  network?: NetworkName;
  /** Of the training grid, mm; cubes where it is absent. */
  voxel?: Sides;
}

/**
 * Half of each side, rounded up to what the network divides by; thick slices keep their distance.
 */
export function coarseView(patch: Sides, { network, plan, voxel }: Grained): CoarseView {
  const divisors = network === 'planned' && plan ? divisorsOf(plan) : SIXTEEN;
  const thick = thickAxis(voxel);
  const factors = mapAxes(patch, (_, axis) => (axis === thick ? 1 : FACTOR));
  const sides = mapAxes(patch, (n, axis) => Math.ceil(Math.ceil(n / factors[axis]) / divisors[axis]) * divisors[axis]);
  const voxels = (box: Sides) => box[0] * box[1] * box[2];
  return { sides, factors, times: Math.max(1, Math.floor(voxels(patch) / voxels(sides) / 2)) };
}

/** What a coarse patch shows of a scan, in the scan's voxels. */
export const fieldOf = ({ sides, factors }: CoarseView): Sides => mapAxes(sides, (n, axis) => n * factors[axis]);

const STRAIGHT: Warp = { matrix: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], gain: 1, offset: 0 }; // biome-ignore format: a matrix

/** A crop of a coarse patch's field, read at its voxels: about the same centre, with longer steps. */
export function coarsened(plan: CropPlan, { sides, factors }: CoarseView): CropPlan {
  const { matrix, ...rest } = plan.warp ?? STRAIGHT;
  return {
    ...plan,
    start: mapAxes(plan.start, (s, axis) => s + (sides[axis] * factors[axis] - sides[axis]) / 2),
    warp: { matrix: mapAxes(matrix, (row) => mapAxes(row, (v, j) => v * factors[j])), ...rest },
  };
}
