/** A stack of askew or uneven slices on a rectangular grid. */
import type { Volume, VoxelArray } from '../../core/volume.ts';
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
  const [below, above] = [new Float64Array(nx), new Float64Array(nx)];
  let slice = 0;
  for (let k = 0; k < nz; k++) {
    const z = Math.min(k * grid.spacing[2], along.at(-1)!);
    while (slice < along.length - 2 && along[slice + 1] <= z) slice++;
    const gap = along[slice + 1] - along[slice];
    let w = gap > 0 ? (z - along[slice]) / gap : 0;
    // On a stored slice (to a thousandth): no neighbour is needed.
    if (w < 1e-3) w = 0;
    if (w > 1 - 1e-3) w = 1;
    const [low, high] = [w < 1 ? slice : null, w > 0 ? slice + 1 : null];
    for (let j = 0; j < ny; j++) {
      if (low !== null) sampleRow(below, data.subarray(low * plane, (low + 1) * plane), columns, rows, j, shift[low]);
      if (high !== null)
        sampleRow(above, data.subarray(high * plane, (high + 1) * plane), columns, rows, j, shift[high]);
      const row = out.subarray(nx * (j + ny * k), nx * (j + 1 + ny * k));
      blend(row, low === null ? above : below, high === null ? below : above, w, whole, outside);
    }
  }
  return { ...grid, data: out };
}

/** One row between two slices; `outside` where one of them does not reach. */
function blend(
  row: VoxelArray,
  below: Float64Array,
  above: Float64Array,
  w: number,
  whole: boolean,
  outside: number,
): void {
  for (let i = 0; i < row.length; i++) {
    const v = below[i] * (1 - w) + above[i] * w;
    row[i] = Number.isNaN(v) ? outside : whole ? Math.round(v) : v;
  }
}

/** Bilinear values of one slice along row `j` of the target grid; NaN outside the slice. */
function sampleRow(
  into: Float64Array,
  slice: VoxelArray,
  columns: number,
  rows: number,
  j: number,
  [du, dv]: [number, number],
): void {
  const v = j - dv;
  if (v < -0.5 || v > rows - 0.5) {
    into.fill(Number.NaN);
    return;
  }
  const y = Math.min(Math.max(v, 0), rows - 1);
  const y0 = Math.floor(y);
  const fy = y - y0;
  const top = y0 * columns;
  const bottom = fy > 1e-9 ? top + columns : top;
  for (let i = 0; i < into.length; i++) {
    const u = i - du;
    if (u < -0.5 || u > columns - 0.5) {
      into[i] = Number.NaN;
      continue;
    }
    const x = Math.min(Math.max(u, 0), columns - 1);
    const x0 = Math.floor(x);
    const fx = x - x0;
    const x1 = fx > 1e-9 ? x0 + 1 : x0;
    const a = slice[top + x0] * (1 - fx) + slice[top + x1] * fx;
    const b = slice[bottom + x0] * (1 - fx) + slice[bottom + x1] * fx;
    into[i] = a * (1 - fy) + b * fy;
  }
}
