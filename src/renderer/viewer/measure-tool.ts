/** Ruler, angle and region: points set by clicks, or a drag from one to the next, on the slice that they began on. */

import type { Plane } from '../../core/edit/planes.ts';
import { type MeasuredShape, type MeasurementKind, POINTS } from '../../core/measure/figures.ts';
import type { PlaneView } from './plane-view.ts';
import type { Point, PointerHost } from './pointer-host.ts';

/** A pointer that went less far between press and release was a click, pixels. */
const CLICK = 4;

export class MeasureTool {
  private readonly view: PlaneView;
  private readonly plane: Plane;
  private readonly host: PointerHost;
  private kind: MeasurementKind = 'ruler';
  private points: Point[] = [];
  /** Where the next point would be. */
  private next: Point | null = null;

  constructor(view: PlaneView, plane: Plane, host: PointerHost) {
    this.view = view;
    this.plane = plane;
    this.host = host;
  }

  /** What is being measured, up to the pointer; null without a point. */
  get open(): MeasuredShape | null {
    if (this.points.length === 0 || this.slice !== this.host.crosshair[this.plane.normal]) return null;
    const points = this.next ? [...this.points, this.next] : this.points;
    return { kind: this.kind, normal: this.plane.normal, slice: this.slice, points };
  }

  press(tool: 'ruler' | 'angle' | 'roi', at: Point): void {
    const kind = tool === 'roi' ? this.host.settings.region : tool;
    // One that was left open on another slice is given up.
    if (kind !== this.kind || (this.points.length > 0 && this.slice !== this.sliceNow)) this.points = [];
    this.kind = kind;
    this.add(this.onSlice(at));
  }

  follow(at: Point | null): void {
    this.next = at && this.onSlice(at);
  }

  /** The pointer went up: where it was dragged, that is a point too. */
  release(): void {
    const from = this.points.at(-1);
    const { next } = this;
    if (from && next && !this.isNear(from, next)) this.add(next);
  }

  drop(): boolean {
    const open = this.points.length > 0;
    this.points = [];
    return open;
  }

  private add(at: Point): void {
    const last = this.points.at(-1);
    if (last && this.isNear(last, at)) return;
    this.points = [...this.points, at];
    if (this.points.length < POINTS[this.kind]) return;
    const { kind, points, slice } = this;
    this.points = [];
    this.host.measured({ kind, normal: this.plane.normal, slice, points });
  }

  private get slice(): number {
    return this.points[0]?.[this.plane.normal] ?? this.sliceNow;
  }

  private get sliceNow(): number {
    return this.host.crosshair[this.plane.normal];
  }

  private onSlice(at: Point): Point {
    const point: Point = [...at];
    point[this.plane.normal] = this.sliceNow;
    return point;
  }

  private isNear(a: Point, b: Point): boolean {
    const [from, to] = [this.view.toCanvas(a), this.view.toCanvas(b)];
    return from !== null && to !== null && Math.hypot(from[0] - to[0], from[1] - to[1]) < CLICK;
  }
}
