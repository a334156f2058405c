/** The 3D view: surfaces made in a worker, turned with the mouse, drawn without a graphics card. */
import { indexToWorld } from '../../core/edit/planes.ts';
import type { Surface } from '../../core/edit/surface.ts';
import { type LabelPart, labelParts } from '../../core/edit/surface-parts.ts';
import type { Grid, LabelMap } from '../../core/volume.ts';
import { parseColour } from './palette.ts';
import {
  FRONT,
  type Frame,
  makeFrame,
  pointAt,
  type Rotation,
  rasterise,
  type SurfaceCamera,
  turn,
} from './rasterise.ts';
import type { SurfaceReply, SurfaceRequest } from './surface-worker.ts';

/** The mask is looked through for so long before the window gets its turn, ms. */
const TURN = 8;

export interface SurfaceLabel {
  readonly value: number;
  readonly colour: string;
  readonly visible: boolean;
}

export class SurfaceView {
  private readonly canvas: HTMLCanvasElement;
  private readonly worker: Worker;
  private surfaces = new Map<number, Surface>();
  private labels: readonly SurfaceLabel[] = [];
  private rotation: Rotation = FRONT;
  private centre: readonly [number, number, number] = [0, 0, 0];
  private zoom = 0;
  private fitted = 0;
  private width = 0;
  private height = 0;
  private frame = 0;
  private ticket = 0;
  private picture: Frame | null = null;
  /** Labels whose surfaces are still to come, and how many there are in all. */
  private waiting = new Set<number>();
  private expected = 0;
  /** Surfaces are being made: so many of so many are there; null: all are. */
  onbusy: ((progress: { done: number; of: number } | null) => void) | null = null;
  /** New surfaces are on the screen; `any`: there is something to see. */
  onready: ((any: boolean) => void) | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.worker = new Worker(new URL('./surface-worker.ts', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }: MessageEvent<SurfaceReply>) => this.receive(data);
  }

  setSize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.request();
  }

  setLabels(labels: readonly SurfaceLabel[]): void {
    this.labels = labels;
    this.request();
  }

  /** Forgets the camera and shows the whole of the next surfaces. */
  reset(): void {
    this.zoom = 0;
    this.rotation = FRONT;
    this.request();
  }

  /**
   * Makes new surfaces of these labels, a few slices at a turn and then beside the window; what is there stays until they come.
   * @param on whether a label may be on slice k
   */
  update(mask: LabelMap, labels: readonly number[], on: (label: number, k: number) => boolean): void {
    const ticket = ++this.ticket;
    this.waiting = new Set(labels);
    this.expected = labels.length;
    for (const label of this.surfaces.keys()) if (!this.waiting.has(label)) this.surfaces.delete(label);
    if (labels.length === 0) this.tell();
    else {
      this.onbusy?.({ done: 0, of: this.expected });
      void this.gather(ticket, mask, labels, on);
    }
  }

  private async gather(
    ticket: number,
    mask: LabelMap,
    labels: readonly number[],
    on: (label: number, k: number) => boolean,
  ): Promise<void> {
    const found: LabelPart[] = [];
    let until = performance.now() + TURN;
    for (const part of labelParts(mask, labels, on)) {
      if (part) {
        found.push(part);
        this.worker.postMessage({ ticket, part } satisfies SurfaceRequest, [part.mask.data.buffer as ArrayBuffer]);
      }
      if (performance.now() < until) continue;
      await new Promise((next) => setTimeout(next));
      if (ticket !== this.ticket) return;
      until = performance.now() + TURN;
    }
    // What was to be there and is not, a click's mask that is empty now, does not come.
    for (const label of labels) if (!found.some((part) => part.label === label)) this.arrived(label, null);
    // The whole of it, unless someone chose what to look at.
    if (found.length > 0 && (!this.zoom || this.zoom === this.fitted)) this.fit(found.map(({ mask }) => mask));
    this.tell();
  }

  drag(dx: number, dy: number): void {
    this.rotation = turn(this.rotation, dx * 0.01, -dy * 0.01);
    this.request();
  }

  wheel(delta: number): void {
    this.zoom = Math.min(this.fitted * 20, Math.max(this.fitted / 5, this.zoom * Math.exp(-delta * 0.0015)));
    this.request();
  }

  /** LPS point of the surface under a canvas position. */
  pick(x: number, y: number): [number, number, number] | null {
    const ratio = this.ratio;
    return this.picture && pointAt(this.picture, this.camera, x * ratio, y * ratio);
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.worker.terminate();
    this.surfaces.clear();
    this.picture = null;
  }

  private get ratio(): number {
    return Math.min(2, devicePixelRatio || 1);
  }

  private get camera(): SurfaceCamera {
    return { rotation: this.rotation, centre: this.centre, zoom: this.zoom * this.ratio };
  }

  private receive({ ticket, label, surface }: SurfaceReply): void {
    if (ticket !== this.ticket) return;
    this.arrived(label, surface);
    this.tell();
  }

  private arrived(label: number, surface: Surface | null): void {
    this.waiting.delete(label);
    if (surface) this.surfaces.set(label, surface);
    else this.surfaces.delete(label);
  }

  private tell(): void {
    const left = this.waiting.size;
    this.onbusy?.(left > 0 ? { done: this.expected - left, of: this.expected } : null);
    if (left === 0) this.onready?.(this.surfaces.size > 0);
    this.request();
  }

  /** The camera that shows these grids whole. */
  private fit(parts: readonly Grid[]): void {
    const corners = parts.flatMap((part) => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => cornerOf(part, n)));
    const low = [0, 1, 2].map((axis) => Math.min(...corners.map((corner) => corner[axis])));
    const high = [0, 1, 2].map((axis) => Math.max(...corners.map((corner) => corner[axis])));
    this.centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
    const extent = Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]);
    this.fitted = (1.15 * Math.min(this.width || 300, this.height || 300)) / Math.max(extent, 1);
    this.zoom = this.fitted;
  }

  private request(): void {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const [w, h] = [Math.round(this.width * this.ratio), Math.round(this.height * this.ratio)];
    if (!w || !h) return;
    if (this.picture?.width !== w || this.picture.height !== h) {
      this.picture = makeFrame(w, h);
      this.canvas.width = w;
      this.canvas.height = h;
    }
    const parts = this.labels.flatMap(({ value, colour, visible }) => {
      const surface = visible && this.surfaces.get(value);
      return surface ? [{ surface, colour: parseColour(colour) }] : [];
    });
    rasterise(this.picture, parts, this.camera);
    const context = this.canvas.getContext('2d') as CanvasRenderingContext2D;
    const image = new ImageData(new Uint8ClampedArray(this.picture.pixels.buffer as ArrayBuffer), w, h);
    context.putImageData(image, 0, 0);
  }
}

/** Where a corner of a grid lies in space, its outermost voxels whole. */
function cornerOf(grid: Grid, corner: number): readonly number[] {
  const end = (axis: number) => ((corner >> axis) & 1 ? grid.size[axis] - 0.5 : -0.5);
  return indexToWorld(grid, [end(0), end(1), end(2)]);
}
