/** Draws what was measured on the slice that is shown: lines, regions and their figures. */
import type { MeasuredShape } from '../../core/measure/figures.ts';
import type { PlaneView } from './plane-view.ts';

export interface ShownMeasurement extends MeasuredShape {
  /** Its figures in words; '' while it is being measured. */
  readonly text: string;
}

const COLOUR = '#ffd54a';
type Place = readonly [x: number, y: number];

export function drawMeasurement(context: CanvasRenderingContext2D, view: PlaneView, shape: ShownMeasurement): void {
  const points = shape.points.map((p) => view.toCanvas(p)).filter((p) => p !== null);
  if (points.length === 0) return;
  const path = pathOf(shape, points);
  for (const [width, colour] of [
    [3, 'rgb(0 0 0 / 0.6)'],
    [1.5, COLOUR],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(path);
  }
  context.fillStyle = COLOUR;
  for (const [x, y] of points) context.fillRect(x - 2, y - 2, 4, 4);
  if (shape.text) drawText(context, shape.text, anchorOf(shape, points));
}

function pathOf({ kind }: MeasuredShape, points: readonly Place[]): Path2D {
  const path = new Path2D();
  const [a, b] = points;
  if (kind === 'box' && b) path.rect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
  else if (kind === 'ellipse' && b) {
    const [rx, ry] = [Math.abs(b[0] - a[0]) / 2, Math.abs(b[1] - a[1]) / 2];
    path.ellipse((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, rx, ry, 0, 0, 2 * Math.PI);
  } else {
    path.moveTo(...a);
    for (const point of points.slice(1)) path.lineTo(...point);
  }
  return path;
}

/** Beside the end of a line, the corner of an angle, the upper right of a region. */
function anchorOf({ kind }: MeasuredShape, points: readonly Place[]): Place {
  if (kind === 'ruler' || kind === 'angle') return points[1] ?? points[0];
  return [Math.max(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))];
}

function drawText(context: CanvasRenderingContext2D, text: string, [x, y]: Place): void {
  context.font = '12px system-ui';
  const width = context.measureText(text).width;
  const left = Math.min(x + 8, context.canvas.clientWidth - width - 4);
  const top = Math.max(14, y - 6);
  context.fillStyle = 'rgb(0 0 0 / 0.6)';
  context.fillRect(left - 3, top - 12, width + 6, 16);
  context.fillStyle = COLOUR;
  context.fillText(text, left, top);
}
