/** The radiological view of a slice: which voxel each pixel of its picture shows. */
import { axis } from './geometry.ts';
import type { Grid } from './volume.ts';

/** Where a picture's pixel comes from: in-slice index i0 + di * column + dj * row, for the radiological view. */
export interface SliceView {
  width: number;
  height: number;
  /** Millimetres of a pixel. */
  pixel: [number, number];
  index(column: number, row: number): number;
}

/**
 * The radiological view of a slice along k: patient right on the left for axial and coronal slices, anterior on the left
 * for sagittal ones, superior or anterior at the top.
 */
export function sliceView(grid: Grid): SliceView {
  const [ni, nj] = grid.size;
  const i = axis(grid.direction, 0);
  const j = axis(grid.direction, 1);
  const main = (v: readonly number[]) => v.reduce((best, x, at) => (Math.abs(x) > Math.abs(v[best]) ? at : best), 0);
  // Horizontal is x (left-right); in a sagittal slice, where x is the normal, y (front-back).
  const swap = main(i) === 2 || (main(i) === 1 && main(j) === 0);
  const [right, down] = swap ? [j, i] : [i, j];
  const flipColumn = right[main(right)] < 0;
  // Down the screen: posterior (+y) or inferior (-z).
  const flipRow = main(down) === 2 ? down[2] > 0 : down[main(down)] < 0;
  const width = swap ? nj : ni;
  const height = swap ? ni : nj;
  return {
    width,
    height,
    pixel: swap ? [grid.spacing[1], grid.spacing[0]] : [grid.spacing[0], grid.spacing[1]],
    index(column, row) {
      const a = flipColumn ? width - 1 - column : column;
      const b = flipRow ? height - 1 - row : row;
      return swap ? b + ni * a : a + ni * b;
    },
  };
}
