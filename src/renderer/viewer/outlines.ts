/** Lines around the labels of a slice along the voxel axes, which Cornerstone3D draws on a graphics card alone. */
import { type Plane, strides } from '../../core/edit/planes.ts';
import { type Grid, type LabelMap, NOT_DRAWN } from '../../core/volume.ts';

/** Where a slice's pixels lie in memory: offset = start + x * stepX + y * stepY, in screen order (flips done). */
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

/** Straight pieces of label borders in pixels: x0, y0, x1, y1, four a piece, by label value. */
export type Outlines = Map<number, number[]>;

/** Borders of each visible label on a slice; each label has its own line, on the border between voxels. */
export function traceOutlines(mask: LabelMap, layout: PictureLayout, visible: Uint32Array): Outlines {
  const outlines: Outlines = new Map();
  const add = (value: number, flat: boolean, line: number, from: number, to: number) => {
    if (!visible[value] || value === NOT_DRAWN) return;
    let list = outlines.get(value);
    if (!list) {
      list = [];
      outlines.set(value, list);
    }
    if (flat) list.push(from, line, to, line);
    else list.push(line, from, line, to);
  };
  const box = labelledBox(mask, layout);
  if (!box) return outlines;
  const { x0, y0, x1, y1 } = box;
  const labels = paddedLabels(mask, layout, box);
  const [w, h, row] = [x1 - x0 + 1, y1 - y0 + 1, x1 - x0 + 3];
  // Between (x, line - 1) and (x, line), then between (line - 1, y) and (line, y).
  traceLines(labels, h, w, row, 1, row, (v, line, from, to) => add(v, true, y0 + line, x0 + from, x0 + to));
  traceLines(labels, w, h, 1, row, 1, (v, line, from, to) => add(v, false, x0 + line, y0 + from, y0 + to));
  return outlines;
}

/** Pixels, all included. */
interface PixelBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Smallest box with every label of the slice, null where there is none: labels fill little of most slices. */
function labelledBox({ data }: LabelMap, { width, height, start, stepX, stepY }: PictureLayout): PixelBox | null {
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = start + y * stepY;
    let first = 0;
    while (first < width && data[row + first * stepX] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (data[row + last * stepX] === 0) last--;
    if (first < x0) x0 = first;
    if (last > x1) x1 = last;
    if (y < y0) y0 = y;
    y1 = y;
  }
  return y1 < 0 ? null : { x0, y0, x1, y1 };
}

/** The labels in a box in screen order with a border of background, so that no look leaves the array. */
function paddedLabels({ data }: LabelMap, layout: PictureLayout, { x0, y0, x1, y1 }: PixelBox): Uint8Array {
  const { start, stepX, stepY } = layout;
  const row = x1 - x0 + 3;
  const labels = new Uint8Array(row * (y1 - y0 + 3));
  for (let y = y0; y <= y1; y++) {
    const to = 1 + row * (y - y0 + 1) - x0;
    for (let x = x0, at = start + x * stepX + y * stepY; x <= x1; x++, at += stepX) labels[to + x] = data[at];
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

/** Strokes outlines in canvas pixels; `place` takes picture pixels (0 is the left edge of the first column) there. */
export function strokeOutlines(
  context: CanvasRenderingContext2D,
  outlines: Outlines,
  place: (x: number, y: number) => readonly [number, number],
  colour: (value: number) => string,
  width: number,
): void {
  // The picture is scaled and moved, never turned: two points tell where all stand.
  const [x0, y0] = place(0, 0);
  const [x1, y1] = place(1, 1);
  context.lineWidth = width;
  context.lineCap = 'square';
  for (const [value, pieces] of outlines) {
    context.strokeStyle = colour(value);
    context.beginPath();
    for (let n = 0; n < pieces.length; n += 4) {
      context.moveTo(x0 + pieces[n] * (x1 - x0), y0 + pieces[n + 1] * (y1 - y0));
      context.lineTo(x0 + pieces[n + 2] * (x1 - x0), y0 + pieces[n + 3] * (y1 - y0));
    }
    context.stroke();
  }
}
