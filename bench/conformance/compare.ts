/** One volume of ours beside one of dcm2niix's: size, affine, voxels. */
import { affineRAS } from '../../src/core/geometry.ts';
import type { Volume, VoxelArray } from '../../src/core/volume.ts';
import type { Image } from './dcm2niix.ts';

export type Part = 'axes' | 'size' | 'affine' | 'voxels';
export interface Difference {
  part: Part;
  text: string;
}

/** Elements of the affine may differ by this much, mm. */
const AFFINE_MM = 1e-3;
/** Values may differ by this share: both are rounded to 32 bits on the way. */
const ROUNDING = 1e-5;

/** Their volume in our voxel order. */
export interface Aligned {
  /** Rows of the voxel-to-RAS matrix, 3x4, mm. */
  affine: number[];
  size: number[];
  /** Index of their voxel at our [0, 0, 0], and its steps along our axes. */
  start: number;
  steps: [number, number, number];
}

/** Reorders and flips their axes onto ours; null where no axis of theirs is parallel to one of ours. */
export function align(ours: Volume, theirs: Image): Aligned | null {
  const [a, b] = [affineRAS(ours), theirs.affine];
  const column = (m: readonly number[], c: number) => [m[c], m[4 + c], m[8 + c]];
  const strides = [1, theirs.size[0], theirs.size[0] * theirs.size[1]];
  const out: Aligned = { affine: [...b.slice(0, 12)], size: [], start: 0, steps: [0, 0, 0] };
  const taken = new Set<number>();
  for (const c of [0, 1, 2] as const) {
    const cosines = [0, 1, 2].map((t) => cosine(column(a, c), column(b, t)));
    const t = cosines.findIndex((x) => Math.abs(x) > 0.999);
    if (t < 0 || taken.has(t)) return null;
    taken.add(t);
    const sign = Math.sign(cosines[t]);
    out.size[c] = theirs.size[t];
    out.steps[c] = sign * strides[t];
    if (sign < 0) out.start += (theirs.size[t] - 1) * strides[t];
    for (const r of [0, 1, 2]) {
      const step = b[4 * r + t];
      out.affine[4 * r + c] = sign * step;
      if (sign < 0) out.affine[4 * r + 3] += (theirs.size[t] - 1) * step;
    }
  }
  return out;
}

function cosine(u: readonly number[], v: readonly number[]): number {
  const dot = u.reduce((sum, x, n) => sum + x * v[n], 0);
  return dot / (Math.hypot(...u) * Math.hypot(...v) || 1);
}

/**
 * Null where both are one image.
 * @param change what is done to their stored values first
 */
export function differenceOf(
  ours: Volume,
  theirs: Image,
  change: (stored: number) => number = (stored) => stored,
): Difference | null {
  const aligned = align(ours, theirs);
  if (!aligned) return { part: 'axes', text: 'no axis of one is parallel to an axis of the other' };
  if (aligned.size.some((n, c) => n !== ours.size[c]))
    return { part: 'size', text: `${ours.size.join(' x ')} voxels, dcm2niix ${aligned.size.join(' x ')}` };
  const own = affineRAS(ours);
  const off = Math.max(...aligned.affine.map((x, n) => Math.abs(x - own[n])));
  if (!(off <= AFFINE_MM)) return { part: 'affine', text: `the affines differ by up to ${off.toPrecision(3)} mm` };
  return differentVoxels(ours, theirs, aligned, change);
}

function differentVoxels(
  { size, data }: Volume,
  { stored, slope, intercept }: Image,
  { start, steps }: Aligned,
  change: (stored: number) => number,
): Difference | null {
  let [different, first] = [0, ''];
  let at = 0;
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      let from = start + k * steps[2] + j * steps[1];
      for (let i = 0; i < size[0]; i++, at++, from += steps[0]) {
        const their = change(stored[from]) * slope + intercept;
        if (data[at] === their || Math.abs(data[at] - their) <= ROUNDING * Math.max(Math.abs(their), Math.abs(slope)))
          continue;
        if (different++ === 0) first = `${data[at]} against ${their}`;
      }
    }
  if (different === 0) return null;
  return { part: 'voxels', text: `${different} of ${at} voxels differ, first ${first}` };
}

/** True where the first slice of ours is one of theirs, voxel for voxel, however the others lie. */
export function sameFirstSlice(
  ours: Volume,
  theirs: readonly Image[],
  change: (stored: number) => number = (stored) => stored,
): boolean {
  const { size, data } = ours;
  return theirs.some(({ size: [width, height, slices], stored, slope, intercept }) => {
    if (width !== size[0] || height !== size[1]) return false;
    const value = (n: number): number => change(stored[n]) * slope + intercept;
    // Rows are stored upside down, and the first slice may be their last.
    return [0, slices - 1].some((k) =>
      equalRows(data, size[0], size[1], (i, j) => value(i + width * (height - 1 - j + height * k))),
    );
  });
}

function equalRows(data: VoxelArray, width: number, height: number, value: (i: number, j: number) => number): boolean {
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++)
      if (Math.abs(data[i + width * j] - value(i, j)) > ROUNDING * Math.abs(value(i, j))) return false;
  return true;
}
