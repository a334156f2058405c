/** Pointer, wheel and tools on one plane: turns what the hand does into edits, navigation and window changes. */

import { voxelsAlong, voxelsWithin } from '../../core/click/strokes.ts';
import { intensityUnder, paintAt, paintLine } from '../../core/edit/brush.ts';
import { floodFill, growRegion } from '../../core/edit/flood.ts';
import type { Plane } from '../../core/edit/planes.ts';
import { voxelFrom } from '../../core/volume.ts';
import { OutlineTool } from './outline-tool.ts';
import { handlesOf } from './plane-overlay.ts';
import type { PlaneView } from './plane-view.ts';
import type { Point, PointerHost } from './pointer-host.ts';
import { isPainting, TOOLS, type ToolId } from './tools.ts';
import { dragWindow, type Window } from './window.ts';

type Drag =
  | { kind: 'paint'; last: Point; value: number; range: [number, number] | null }
  | { kind: 'outline'; start: Point }
  | { kind: 'seed' }
  | { kind: 'window'; from: Window; x: number; y: number }
  | { kind: 'pan'; x: number; y: number }
  | { kind: 'crosshair' }
  | { kind: 'turn'; centre: [number, number]; angle: number }
  | { kind: 'grow'; seed: Point; tolerance: number; y: number };

/** A voxel counts as unlike the seed once it is this many standard deviations away. */
const ADAPTIVE_DEVIATIONS = 2.2;
/** Pixels around a handle in which it is grabbed. */
const GRAB = 9;
/** A grown region larger than this part of the scan has leaked. */
const LEAK = 0.25;

export class PointerTools {
  private readonly view: PlaneView;
  private readonly plane: Plane;
  private readonly host: PointerHost;
  private drag: Drag | null = null;
  private wheelRest = 0;
  pointer: [number, number] | null = null;
  /** Ctrl is held: painting tools erase. */
  erasing = false;
  readonly outlines: OutlineTool;

  constructor(view: PlaneView, plane: Plane, host: PointerHost) {
    this.view = view;
    this.plane = plane;
    this.host = host;
    this.outlines = new OutlineTool(view, plane, host);
  }

  /** The tool that a drag would use now: Shift moves the crosshair, whatever the tool. */
  private toolFor(event: { shiftKey: boolean }): ToolId {
    return event.shiftKey ? 'navigate' : this.host.settings.tool;
  }

  down(event: PointerEvent): void {
    const [x, y] = this.place(event);
    const at = this.view.toVoxel(x, y);
    if (!at || this.drag) return;
    if (event.button === 2) this.drag = { kind: 'window', from: this.host.window, x, y };
    else if (event.button === 1) this.drag = { kind: 'pan', x, y };
    else if (event.button === 0) this.press(event, at, y);
    this.host.overlayChanged();
  }

  private press(event: PointerEvent, at: Point, y: number): void {
    const { settings } = this.host;
    const tool = this.toolFor(event);
    this.erasing = event.ctrlKey || event.metaKey;
    if (this.host.isTurned && tool !== 'navigate' && !isPainting(tool)) {
      this.host.say('This tool works on planes along the voxels.', 'Straighten the planes, or use the brush.');
      return;
    }
    if (tool !== 'navigate' && this.host.editor.isLocked(settings.label)) {
      this.host.say('The label is locked: no tool changes it.', 'Unlock it in the list of labels, or choose another.');
      return;
    }
    switch (tool) {
      case 'navigate':
        this.drag = this.grabHandle(event) ?? { kind: 'crosshair' };
        if (this.drag.kind === 'crosshair') this.host.moveCrosshair(at);
        break;
      case 'brush':
      case 'eraser':
      case 'threshold':
        this.startPaint(tool, at);
        break;
      case 'scissors':
        this.outlines.startScissors(at, this.erasing);
        this.drag = { kind: 'outline', start: at };
        break;
      case 'polygon':
        this.outlines.addCorner(at, this.erasing);
        break;
      case 'click':
        this.outlines.startScissors(at, this.erasing);
        this.drag = { kind: 'seed' };
        break;
      case 'fill':
        this.host.edit('Flood fill', (recorder) =>
          floodFill(recorder, voxelFrom(this.nearest(at)), settings.solid ? null : this.plane.normal, this.value()),
        );
        break;
      case 'grow':
        this.drag = { kind: 'grow', seed: this.nearest(at), tolerance: settings.tolerance, y };
        this.growFrom(this.nearest(at), settings.tolerance);
        break;
    }
  }

  move(event: PointerEvent): void {
    const [x, y] = this.place(event);
    this.pointer = [x, y];
    if (!this.drag) this.erasing = event.ctrlKey || event.metaKey;
    const { drag } = this;
    switch (drag?.kind) {
      case 'paint':
        this.paintTo(drag, event);
        break;
      case 'outline': {
        const at = this.view.toVoxel(x, y);
        if (at) this.outlines.extend(drag.start, at);
        break;
      }
      case 'seed': {
        const at = this.view.toVoxel(x, y);
        if (at) this.outlines.points.push(at);
        break;
      }
      case 'window':
        this.host.setWindow(dragWindow(drag.from, x - drag.x, y - drag.y));
        break;
      case 'pan':
        this.view.pan(x - drag.x, y - drag.y);
        this.drag = { kind: 'pan', x, y };
        break;
      case 'crosshair': {
        const at = this.view.toVoxel(x, y);
        if (at) this.host.moveCrosshair(at);
        break;
      }
      case 'turn': {
        const angle = Math.atan2(y - drag.centre[1], x - drag.centre[0]);
        this.host.turnOthers(angle - drag.angle);
        drag.angle = angle;
        break;
      }
      case 'grow':
        this.regrow(drag, y);
        break;
      case undefined:
        break;
    }
    this.host.overlayChanged();
  }

  up(): void {
    const { drag } = this;
    this.drag = null;
    if (drag?.kind === 'paint') this.host.editor.endStroke(this.strokeName());
    if (drag?.kind === 'grow') this.host.editor.endStroke('Region growing');
    if (drag?.kind === 'outline') this.closeOutline();
    if (drag?.kind === 'seed') this.seed();
    this.host.overlayChanged();
  }

  leave(): void {
    this.pointer = null;
    this.host.overlayChanged();
  }

  wheel(event: WheelEvent): void {
    const [x, y] = this.place(event);
    if (event.ctrlKey || event.metaKey) {
      this.view.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0025)), x, y);
      this.host.overlayChanged();
      return;
    }
    // Some systems turn the wheel sideways while Shift is held.
    const delta = event.deltaY || event.deltaX;
    if (event.shiftKey) {
      this.host.stepRadius(delta < 0 ? 1 : -1);
      return;
    }
    // A notch is a slice; a trackpad's many small steps add up to one.
    this.wheelRest += event.deltaMode ? delta * 40 : delta;
    const slices = Math.abs(delta) >= 50 ? Math.sign(delta) : Math.trunc(this.wheelRest / 40);
    if (slices === 0) return;
    this.wheelRest = 0;
    this.host.moveSlice(slices);
  }

  /** Esc: gives up the stroke or outline at hand; false where there was none. */
  cancel(): boolean {
    const busy = this.drag !== null;
    // A region that was given up leaves the tolerance as it was before the drag.
    if (this.drag?.kind === 'grow') this.host.setTolerance(this.drag.tolerance);
    if (this.drag?.kind === 'paint' || this.drag?.kind === 'grow') this.host.editor.cancelStroke();
    this.drag = null;
    const dropped = this.outlines.drop();
    this.host.overlayChanged();
    return busy || dropped;
  }

  /** Enter: closes the open outline; false where there is none. */
  closeOutline(): boolean {
    const closed = this.outlines.close();
    this.host.overlayChanged();
    return closed;
  }

  /** Backspace and Ctrl+Z: takes the last corner of the open polygon back; false where there is none. */
  takeCornerBack(): boolean {
    const taken = this.outlines.takeBack();
    this.host.overlayChanged();
    return taken;
  }

  /** Another tool was taken: it finds no outline of the last one. */
  toolChanged(): void {
    if (this.drag?.kind === 'outline') this.drag = null;
    this.outlines.leave();
    this.host.overlayChanged();
  }

  doubleClick(): void {
    if (this.outlines.isPolygon) this.closeOutline();
  }

  /** A click or a short drag is a line of its own, a lasso what it goes around. */
  private seed(): void {
    const line = this.outlines.points;
    this.outlines.drop();
    const { size } = this.host.editor.mask;
    const lasso = this.host.settings.seeds === 'lasso' && line.length > 2;
    this.host.seed(lasso ? voxelsWithin(line, size, this.plane.normal) : voxelsAlong(line, size), !this.erasing);
  }

  /** The handle of a crosshair line under the pointer, which turns the other planes; null where there is none. */
  private grabHandle(event: PointerEvent): (Drag & { kind: 'turn' }) | null {
    const centre = this.view.toCanvas(this.host.crosshair);
    if (!centre || event.shiftKey) return null;
    const [x, y] = this.place(event);
    const hit = handlesOf(centre, this.host.cuts, this.view.size).some(([hx, hy]) => Math.hypot(hx - x, hy - y) < GRAB);
    return hit ? { kind: 'turn', centre, angle: Math.atan2(y - centre[1], x - centre[0]) } : null;
  }

  private startPaint(tool: ToolId, at: Point): void {
    const { editor, settings } = this.host;
    if (tool === 'eraser') this.erasing = true;
    let range: [number, number] | null = null;
    if (tool === 'threshold' && !this.erasing) {
      range = settings.adaptive ? this.rangeUnder(at) : [...settings.range];
    }
    const drag: Drag = { kind: 'paint', last: at, value: this.value(), range };
    this.drag = drag;
    editor.beginStroke();
    editor.paint((recorder) => paintAt(recorder, at, this.shape(), drag.value, this.rule(range)));
  }

  private paintTo(drag: Drag & { kind: 'paint' }, event: PointerEvent): void {
    // Between two frames the pointer passed more places than one: all of them are painted.
    const events = event.getCoalescedEvents?.() ?? [];
    this.host.editor.paint((recorder) => {
      for (const part of events.length ? events : [event]) {
        const at = this.view.toVoxel(...this.place(part, event));
        if (!at) continue;
        paintLine(recorder, drag.last, at, this.shape(), drag.value, this.rule(drag.range));
        drag.last = at;
      }
    });
  }

  private rangeUnder(at: Point): [number, number] {
    const { mean, deviation } = intensityUnder(this.host.editor.voxels.scan, at, {
      radius: Math.max(1, this.host.settings.radius / 2),
      normal: this.plane.normal,
    });
    const half = Math.max(ADAPTIVE_DEVIATIONS * deviation, this.host.window.width * 0.03);
    return [mean - half, mean + half];
  }

  private growFrom(seed: Point, tolerance: number): void {
    const { editor, settings } = this.host;
    editor.cancelStroke();
    editor.beginStroke();
    const limit = Math.round(editor.mask.data.length * LEAK);
    const normal = settings.solid ? null : this.plane.normal;
    try {
      editor.paint((recorder) =>
        growRegion(recorder, editor.voxels.scan, voxelFrom(seed), { normal, value: settings.label, tolerance, limit }),
      );
    } catch (error) {
      editor.cancelStroke();
      editor.beginStroke();
      this.host.refuse(error);
    }
  }

  /** Dragging up grows further, down less: the tolerance follows the hand. */
  private regrow(drag: Drag & { kind: 'grow' }, y: number): void {
    const step = this.host.window.width / 400;
    const tolerance = Math.max(0, drag.tolerance + (drag.y - y) * step);
    if (Math.abs(tolerance - this.host.settings.tolerance) < step) return;
    this.host.setTolerance(tolerance);
    this.growFrom(drag.seed, tolerance);
  }

  private shape() {
    const { radius, ball } = this.host.settings;
    // A disc lies along the voxels; across them the brush is a ball.
    return { radius, normal: ball || this.host.isTurned ? null : this.plane.normal };
  }

  private rule(range: [number, number] | null) {
    return range && { scan: this.host.editor.voxels.scan, low: range[0], high: range[1] };
  }

  private value(): number {
    return this.erasing ? 0 : this.host.settings.label;
  }

  private strokeName(): string {
    const { tool } = this.host.settings;
    if (this.erasing) return 'Erase';
    return isPainting(tool) ? (TOOLS.find((t) => t.id === tool)?.name ?? 'Stroke') : 'Stroke';
  }

  private nearest(at: Point): Point {
    const { size } = this.host.editor.mask;
    return at.map((c, axis) => Math.min(size[axis] - 1, Math.max(0, Math.round(c)))) as Point;
  }

  /** Offset in the plane's element; coalesced events know their page position alone. */
  private place(event: MouseEvent, within: MouseEvent = event): [number, number] {
    const box = (within.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
