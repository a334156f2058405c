/** Lines around the labels of a slice along the voxel axes, which Cornerstone3D draws on a graphics card alone. */
import { type Plane, strides } from '../../core/edit/planes.ts';
import type { Grid, LabelMap } from '../../core/volume.ts';

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
