/** Pointer, wheel and tools on one plane: turns what the hand does into edits, navigation and window changes. */

import { voxelsAlong, voxelsWithin } from '../../core/click/strokes.ts';
import type { Plane } from '../../core/edit/planes.ts';
import { voxelFrom } from '../../core/volume.ts';
import { Fingers } from './fingers.ts';
import { GrowTool } from './grow-tool.ts';
import { MeasureTool } from './measure-tool.ts';
import { OutlineTool } from './outline-tool.ts';
import { PaintTool } from './paint-tool.ts';
import { handlesOf } from './plane-overlay.ts';
import type { PlaneView } from './plane-view.ts';
import type { Point, PointerHost } from './pointer-host.ts';
import { isLooking, isPainting, type ToolId } from './tools.ts';
import { dragWindow, type Window, windowOfRegion } from './window.ts';

type Drag =
  | { kind: 'paint' }
  | { kind: 'outline'; start: Point }
  | { kind: 'seed' }
  | { kind: 'measure' }
  | { kind: 'window'; from: Window; x: number; y: number }
  | { kind: 'region'; start: Point }
  | { kind: 'fill'; seed: Point }
  | { kind: 'pan'; x: number; y: number }
  | { kind: 'crosshair' }
  | { kind: 'turn'; centre: [number, number]; angle: number }
  | { kind: 'grow' };

/** Pixels around a handle in which it is grabbed. */
const GRAB = 9;

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
  readonly measure: MeasureTool;
  private readonly paint: PaintTool;
  private readonly grow: GrowTool;
  private readonly fingers = new Fingers();

  constructor(view: PlaneView, plane: Plane, host: PointerHost) {
    this.view = view;
    this.plane = plane;
    this.host = host;
    this.outlines = new OutlineTool(view, plane, host);
    this.measure = new MeasureTool(view, plane, host);
    this.paint = new PaintTool(plane, host);
    this.grow = new GrowTool(plane, host);
  }

  /** The tool that a drag would use now: Shift moves the crosshair, whatever the tool. */
  private toolFor(event: { shiftKey: boolean }): ToolId {
    return event.shiftKey ? 'navigate' : this.host.settings.tool;
  }

  down(event: PointerEvent): void {
    const [x, y] = this.place(event);
    if (event.pointerType === 'touch') this.fingers.down(event.pointerId, [x, y]);
    if (this.fingers.pinching) {
      // What the first finger began was the start of this; the corners of a polygon before it stay.
      this.endDrag();
      this.measure.drop();
      if (this.outlines.isPolygon) this.outlines.takeBack();
      else this.outlines.drop();
      this.host.overlayChanged();
      return;
    }
    const at = this.view.toVoxel(x, y);
    if (!at || this.drag) return;
    if (event.button === 0 && this.host.panning) {
      this.drag = { kind: 'pan', x, y };
      this.host.panned();
    } else if (event.button === 2) this.drag = { kind: 'window', from: this.host.window, x, y };
    else if (event.button === 1) this.drag = { kind: 'pan', x, y };
    else if (event.button === 0) this.press(event, at, y);
    this.host.overlayChanged();
  }

  private press(event: PointerEvent, at: Point, y: number): void {
    const { settings } = this.host;
    const tool = this.toolFor(event);
    this.erasing = event.ctrlKey || event.metaKey;
    if (this.host.isTurned && tool !== 'navigate' && tool !== 'range' && !isPainting(tool)) {
      this.host.say('This tool works on planes along the voxels.', 'Straighten the planes, or use the brush.');
      return;
    }
    if (!isLooking(tool) && this.host.editor.isLocked(settings.label)) {
      this.host.say('The label is locked: no tool changes it.', 'Unlock it in the list of labels, or choose another.');
      return;
    }
    // Something is being made of the whole scan: it ends first, or is given up.
    if (this.host.editor.painting && tool !== 'click' && !isLooking(tool)) return;
    switch (tool) {
      case 'navigate':
      case 'range':
        this.drag = this.grabHandle(event) ?? { kind: 'crosshair' };
        if (this.drag.kind === 'crosshair') this.host.moveCrosshair(at);
        break;
      case 'brush':
      case 'eraser':
      case 'threshold':
        if (tool === 'eraser') this.erasing = true;
        this.drag = { kind: 'paint' };
        this.paint.start(tool, at, this.erasing);
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
      case 'window':
        this.drag = { kind: 'region', start: at };
        break;
      case 'ruler':
      case 'angle':
      case 'roi':
        this.drag = { kind: 'measure' };
        this.measure.press(tool, at);
        break;
      case 'fill':
        this.drag = { kind: 'fill', seed: this.nearest(at) };
        break;
      case 'grow':
        this.drag = { kind: 'grow' };
        this.grow.start(voxelFrom(this.nearest(at)), y);
        break;
    }
  }

  move(event: PointerEvent): void {
    const [x, y] = this.place(event);
    this.pointer = [x, y];
    const pinch = this.fingers.move(event.pointerId, [x, y]);
    if (pinch) {
      this.view.pan(pinch.dx, pinch.dy);
      this.view.zoomBy(pinch.factor, pinch.x, pinch.y);
    }
    this.measure.follow(this.view.toVoxel(x, y));
    if (!this.drag) this.erasing = event.ctrlKey || event.metaKey;
    const { drag } = this;
    switch (drag?.kind) {
      case 'paint':
        this.paint.to(this.placesOf(event));
        break;
      case 'measure':
      case 'fill':
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
      case 'region': {
        const at = this.view.toVoxel(x, y);
        if (at) this.outlines.points = this.outlines.box(drag.start, at);
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
        this.grow.move(y);
        break;
      case undefined:
        break;
    }
    this.host.overlayChanged();
  }

  up(event: PointerEvent): void {
    this.fingers.up(event.pointerId);
    const { drag } = this;
    this.drag = null;
    if (drag?.kind === 'region') this.takeRegion(drag.start, event);
    if (drag?.kind === 'paint') this.paint.end();
    if (drag?.kind === 'measure') this.measure.release();
    // Not before: a second finger may still make it a pinch.
    if (drag?.kind === 'fill') this.fill(drag.seed);
    if (drag?.kind === 'grow') this.grow.end();
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

  /** The window of the box that was dragged; a click alone changes nothing. */
  private takeRegion(start: Point, event: PointerEvent): void {
    const boxed = this.outlines.drop();
    const at = this.view.toVoxel(...this.place(event));
    if (!boxed || !at) return;
    const { scan } = this.host.editor.voxels;
    const { normal } = this.plane;
    this.host.setWindow(windowOfRegion(scan, normal, this.host.crosshair[normal], start, at));
    this.host.toolUsed();
  }

  /** The plane goes: what the hand is drawing on it is kept as it is. */
  close(): void {
    const { drag } = this;
    this.drag = null;
    if (drag?.kind === 'paint') this.paint.end();
    if (drag?.kind === 'grow') this.grow.end();
  }

  /** The system took the pointer away. */
  lost(event: PointerEvent): void {
    this.fingers.up(event.pointerId);
    this.cancel();
  }

  /** Esc: gives up the stroke or outline at hand; false where there was none. */
  cancel(): boolean {
    const busy = this.endDrag();
    const dropped = [this.outlines.drop(), this.measure.drop()].includes(true);
    this.host.overlayChanged();
    return busy || dropped;
  }

  private endDrag(): boolean {
    const busy = this.drag !== null;
    // A region that was given up leaves the tolerance as it was before the drag.
    if (this.drag?.kind === 'grow') this.grow.cancel();
    if (this.drag?.kind === 'paint') this.host.editor.cancelStroke();
    this.drag = null;
    return busy;
  }

  /** Enter: closes the open outline, and does nothing else while something is being measured; false where there is neither. */
  closeOutline(): boolean {
    if (this.measure.open) {
      this.host.say('A measurement is open.', 'Click its next point, or drop it with Escape.');
      return true;
    }
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
    this.measure.drop();
    this.host.overlayChanged();
  }

  doubleClick(): void {
    // Its first click closed the polygon: the second begins none.
    if (this.outlines.points.length === 1) this.outlines.drop();
    if (this.outlines.isPolygon) this.closeOutline();
    this.host.overlayChanged();
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

  private fill(seed: Point): void {
    this.host.job('Flood fill', {
      ...{ kind: 'fill', seed: voxelFrom(seed), value: this.value() },
      normal: this.host.settings.solid ? null : this.plane.normal,
    });
  }

  private value(): number {
    return this.erasing ? 0 : this.host.settings.label;
  }

  private nearest(at: Point): Point {
    const { size } = this.host.editor.mask;
    return at.map((c, axis) => Math.min(size[axis] - 1, Math.max(0, Math.round(c)))) as Point;
  }

  /** Where the pointer passed since the last event: between two frames more places than one. */
  private placesOf(event: PointerEvent): Point[] {
    const events = event.getCoalescedEvents?.() ?? [];
    return (events.length ? events : [event])
      .map((part) => this.view.toVoxel(...this.place(part, event)))
      .filter((at) => at !== null);
  }

  /** Offset in the plane's element; coalesced events know their page position alone. */
  private place(event: MouseEvent, within: MouseEvent = event): [number, number] {
    const box = (within.currentTarget as HTMLElement).getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}
