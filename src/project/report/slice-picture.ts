/** A slice of a scan as a picture, the way a radiologist reads it, with outlines of masks on it. */
import { type Grid, isUnlabelled, type LabelMap, type Volume } from '../../core/volume.ts';
import type { Picture } from '../../imaging/png.ts';

/** Intensities shown as black and as white. */
export type Window = readonly [black: number, white: number];
export type Colour = readonly [red: number, green: number, blue: number];
export interface Outline {
  mask: LabelMap;
  colour: Colour;
}

/** Which voxel axis and sign runs along the screen's columns, the screen's rows and through the slices. */
interface View {
  column: Axis;
  row: Axis;
  slice: Axis;
}
interface Axis {
  axis: 0 | 1 | 2;
  /** True where the index falls along the screen's direction. */
  reversed: boolean;
}

/** Axial: patient's right on the screen's left, front on top; slices count upwards. */
function axialView({ direction: d }: Grid): View {
  const free = new Set<0 | 1 | 2>([0, 1, 2]);
  const nearest = (world: number): Axis => {
    let best: 0 | 1 | 2 = [...free][0];
    for (const axis of free) if (Math.abs(d[world * 3 + axis]) > Math.abs(d[world * 3 + best])) best = axis;
    free.delete(best);
    return { axis: best, reversed: d[world * 3 + best] < 0 };
  };
  const slice = nearest(2);
  return { slice, column: nearest(0), row: nearest(1) };
}

/** How many axial slices a grid has. */
export const axialSlices = (grid: Grid): number => grid.size[axialView(grid).slice.axis];

/** The axial slice, counted upwards, on which a mask is largest; the middle one where it is empty. */
export function largestSlice(mask: LabelMap): number {
  const { slice } = axialView(mask);
  const [ni, nj] = mask.size;
  const counts = new Array<number>(mask.size[slice.axis]).fill(0);
  for (let n = 0; n < mask.data.length; n++) {
    if (isUnlabelled(mask.data[n])) continue;
    const index = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))];
    counts[index[slice.axis]]++;
  }
  const best = counts.reduce((top, count, n) => (count > counts[top] ? n : top), Math.floor(counts.length / 2));
  return slice.reversed ? counts.length - 1 - best : best;
}

/** The 1st and the 99.5th percentile of a scan: a window for MR, whose intensities have no unit. */
export function percentileWindow({ data }: Volume): Window {
  const stride = Math.max(1, Math.floor(data.length / 100_000));
  const sorted = Float64Array.from({ length: Math.floor(data.length / stride) }, (_, n) => data[n * stride]).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(0.01), at(0.995)];
}

/** CT: soft tissue, width 400 HU about 40 HU. */
export const SOFT_TISSUE: Window = [-160, 240];

/**
 * One axial slice, scaled bilinearly to `width` pixels with the voxels' true proportions.
 * @param index counted upwards, from 0
 */
export function axialPicture(
  scan: Volume,
  index: number,
  window: Window,
  outlines: readonly Outline[],
  width = 320,
): Picture {
  const view = axialView(scan);
  const millimetres = scan.size[view.column.axis] * scan.spacing[view.column.axis];
  const pixel = millimetres / width;
  const height = Math.max(1, Math.round((scan.size[view.row.axis] * scan.spacing[view.row.axis]) / pixel));
  const slice = view.slice.reversed ? scan.size[view.slice.axis] - 1 - index : index;
  const grey = resampled(scan, view, slice, width, height, (v) => v);
  const pixels = new Uint8ClampedArray(width * height * 3);
  const span = Math.max(window[1] - window[0], 1e-9);
  for (let n = 0; n < grey.length; n++) pixels.fill(Math.round(((grey[n] - window[0]) * 255) / span), 3 * n, 3 * n + 3);
  for (const { mask, colour } of outlines) {
    drawOutline(
      pixels,
      resampled(mask, view, slice, width, height, (v) => (isUnlabelled(v) ? 0 : 1)),
      width,
      height,
      colour,
    );
  }
  return { width, height, channels: 3, pixels };
}

function resampled(
  volume: Volume,
  { column, row, slice }: View,
  index: number,
  width: number,
  height: number,
  map: (v: number) => number,
): Float32Array {
  const strides = [1, volume.size[0], volume.size[0] * volume.size[1]];
  const [nc, nr] = [volume.size[column.axis], volume.size[row.axis]];
  const base = index * strides[slice.axis];
  const at = (c: number, r: number) => {
    const i = column.reversed ? nc - 1 - c : c;
    const j = row.reversed ? nr - 1 - r : r;
    return map(volume.data[base + i * strides[column.axis] + j * strides[row.axis]]);
  };
  const result = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const r = Math.min(Math.max(((y + 0.5) * nr) / height - 0.5, 0), nr - 1);
    const [r0, fr] = [Math.floor(r), r % 1];
    const r1 = Math.min(r0 + 1, nr - 1);
    for (let x = 0; x < width; x++) {
      const c = Math.min(Math.max(((x + 0.5) * nc) / width - 0.5, 0), nc - 1);
      const [c0, fc] = [Math.floor(c), c % 1];
      const c1 = Math.min(c0 + 1, nc - 1);
      result[x + width * y] =
        (1 - fr) * ((1 - fc) * at(c0, r0) + fc * at(c1, r0)) + fr * ((1 - fc) * at(c0, r1) + fc * at(c1, r1));
    }
  }
  return result;
}

/** Colours the pixels inside the mask that have one outside beside them, two pixels thick. */
function drawOutline(
  pixels: Uint8ClampedArray,
  inside: Float32Array,
  width: number,
  height: number,
  colour: Colour,
): void {
  const isIn = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && inside[x + width * y] >= 0.5;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!isIn(x, y)) continue;
      const edge =
        !isIn(x - 1, y) ||
        !isIn(x + 1, y) ||
        !isIn(x, y - 1) ||
        !isIn(x, y + 1) ||
        !isIn(x - 2, y) ||
        !isIn(x + 2, y) ||
        !isIn(x, y - 2) ||
        !isIn(x, y + 2);
      if (edge) pixels.set(colour, 3 * (x + width * y));
    }
}
