/** Pictures of one slice, in screen order (flips done), as packed RGBA pixels. No DOM: runs and is tested anywhere. */
import { type Plane, strides } from '../../core/edit/planes.ts';
import type { Grid, LabelMap, Volume } from '../../core/volume.ts';
import { ADDED, HEAT, pack, REMOVED } from './palette.ts';
import { shade, type Window } from './window.ts';

/** Where a slice's pixels lie in memory: offset = start + x * stepX + y * stepY. */
export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  readonly start: number;
  readonly stepX: number;
  readonly stepY: number;
}

export function pictureLayout(grid: Grid, plane: Plane, index: number): PictureLayout {
  const step = strides(grid.size);
  const width = grid.size[plane.u];
  const height = grid.size[plane.v];
  return {
    width,
    height,
    start:
      index * step[plane.normal] +
      (plane.flipU ? (width - 1) * step[plane.u] : 0) +
      (plane.flipV ? (height - 1) * step[plane.v] : 0),
    stepX: plane.flipU ? -step[plane.u] : step[plane.u],
    stepY: plane.flipV ? -step[plane.v] : step[plane.v],
  };
}

const OPAQUE = 0xff000000;
const grey = (value: number) => (OPAQUE | (value << 16) | (value << 8) | value) >>> 0;
/** Shades of every 16-bit intensity; made anew when the window changes. */
const shades = new Uint32Array(65536);
let shadesOf = '';

/** The scan under a window. */
export function drawScan(volume: Volume, layout: PictureLayout, window: Window, pixels: Uint32Array): void {
  const { data } = volume;
  const { width, height, start, stepX, stepY } = layout;
  if (data instanceof Float32Array || data instanceof Float64Array || data.BYTES_PER_ELEMENT === 4) {
    for (let y = 0, p = 0; y < height; y++) {
      for (let x = 0, at = start + y * stepY; x < width; x++, at += stepX) pixels[p++] = grey(shade(data[at], window));
    }
    return;
  }
  const table = shadeTable(window, data instanceof Uint16Array);
  for (let y = 0, p = 0; y < height; y++) {
    // Negative values wrap to the upper half of the table, where their shades stand.
    for (let x = 0, at = start + y * stepY; x < width; x++, at += stepX) pixels[p++] = table[data[at] & 0xffff];
  }
}

function shadeTable(window: Window, unsigned: boolean): Uint32Array {
  const key = `${window.level} ${window.width} ${unsigned}`;
  if (shadesOf === key) return shades;
  const first = unsigned ? 0 : -32768;
  for (let value = first; value < first + 65536; value++) shades[value & 0xffff] = grey(shade(value, window));
  shadesOf = key;
  return shades;
}

/** Labels as full colours; opacity is left to whoever draws the picture. */
export function drawMask(mask: LabelMap, layout: PictureLayout, table: Uint32Array, pixels: Uint32Array): void {
  const { data } = mask;
  const { width, height, start, stepX, stepY } = layout;
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0, at = start + y * stepY; x < width; x++, at += stepX) pixels[p++] = table[data[at]];
  }
}

const ADDED_PIXEL = pack(ADDED);
const REMOVED_PIXEL = pack(REMOVED);

/** Where a mask differs from the prediction: added, or taken away (a voxel that changed its label counts as added). */
export function drawDifference(mask: LabelMap, prediction: LabelMap, layout: PictureLayout, pixels: Uint32Array): void {
  const { width, height, start, stepX, stepY } = layout;
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0, at = start + y * stepY; x < width; x++, at += stepX) {
      const is = mask.data[at];
      pixels[p++] = is === prediction.data[at] ? 0 : is ? ADDED_PIXEL : REMOVED_PIXEL;
    }
  }
}

/** Uncertainty, in 255ths of the most, in cividis. */
export function drawHeat(entropy: Volume<Uint8Array>, layout: PictureLayout, pixels: Uint32Array): void {
  const { data } = entropy;
  const { width, height, start, stepX, stepY } = layout;
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0, at = start + y * stepY; x < width; x++, at += stepX) pixels[p++] = HEAT[data[at]];
  }
}

/** Straight pieces of label borders in pixels: x0, y0, x1, y1, four a piece, by label value. */
export type Outlines = Map<number, number[]>;

/** Borders of each visible label on a slice; each label has its own line, on the border between voxels. */
export function traceOutlines(mask: LabelMap, layout: PictureLayout, visible: Uint32Array): Outlines {
  const { width, height } = layout;
  const outlines: Outlines = new Map();
  const add = (value: number, flat: boolean, line: number, from: number, to: number) => {
    if (!visible[value]) return;
    let list = outlines.get(value);
    if (!list) {
      list = [];
      outlines.set(value, list);
    }
    if (flat) list.push(from, line, to, line);
    else list.push(line, from, line, to);
  };
  const labels = paddedLabels(mask, layout);
  const row = width + 2;
  // Between (x, line - 1) and (x, line), then between (line - 1, y) and (line, y).
  traceLines(labels, height, width, row, 1, row, (value, line, from, to) => add(value, true, line, from, to));
  traceLines(labels, width, height, 1, row, 1, (value, line, from, to) => add(value, false, line, from, to));
  return outlines;
}

/** The slice's labels in screen order with a border of background, so that no look leaves the array. */
function paddedLabels({ data }: LabelMap, { width, height, start, stepX, stepY }: PictureLayout): Uint8Array {
  const labels = new Uint8Array((width + 2) * (height + 2));
  for (let y = 0; y < height; y++) {
    const to = 1 + (width + 2) * (y + 1);
    for (let x = 0, at = start + y * stepY; x < width; x++, at += stepX) labels[to + x] = data[at];
  }
  return labels;
}

/**
 * Finds runs along each line where the labels of its two sides differ and stay the same; runs become single pieces,
 * which keeps the paths short. No object is made for each pixel: this runs at every move of the brush.
 */
function traceLines(
  labels: Uint8Array,
  lines: number,
  length: number,
  lineStep: number,
  alongStep: number,
  across: number,
  add: (value: number, line: number, from: number, to: number) => void,
): void {
  // The first voxel of the slice lies one row and one column inside the border.
  const first = lineStep + alongStep;
  for (let line = 0; line <= lines; line++) {
    let from = 0;
    let a = 0;
    let b = 0;
    for (let along = 0, at = first + line * lineStep; along <= length; along++, at += alongStep) {
      const a1 = along < length ? labels[at - across] : 0;
      const b1 = along < length ? labels[at] : 0;
      if (a1 === a && b1 === b) continue;
      if (a !== b) {
        add(a, line, from, along);
        add(b, line, from, along);
      }
      from = along;
      a = a1;
      b = b1;
    }
  }
}
