/** Where the patient is in a scan: nothing is learnt or looked for in the empty space around. */
import type { Sides } from './patch-source.ts';
import type { Box } from './region.ts';

/** Darker voxels are air, HU. */
const AIR = -500;

/**
 * The smallest box that holds every voxel that is not background: above 0 in MR and PET, above -500 HU in CT; the whole scan where
 * there is none, or where intensities are normalised already.
 * @param data intensities before they are normalised, x fastest
 * @param kind of the normalisation
 */
export function bodyBox(data: ArrayLike<number>, size: Sides, kind: 'mr' | 'pet' | 'ct' | 'none'): Box {
  const whole: Box = { start: [0, 0, 0], size: [...size] };
  if (kind === 'none') return whole;
  const above = kind === 'ct' ? AIR : 0;
  const [nx, ny, nz] = size;
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let z = 0, row = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++, row += nx) {
      let first = 0;
      while (first < nx && !(data[row + first] > above)) first++;
      if (first === nx) continue;
      let last = nx - 1;
      while (!(data[row + last] > above)) last--;
      [first, y, z].forEach((v, axis) => {
        low[axis] = Math.min(low[axis], v);
      });
      [last, y, z].forEach((v, axis) => {
        high[axis] = Math.max(high[axis], v);
      });
    }
  }
  if (high[0] < 0) return whole;
  return { start: low as Box['start'], size: high.map((n, axis) => n + 1 - low[axis]) as Box['size'] };
}

/** The smallest box that holds both. */
export function boxOfBoth(a: Box, b: Box): Box {
  const start = a.start.map((v, axis) => Math.min(v, b.start[axis]));
  const end = a.start.map((v, axis) => Math.max(v + a.size[axis], b.start[axis] + b.size[axis]));
  return { start: start as Box['start'], size: end.map((v, axis) => v - start[axis]) as Box['size'] };
}

/**
 * First and last start, along one axis, of patches that stay inside the scan and show no less of the body than they must: inside
 * the body, or around all of it where it is smaller than the patch.
 * @param count voxels of the scan, at least `side`
 */
export function startsInBody(count: number, side: number, from: number, length: number): [first: number, last: number] {
  const inside = (start: number) => Math.min(count - side, Math.max(0, start));
  const [a, b] = [from, from + length - side];
  return [inside(Math.min(a, b)), inside(Math.max(a, b))];
}

/** The part of a scan that windows of these sides go over: the body, or more where it is smaller than a window. */
export function windowedBox(size: Sides, patch: Sides, body: Box): Box {
  const spans = size.map((count, axis) => {
    if (count <= patch[axis]) return [0, count];
    const [first, last] = startsInBody(count, patch[axis], body.start[axis], body.size[axis]);
    return [first, last - first + patch[axis]];
  });
  return { start: spans.map(([start]) => start) as Box['start'], size: spans.map(([, n]) => n) as Box['size'] };
}
