/** A network planned for a grid, as nnU-Net plans one (Isensee et al., Nature Methods 18, 2021). */
import type { PerAxis } from './kernels.ts';

/** Everything that a planned network's shape follows from; level 0 is the finest. Kernels and pools are z, y, x. */
export interface NetworkPlan {
  /** Channels of each level; the last is the bottom. */
  channels: number[];
  /** Convolution kernel of each level, sides 1 or 3. */
  kernels: PerAxis[];
  /** Voxels of level l along each axis, 1 or 2, that become one of level l + 1; one less than there are levels. */
  pools: PerAxis[];
}

type Triple = readonly [x: number, y: number, z: number];

/** No side of a map gets shorter. */
const LEAST_SIDE = 4;
/** An axis on its own is pooled only from this side on. */
const LEAST_ALONE = 3 * LEAST_SIDE;
/** Voxels longer than this many times the shortest count as coarse. */
const COARSE = 2;
/** Channels of a level, as a multiple of the first level's: nnU-Net's 320 for 32. */
const MOST_CHANNELS = 10;

/**
 * The plan for patches of these sides. Level by level, an axis is halved while its voxels are less than twice as long as the
 * shortest ones (of the axes that can be halved) and at least 4 voxels are left; an axis takes part in the convolutions from
 * the level on at which its voxels are less than twice as long as the shortest. Channels double up to 10 times `width`.
 * @param spacing x, y, z; only their ratios matter
 * @param patch x, y, z in voxels; sides need not be divisible (`plannedPatch` makes them so)
 */
export function planNetwork(spacing: Triple, patch: Triple, width: number): NetworkPlan {
  const sides = [...patch].reverse();
  const voxel = [...spacing].reverse();
  const kernel = [1, 1, 1];
  const plan: NetworkPlan = { channels: [], kernels: [], pools: [] };
  for (let level = 0; ; level++) {
    const finest = Math.min(...voxel);
    voxel.forEach((mm, axis) => {
      if (mm < COARSE * finest) kernel[axis] = 3;
    });
    plan.channels.push(width * Math.min(2 ** level, MOST_CHANNELS));
    plan.kernels.push(perAxis(kernel));
    const pool = poolOf(voxel, sides);
    if (!pool.includes(2)) return plan;
    plan.pools.push(perAxis(pool));
    pool.forEach((factor, axis) => {
      voxel[axis] *= factor;
      sides[axis] = Math.ceil(sides[axis] / factor);
    });
  }
}

/** The axes that are halved next: 2, the others 1. */
function poolOf(voxel: readonly number[], sides: readonly number[]): number[] {
  const can = sides.map((side) => side >= 2 * LEAST_SIDE);
  const finest = Math.min(...voxel.filter((_, axis) => can[axis]));
  const pool = voxel.map((mm, axis) => (can[axis] && mm < COARSE * finest ? 2 : 1));
  const halved = [0, 1, 2].filter((axis) => pool[axis] === 2);
  return halved.length === 1 && sides[halved[0]] < LEAST_ALONE ? [1, 1, 1] : pool;
}

const perAxis = ([z, y, x]: readonly number[]): PerAxis => [z, y, x];

/** What each side of a patch must be divisible by, x, y, z: 2 to the number of poolings along it. */
export const divisorsOf = ({ pools }: NetworkPlan): [number, number, number] => {
  const along = (axis: 0 | 1 | 2) => pools.reduce((product, pool) => product * pool[axis], 1);
  return [along(2), along(1), along(0)];
};

/** The patch with each side rounded up to what its own plan needs; a rounded patch stays as it is. */
export function plannedPatch(spacing: Triple, patch: Triple): [number, number, number] {
  const divisors = divisorsOf(planNetwork(spacing, patch, 1));
  const up = (axis: 0 | 1 | 2) => Math.ceil(patch[axis] / divisors[axis]) * divisors[axis];
  return [up(0), up(1), up(2)];
}
