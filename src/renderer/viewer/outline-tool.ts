/** The outline being drawn: scissors in one drag, a polygon corner by corner. It belongs to the slice that it began on. */
import { ellipse, fillOutline, type OutlinePoint, rectangle } from '../../core/edit/outline.ts';
import { type Plane, sliceLayout } from '../../core/edit/planes.ts';
import type { PlaneView } from './plane-view.ts';
import type { Point, PointerHost } from './pointer-host.ts';
import { TOOLS } from './tools.ts';

/** A click this near to a corner is on it, pixels. */
const ON_CORNER = 8;
/** The second click of a double click is no corner of its own, pixels. */
const SAME_PLACE = 3;

export class OutlineTool {
  private readonly view: PlaneView;
  private readonly plane: Plane;
  private readonly host: PointerHost;
  points: Point[] = [];
  private tool: 'scissors' | 'polygon' = 'scissors';
  private erasing = false;

  constructor(view: PlaneView, plane: Plane, host: PointerHost) {
    this.view = view;
    this.plane = plane;
    this.host = host;
  }

  /** The slice that the outline lies on; null without one. */
  get slice(): number | null {
    return this.points.length > 0 ? Math.round(this.points[0][this.plane.normal]) : null;
  }

  /** An open polygon: Enter, Backspace and Ctrl+Z are for it. */
  get isPolygon(): boolean {
    return this.tool === 'polygon' && this.points.length > 0;
  }

  /** It lies on another slice than the one shown. */
  get isElsewhere(): boolean {
    return this.slice !== null && this.slice !== this.host.crosshair[this.plane.normal];
  }

  startScissors(at: Point, erasing: boolean): void {
    this.tool = 'scissors';
    this.erasing = erasing;
    this.points = [at];
  }

  /** The next corner of a polygon; a click on the first one closes it. */
  addCorner(at: Point, erasing: boolean): void {
    if (this.points.length === 0) {
      this.tool = 'polygon';
      this.erasing = erasing;
    } else if (this.isElsewhere) {
      this.host.say(
        `A polygon is open on slice ${(this.slice as number) + 1}.`,
        'Enter closes it there, Escape drops it.',
      );
      return;
    }
    if (this.points.length > 2 && this.isNear(this.points[0], at, ON_CORNER)) this.close();
    else if (this.points.length === 0 || !this.isNear(this.points[this.points.length - 1], at, SAME_PLACE))
      this.points = [...this.points, at];
  }

  private isNear(a: Point, b: Point, pixels: number): boolean {
    const [from, to] = [this.view.toCanvas(a), this.view.toCanvas(b)];
    return from !== null && to !== null && Math.hypot(from[0] - to[0], from[1] - to[1]) < pixels;
  }

  /** Scissors follow the hand to this place. */
  extend(start: Point, at: Point): void {
    if (this.host.settings.scissors === 'freehand') {
      this.points.push(at);
      return;
    }
    this.points = this.box(start, at, this.host.settings.scissors === 'rectangle' ? rectangle : ellipse);
  }

  /** The rectangle between two corners on the slice, or the ellipse inside it. */
  box(start: Point, at: Point, make: typeof rectangle | typeof ellipse = rectangle): Point[] {
    const { axisA, axisB } = sliceLayout(this.host.editor.mask.size, this.plane.normal, 0);
    return make([start[axisA], start[axisB]], [at[axisA], at[axisB]]).map(([a, b]) => {
      const corner: Point = [...start];
      corner[axisA] = a;
      corner[axisB] = b;
      return corner;
    });
  }

  /** Takes a polygon's last corner back; false where none is open. */
  takeBack(): boolean {
    if (!this.isPolygon) return false;
    this.points = this.points.slice(0, -1);
    return true;
  }

  drop(): boolean {
    const open = this.points.length > 0;
    this.points = [];
    return open;
  }

  /** Another tool was taken: a polygon that has an area is closed (one undo step), any other dropped. */
  leave(): void {
    if (this.isPolygon && this.points.length > 2) this.close();
    else this.points = [];
  }

  /** Fills the outline on its slice; false where there is none. A polygon of one or two corners stays open and says so. */
  close(): boolean {
    const { editor, settings } = this.host;
    const { points, tool, erasing } = this;
    if (points.length === 0) return false;
    if (tool === 'polygon' && points.length < 3) {
      this.host.say(
        `A polygon needs three corners, this one has ${points.length}.`,
        'Click more, or drop it with Escape.',
      );
      return true;
    }
    const slice = this.slice as number;
    this.points = [];
    const { axisA, axisB } = sliceLayout(editor.mask.size, this.plane.normal, 0);
    const corners = points.map((p): OutlinePoint => [p[axisA], p[axisB]]);
    const last = editor.mask.size[this.plane.normal] - 1;
    const name = TOOLS.find((one) => one.id === tool)?.name ?? 'Outline';
    this.host.edit(erasing ? `${name}: cut` : name, (recorder) =>
      fillOutline(recorder, corners, {
        normal: this.plane.normal,
        slices: settings.through ? [0, last] : [slice, slice],
        value: erasing ? 0 : settings.label,
        // Cutting takes the active label alone: what lies beside it stays.
        only: erasing ? settings.label : null,
      }),
    );
    return true;
  }
}
