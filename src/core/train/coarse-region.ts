/** `--region auto`: a coarse network reads whole scans and finds the box that the fine one works in. */

import type { Kernels } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';
import type { SettledOptions } from '../options.ts';
import { resolveOptions } from '../parse-option.ts';
import { argMax } from '../predict/arg-max.ts';
import { slidingWindow } from '../predict/sliding-window.ts';
import { NOT_DRAWN } from '../volume.ts';
import type { PatchSource, Sides } from './patch-source.ts';
import { type Box, boxOfVoxels } from './region.ts';

/** Longest side of a whole scan on the coarse grid, voxels. */
const COARSE = 64;
const WIDTH = 8;
const MOST_STEPS = 400;
/** Around what was found, in coarse voxels: what a border of one voxel may have missed, and surroundings to learn from. */
const MARGIN = 2;
const UNIT = 16;

type Extent = Pick<PatchSource, 'size' | 'spacing'>;
const CUBE: Sides = [1, 1, 1];

/** Network and grid of the coarse model of these scans: never finer than theirs. */
export function coarseOptions(options: SettledOptions, scans: readonly Extent[]): SettledOptions {
  const along = (axis: number) => Math.max(...scans.map(({ size, spacing = CUBE }) => size[axis] * spacing[axis]));
  const longest = [along(0), along(1), along(2)];
  const finest = Math.min(...scans.flatMap(({ spacing = CUBE }) => spacing));
  const mm = Math.max(finest, Math.max(...longest) / COARSE);
  const side = (axis: 0 | 1 | 2) => UNIT * Math.max(1, Math.ceil(longest[axis] / mm / UNIT - 1e-6));
  const steps = Math.min(MOST_STEPS, options.steps);
  return {
    ...resolveOptions({ steps }),
    ...{ method: 'supervised', network: 'unet', width: WIDTH, spacing: mm, patch: [side(0), side(1), side(2)] },
    // Few steps, and scans that are small as a whole: two a step.
    ...{ orientation: options.orientation, resampling: options.resampling, labelledPerStep: 2 },
    ...{ seed: options.seed, engine: options.engine, checkpointEvery: steps, validateEvery: steps },
  };
}

/** Voxels of a scan on a grid of cubes, as the coarse model sees it. */
export function coarseSize({ size, spacing = CUBE }: Extent, mm: number): Sides {
  const side = (axis: 0 | 1 | 2) => Math.max(1, Math.round((size[axis] * spacing[axis]) / mm));
  return [side(0), side(1), side(2)];
}

/** 1 where a coarse voxel holds a voxel of any label: structures smaller than a coarse voxel stay. x fastest. */
export function coarseMask(fine: Pick<PatchSource, 'size' | 'readMask'>, size: Sides): Uint8Array {
  const mask = new Uint8Array(size[0] * size[1] * size[2]);
  const [nx, ny, nz] = fine.size;
  const at = (v: number, axis: 0 | 1 | 2) =>
    Math.min(size[axis] - 1, Math.floor(((v + 0.5) * size[axis]) / fine.size[axis]));
  for (let z = 0; z < nz; z++) {
    // A slice at a time: a whole fine mask may be large.
    const slice = fine.readMask?.([0, 0, z], [nx, ny, 1]) ?? new Uint8Array(nx * ny);
    for (let y = 0, v = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, v++)
        if (slice[v] > 0 && slice[v] !== NOT_DRAWN) mask[at(x, 0) + size[0] * (at(y, 1) + size[1] * at(z, 2))] = 1;
  }
  return mask;
}

/** The box of all voxels above 0 with the margin, inside the grid; null where there is none. */
export const boxOfMask = (mask: Uint8Array, size: Sides): Box | null =>
  boxOfVoxels(mask, size, [MARGIN, MARGIN, MARGIN]);

/** The same part of a scan on another grid over the same extent, rounded outwards. */
export function onGrid({ start, size }: Box, from: Sides, to: Sides): Box {
  const first = start.map((v, axis) => Math.floor((v * to[axis]) / from[axis]));
  const end = start.map((v, axis) => Math.min(to[axis], Math.ceil(((v + size[axis]) * to[axis]) / from[axis])));
  return { start: first as Box['start'], size: end.map((v, axis) => v - first[axis]) as Box['size'] };
}

/**
 * Where the coarse network sees something in a whole scan, on its coarse grid; null where it sees nothing.
 * @param image on the coarse grid, channels one after another
 */
export async function findRegion(
  image: Float32Array,
  size: Sides,
  weights: Weights,
  { patch }: Pick<SettledOptions, 'patch'>,
  kernels: Kernels,
): Promise<Box | null> {
  const maps = await slidingWindow(image, size, weights, kernels, { patch, stride: patch, network: 'unet' });
  return boxOfMask(argMax(maps), size);
}
