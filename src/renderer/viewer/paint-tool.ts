/** Brush, eraser and threshold brush: one stroke from press to release. */
import { intensityUnder, paintAt, paintLine } from '../../core/edit/brush.ts';
import type { Plane } from '../../core/edit/planes.ts';
import type { Point, PointerHost } from './pointer-host.ts';
import { isPainting, TOOLS, type ToolId } from './tools.ts';

/** A voxel counts as unlike the seed once it is this many standard deviations away. */
const ADAPTIVE_DEVIATIONS = 2.2;

interface Stroke {
  last: Point;
  readonly value: number;
  readonly range: readonly [number, number] | null;
  readonly name: string;
}

export class PaintTool {
  private readonly plane: Plane;
  private readonly host: PointerHost;
  private stroke: Stroke | null = null;

  constructor(plane: Plane, host: PointerHost) {
    this.plane = plane;
    this.host = host;
  }

  start(tool: ToolId, at: Point, erasing: boolean): void {
    const { editor, settings } = this.host;
    let range: Stroke['range'] = null;
    if (tool === 'threshold' && !erasing) range = settings.adaptive ? this.rangeUnder(at) : [...settings.range];
    const name = erasing ? 'Erase' : (isPainting(tool) && TOOLS.find((one) => one.id === tool)?.name) || 'Stroke';
    const stroke: Stroke = { last: at, value: erasing ? 0 : settings.label, range, name };
    this.stroke = stroke;
    editor.beginStroke(true);
    editor.paint((recorder) => paintAt(recorder, at, this.shape(), stroke.value, this.rule(range)));
  }

  /** Paints along the way through these places. */
  to(places: readonly Point[]): void {
    const { stroke } = this;
    if (!stroke) return;
    this.host.editor.paint((recorder) => {
      for (const at of places) {
        paintLine(recorder, stroke.last, at, this.shape(), stroke.value, this.rule(stroke.range));
        stroke.last = at;
      }
    });
  }

  end(): void {
    this.host.editor.endStroke(this.stroke?.name ?? 'Stroke');
    this.stroke = null;
  }

  private rangeUnder(at: Point): [number, number] {
    const { mean, deviation } = intensityUnder(this.host.editor.voxels.scan, at, {
      radius: Math.max(1, this.host.settings.radius / 2),
      normal: this.plane.normal,
    });
    const half = Math.max(ADAPTIVE_DEVIATIONS * deviation, this.host.window.width * 0.03);
    return [mean - half, mean + half];
  }

  private shape() {
    const { radius, ball } = this.host.settings;
    // A disc lies along the voxels; across them the brush is a ball.
    return { radius, normal: ball || this.host.isTurned ? null : this.plane.normal };
  }

  private rule(range: Stroke['range']) {
    return range && { scan: this.host.editor.voxels.scan, low: range[0], high: range[1] };
  }
}
