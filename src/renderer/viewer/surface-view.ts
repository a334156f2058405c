/** The 3D view: surfaces made in a worker, turned with the mouse, drawn without a graphics card. */
import { labelledBySlice } from '../../core/edit/count.ts';
import { indexToWorld } from '../../core/edit/planes.ts';
import type { Surface } from '../../core/edit/surface.ts';
import { type LabelMap, voxelCount } from '../../core/volume.ts';
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

/** Voxels up to which every one is sampled; above, every second or third. */
const FINE = 3_000_000;

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
  /** Surfaces are being made. */
  onbusy: ((busy: boolean) => void) | null = null;
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

  /** Asks for new surfaces of all labels that the mask holds. */
  update(mask: LabelMap, present: readonly number[]): void {
    this.ticket++;
    const { low, size } = present.length ? boundingBox(mask) : NOTHING;
    if (size[2] <= 0) {
      this.receive({ ticket: this.ticket, surfaces: [] });
      return;
    }
    const part = cropMask(mask, low, size);
    const step = Math.max(1, Math.ceil(Math.cbrt(voxelCount(part) / FINE)));
    const request: SurfaceRequest = { ticket: this.ticket, mask: part, labels: present, step };
    this.onbusy?.(true);
    this.worker.postMessage(request, [part.data.buffer]);
    // The whole of it, unless someone chose what to look at.
    if (!this.zoom || this.zoom === this.fitted) this.fit(part);
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

  private receive({ ticket, surfaces }: SurfaceReply): void {
    if (ticket !== this.ticket) return;
    this.surfaces = new Map(surfaces.map(({ label, ...surface }) => [label, surface]));
    this.onbusy?.(false);
    this.onready?.(surfaces.length > 0);
    this.request();
  }

  private fit(part: LabelMap): void {
    const middle = part.size.map((n) => (n - 1) / 2) as [number, number, number];
    this.centre = indexToWorld(part, middle);
    const extent = Math.hypot(...part.size.map((n, axis) => n * part.spacing[axis]));
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

const NOTHING: ReturnType<typeof boundingBox> = { low: [0, 0, 0], size: [0, 0, 0] };

/** Smallest box with every labelled voxel. */
function boundingBox({ data, size }: LabelMap): { low: [number, number, number]; size: [number, number, number] } {
  const low: [number, number, number] = [size[0], size[1], size[2]];
  const high = [-1, -1, -1];
  const labelled = labelledBySlice({ data, size });
  for (let k = 0; k < size[2]; k++) {
    if (labelled[k] === 0) continue;
    for (let j = 0, row = k * size[0] * size[1]; j < size[1]; j++, row += size[0]) {
      let first = 0;
      while (first < size[0] && data[row + first] === 0) first++;
      if (first === size[0]) continue;
      let last = size[0] - 1;
      while (data[row + last] === 0) last--;
      low[0] = Math.min(low[0], first);
      high[0] = Math.max(high[0], last);
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j);
      low[2] = Math.min(low[2], k);
      high[2] = k;
    }
  }
  return { low, size: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1] };
}

function cropMask(
  mask: LabelMap,
  low: readonly [number, number, number],
  size: readonly [number, number, number],
): LabelMap {
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let c = 0; c < size[2]; c++) {
    for (let b = 0; b < size[1]; b++) {
      const row = low[0] + mask.size[0] * (low[1] + b + mask.size[1] * (low[2] + c));
      data.set(mask.data.subarray(row, row + size[0]), size[0] * (b + size[1] * c));
    }
  }
  return { size, spacing: mask.spacing, direction: mask.direction, origin: indexToWorld(mask, low), data };
}
