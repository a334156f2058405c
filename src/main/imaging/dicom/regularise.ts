/** A stack of askew or uneven slices on a rectangular grid. */
import type { Volume, VoxelArray } from '../../../core/volume.ts';
import type { Irregular } from './stack.ts';

/**
 * Linear interpolation: between the two neighbouring slices along the normal, and inside each slice at its own
 * shifted pixel positions. Where a neighbour does not reach, the voxel is `outside`. Integers are rounded.
 * @param data the stored slices, `columns` x `rows` x slices
 */
export function regularise<T extends VoxelArray>(
  data: T,
  columns: number,
  rows: number,
  plan: Irregular,
  outside: number,
): Volume<T> {
  const { grid, along, shift } = plan;
  const [nx, ny, nz] = grid.size;
  const out = new (data.constructor as new (n: number) => T)(nx * ny * nz);
  const whole = !(data instanceof Float32Array || data instanceof Float64Array);
  const plane = columns * rows;
  let slice = 0;
  for (let k = 0; k < nz; k++) {
    const z = Math.min(k * grid.spacing[2], along.at(-1)!);
    while (slice < along.length - 2 && along[slice + 1] <= z) slice++;
    const gap = along[slice + 1] - along[slice];
    let w = gap > 0 ? (z - along[slice]) / gap : 0;
    // On a stored slice (to a thousandth): no neighbour is needed.
    if (w < 1e-3) w = 0;
    if (w > 1 - 1e-3) w = 1;
    const low = w < 1 ? sampler(data, columns, rows, slice * plane, shift[slice]) : null;
    const high = w > 0 ? sampler(data, columns, rows, (slice + 1) * plane, shift[slice + 1]) : null;
    for (let j = 0; j < ny; j++) {
      const row = out.subarray(nx * (j + ny * k), nx * (j + 1 + ny * k));
      blendRow(row, j, low, high, w, whole, outside);
    }
  }
  return { ...grid, data: out };
}

type Sampler = (i: number, j: number) => number;

/** One row between two slices. A function of its own, which the compiler optimises better than one long loop. */
function blendRow(
  row: VoxelArray,
  j: number,
  low: Sampler | null,
  high: Sampler | null,
  w: number,
  whole: boolean,
  outside: number,
): void {
  for (let i = 0; i < row.length; i++) {
    const a = low ? low(i, j) : 0;
    const b = high ? high(i, j) : 0;
    const v = Number.isNaN(a) || Number.isNaN(b) ? outside : a * (1 - w) + b * w;
    row[i] = whole ? Math.round(v) : v;
  }
}

/** Bilinear value of one slice at target pixel (i, j); NaN outside the slice. */
function sampler(data: VoxelArray, columns: number, rows: number, base: number, [du, dv]: [number, number]): Sampler {
  return (i: number, j: number): number => {
    let x = i - du;
    let y = j - dv;
    if (x < -0.5 || y < -0.5 || x > columns - 0.5 || y > rows - 0.5) return Number.NaN;
    x = Math.min(Math.max(x, 0), columns - 1);
    y = Math.min(Math.max(y, 0), rows - 1);
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const at = base + x0 + columns * y0;
    const ox = fx > 1e-9 ? 1 : 0;
    const oy = fy > 1e-9 ? columns : 0;
    const top = data[at] * (1 - fx) + data[at + ox] * fx;
    const bottom = data[at + oy] * (1 - fx) + data[at + oy + ox] * fx;
    return top * (1 - fy) + bottom * fy;
  };
}
