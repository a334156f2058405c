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
  const { data } = mask;
  const { width, height, start, stepX, stepY } = layout;
  const outlines: Outlines = new Map();
  const add = (value: number, x0: number, y0: number, x1: number, y1: number) => {
    if (!visible[value]) return;
    const list = outlines.get(value);
    if (list) list.push(x0, y0, x1, y1);
    else outlines.set(value, [x0, y0, x1, y1]);
  };
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : data[start + x * stepX + y * stepY];
  // Runs along a border merge into one piece, which keeps the paths short.
  const trace = (
    lines: number,
    length: number,
    pair: (line: number, along: number) => [number, number],
    flat: boolean,
  ) => {
    for (let line = 0; line <= lines; line++) {
      let from = 0;
      let a = 0;
      let b = 0;
      for (let along = 0; along <= length; along++) {
        const [a1, b1] = along < length ? pair(line, along) : [0, 0];
        if (a1 === a && b1 === b) continue;
        if (a !== b) {
          for (const value of [a, b]) {
            if (flat) add(value, from, line, along, line);
            else add(value, line, from, line, along);
          }
        }
        from = along;
        a = a1;
        b = b1;
      }
    }
  };
  trace(height, width, (y, x) => [at(x, y - 1), at(x, y)], true);
  trace(width, height, (x, y) => [at(x - 1, y), at(x, y)], false);
  return outlines;
}
