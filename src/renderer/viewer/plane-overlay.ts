/** What lies on top of a plane: crosshair, brush circle, the outline being drawn. A canvas of its own, so it is cheap. */
import { drawMeasurement, type ShownMeasurement } from './measure-overlay.ts';
import type { PlaneView } from './plane-view.ts';
import { isPainting, type ToolId } from './tools.ts';

export interface OverlayContent {
  tool: ToolId;
  erasing: boolean;
  /** Pointer in canvas pixels, null outside of the plane. */
  pointer: readonly [number, number] | null;
  /** Brush radius, mm. */
  radius: number;
  colour: string;
  /** Voxel where the planes meet; null hides the crosshair. */
  crosshair: readonly [number, number, number] | null;
  /** Directions in which the other planes cut this one, pixels. */
  cuts: readonly (readonly [number, number])[];
  /** Corners of the outline being drawn, fractional voxel indices. */
  outline: readonly (readonly [number, number, number])[];
  outlineClosed: boolean;
  /** Seeds of click-to-mask on this slice. */
  seeds: readonly ShownMark[];
  /** What was and is being measured on this slice. */
  measurements: readonly ShownMeasurement[];
  /** The slice that the outline belongs to, counted from 1, where it is not the one shown. */
  outlineSlice: number | null;
}

/** A seed: plus for this, minus for not this. */
export interface ShownMark {
  readonly at: readonly [number, number, number];
  readonly inside: boolean;
  readonly colour: string;
}

export function drawOverlay(canvas: HTMLCanvasElement, view: PlaneView, content: OverlayContent): void {
  const ratio = devicePixelRatio || 1;
  const [width, height] = view.size;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  if (content.crosshair) drawCrosshair(context, view, content, width, height);
  if (content.outline.length) drawOutline(context, view, content);
  for (const mark of content.seeds) drawMark(context, view, mark);
  for (const one of content.measurements) drawMeasurement(context, view, one);
  if (content.pointer && isPainting(content.tool)) {
    const [x, y] = content.pointer;
    const colour = content.erasing ? '#ffffff' : content.colour;
    circle(context, x, y, Math.max(1.5, content.radius * view.zoom), colour, content.erasing);
  }
}

/** How far from the crosshair the handles stand that turn the other planes, in parts of the pane's shorter side. */
const HANDLE = 0.38;

/** Places of the handles, two on each line. */
export function handlesOf(
  at: readonly [number, number],
  cuts: OverlayContent['cuts'],
  [width, height]: readonly [number, number],
): [number, number][] {
  const away = HANDLE * Math.min(width, height);
  return cuts.flatMap(([x, y]) =>
    [1, -1].map((way): [number, number] => [at[0] + way * away * x, at[1] + way * away * y]),
  );
}

/** Lines with a gap in the middle, so that the voxel under the crosshair stays visible. */
function drawCrosshair(
  context: CanvasRenderingContext2D,
  view: PlaneView,
  { crosshair, cuts, tool }: OverlayContent,
  width: number,
  height: number,
): void {
  const point = crosshair && view.toCanvas(crosshair);
  if (!point) return;
  const [x, y] = [Math.round(point[0]) + 0.5, Math.round(point[1]) + 0.5];
  const gap = 12;
  const far = width + height;
  context.strokeStyle = 'rgb(76 194 255 / 0.55)';
  context.lineWidth = 1;
  context.beginPath();
  for (const [dx, dy] of cuts) {
    for (const way of [1, -1]) {
      context.moveTo(x + way * gap * dx, y + way * gap * dy);
      context.lineTo(x + way * far * dx, y + way * far * dy);
    }
  }
  context.stroke();
  if (tool !== 'navigate') return;
  context.fillStyle = 'rgb(76 194 255 / 0.8)';
  for (const [hx, hy] of handlesOf([x, y], cuts, [width, height])) {
    context.beginPath();
    context.arc(hx, hy, 3.5, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawOutline(context: CanvasRenderingContext2D, view: PlaneView, content: OverlayContent): void {
  const points = content.outline.map((p) => view.toCanvas(p)).filter((p) => p !== null);
  const away = content.outlineSlice !== null;
  if (away) {
    context.globalAlpha = 0.6;
    context.setLineDash([5, 4]);
  }
  if (content.pointer && content.tool === 'polygon' && !away) points.push([...content.pointer]);
  const path = () => {
    context.beginPath();
    points.forEach(([x, y], n) => {
      if (n) context.lineTo(x, y);
      else context.moveTo(x, y);
    });
    if (content.outlineClosed) context.closePath();
    context.stroke();
  };
  context.lineWidth = 3;
  context.strokeStyle = 'rgb(0 0 0 / 0.6)';
  path();
  context.lineWidth = 1.5;
  context.strokeStyle = content.erasing ? '#ffffff' : content.colour;
  path();
  context.setLineDash([]);
  context.globalAlpha = 1;
  if (away && points[0]) {
    context.font = '12px system-ui';
    context.fillStyle = '#ffffff';
    context.fillText(`polygon on slice ${content.outlineSlice}`, points[0][0] + 8, points[0][1] - 8);
  }
  if (content.tool !== 'polygon') return;
  context.fillStyle = content.colour;
  for (const [x, y] of content.outline.map((p) => view.toCanvas(p) as [number, number])) {
    context.fillRect(x - 2.5, y - 2.5, 5, 5);
  }
}

function drawMark(context: CanvasRenderingContext2D, view: PlaneView, { at, inside, colour }: ShownMark): void {
  const place = view.toCanvas(at);
  if (!place) return;
  const [x, y] = place;
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fillStyle = inside ? colour : '#ffffff';
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = '#000000';
  context.stroke();
  context.beginPath();
  context.moveTo(x - 4, y);
  context.lineTo(x + 4, y);
  if (inside) {
    context.moveTo(x, y - 4);
    context.lineTo(x, y + 4);
  }
  context.stroke();
}

function circle(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  colour: string,
  dashed: boolean,
): void {
  context.setLineDash(dashed ? [4, 3] : []);
  for (const [width, style] of [
    [3, 'rgb(0 0 0 / 0.55)'],
    [1.5, colour],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
}
