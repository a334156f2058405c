/** One plane on the screen: scan, mask and overlays on a canvas, drawn at most once a frame. */
import type { Plane } from '../../core/edit/planes.ts';
import type { LabelMap, Volume } from '../../core/volume.ts';
import { type Camera, canvasToVoxel, fitCamera, type PlaneGeometry, sliceToCanvas, voxelToCanvas } from './camera.ts';
import {
  drawDifference,
  drawHeat,
  drawMask,
  drawScan,
  type Outlines,
  type PictureLayout,
  pictureLayout,
  traceOutlines,
} from './slice-picture.ts';
import type { Window } from './window.ts';

/** All that decides what a plane shows. */
export interface PlaneContent {
  scan: Volume;
  mask: LabelMap | null;
  prediction: LabelMap | null;
  /** 255ths of the most uncertain. */
  entropy: Volume<Uint8Array> | null;
  slice: number;
  window: Window;
  /** Packed colour by label value, 0 = hidden. */
  colours: Uint32Array;
  /** 0..1 of the filled mask; its outline stays. */
  opacity: number;
  showDifference: boolean;
  showPredictionOutline: boolean;
  showHeat: boolean;
}

/** A picture of slice size, kept until what it shows changes. */
class Layer {
  readonly canvas = document.createElement('canvas');
  private image: ImageData | null = null;
  valid = false;

  draw(layout: PictureLayout, fill: (pixels: Uint32Array) => void): void {
    if (this.valid) return;
    const context = this.canvas.getContext('2d') as CanvasRenderingContext2D;
    if (!this.image || this.image.width !== layout.width || this.image.height !== layout.height) {
      this.canvas.width = layout.width;
      this.canvas.height = layout.height;
      this.image = context.createImageData(layout.width, layout.height);
    }
    fill(new Uint32Array(this.image.data.buffer));
    context.putImageData(this.image, 0, 0);
    this.valid = true;
  }
}

/** Planes beside the one that is painted on follow this often, ms. */
const SOON = 80;

export class PlaneView {
  private readonly canvas: HTMLCanvasElement;
  private readonly plane: Plane;
  private content: PlaneContent | null = null;
  private width = 0;
  private height = 0;
  private camera: Camera | null = null;
  private readonly scanLayer = new Layer();
  private readonly maskLayer = new Layer();
  private readonly differenceLayer = new Layer();
  private readonly heatLayer = new Layer();
  private outlines: Outlines | null = null;
  private predictionOutlines: Outlines | null = null;
  private frame = 0;
  private soon: ReturnType<typeof setTimeout> | null = null;
  /** The pointer draws on this plane. */
  inHand = false;
  /** Called after each drawn frame, for whatever lies on top and for measuring. */
  ondrawn: (() => void) | null = null;

  constructor(canvas: HTMLCanvasElement, plane: Plane) {
    this.canvas = canvas;
    this.plane = plane;
  }

  get geometry(): PlaneGeometry | null {
    return this.content && { grid: this.content.scan, plane: this.plane, width: this.width, height: this.height };
  }
  get view(): Camera | null {
    const geometry = this.geometry;
    if (!geometry || !this.width || !this.height) return null;
    return this.camera ?? fitCamera(geometry);
  }
  /** null fits the slice into the canvas, and keeps it fitted when the canvas changes its size. */
  set view(camera: Camera | null) {
    this.camera = camera;
    this.request();
  }

  setSize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.request();
  }

  /** Shows this; only layers whose input changed are made anew. */
  show(next: PlaneContent): void {
    const old = this.content;
    const moved = !old || old.slice !== next.slice || old.scan !== next.scan;
    const differs = (...keys: (keyof PlaneContent)[]) => moved || keys.some((key) => old[key] !== next[key]);
    if (differs('window')) this.scanLayer.valid = false;
    if (differs('mask', 'colours')) this.maskChanged();
    if (differs('prediction', 'colours')) this.predictionOutlines = null;
    if (differs('prediction', 'mask')) this.differenceLayer.valid = false;
    if (differs('entropy')) this.heatLayer.valid = false;
    this.content = next;
    this.request();
  }

  /** The mask's voxels changed in place. */
  maskChanged(): void {
    this.maskLayer.valid = false;
    this.differenceLayer.valid = false;
    this.outlines = null;
    this.request();
  }

  /** As maskChanged, but soon is enough: the hand is on another plane. */
  maskChangedSoon(): void {
    if (this.soon) return;
    this.soon = setTimeout(() => {
      this.soon = null;
      this.maskChanged();
    }, SOON);
  }

  request(): void {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    if (this.soon) clearTimeout(this.soon);
    this.content = null;
  }

  /** CSS pixels of the canvas to a fractional voxel index; null before the first picture. */
  toVoxel(px: number, py: number): [number, number, number] | null {
    const { geometry, view } = this;
    return geometry && view && this.content ? canvasToVoxel(geometry, view, px, py, this.content.slice) : null;
  }

  toCanvas(index: readonly [number, number, number]): [number, number] | null {
    const { geometry, view } = this;
    return geometry && view ? voxelToCanvas(geometry, view, index) : null;
  }

  /** Draws now; `request` draws in the next frame. */
  draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { content, geometry, view, canvas } = this;
    if (!content || !geometry || !view) return;
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    const context = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.fillStyle = '#000';
    context.fillRect(0, 0, w, h);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const layout = pictureLayout(content.scan, this.plane, content.slice);
    const place = this.placer(context, layout, geometry, view);
    this.scanLayer.draw(layout, (pixels) => drawScan(content.scan, layout, content.window, pixels));
    place(this.scanLayer, 1, true);
    this.drawOverlays(content, layout, place);
    this.drawOutlines(context, content, layout, geometry, view);
    this.ondrawn?.();
  }

  private placer(context: CanvasRenderingContext2D, layout: PictureLayout, geometry: PlaneGeometry, view: Camera) {
    const [x0, y0] = sliceToCanvas(geometry, view, 0, 0);
    const [x1, y1] = sliceToCanvas(geometry, view, layout.width, layout.height);
    return (layer: Layer, alpha: number, smooth: boolean) => {
      context.imageSmoothingEnabled = smooth;
      context.imageSmoothingQuality = 'medium';
      context.globalAlpha = alpha;
      context.drawImage(layer.canvas, x0, y0, x1 - x0, y1 - y0);
      context.globalAlpha = 1;
    };
  }

  private drawOverlays(
    content: PlaneContent,
    layout: PictureLayout,
    place: (layer: Layer, alpha: number, smooth: boolean) => void,
  ): void {
    const { mask, prediction, entropy } = content;
    if (content.showHeat && entropy) {
      this.heatLayer.draw(layout, (pixels) => drawHeat(entropy, layout, pixels));
      place(this.heatLayer, 0.8, true);
    }
    if (mask && content.showDifference && prediction) {
      this.differenceLayer.draw(layout, (pixels) => drawDifference(mask, prediction, layout, pixels));
      place(this.differenceLayer, 0.6, false);
    } else if (mask && content.opacity > 0) {
      this.maskLayer.draw(layout, (pixels) => drawMask(mask, layout, content.colours, pixels));
      place(this.maskLayer, content.opacity, false);
    }
  }

  private drawOutlines(
    context: CanvasRenderingContext2D,
    content: PlaneContent,
    layout: PictureLayout,
    geometry: PlaneGeometry,
    view: Camera,
  ): void {
    const { mask, prediction } = content;
    if (content.showPredictionOutline && prediction) {
      this.predictionOutlines ??= traceOutlines(prediction, layout, content.colours);
      context.setLineDash([4, 3]);
      strokeOutlines(context, this.predictionOutlines, geometry, view, () => '#ffffff', 1);
      context.setLineDash([]);
    }
    if (!mask) return;
    this.outlines ??= traceOutlines(mask, layout, content.colours);
    strokeOutlines(context, this.outlines, geometry, view, (value) => cssColour(content.colours[value]), 1.4);
  }
}

function strokeOutlines(
  context: CanvasRenderingContext2D,
  outlines: Outlines,
  geometry: PlaneGeometry,
  view: Camera,
  colour: (value: number) => string,
  width: number,
): void {
  const [x0, y0] = sliceToCanvas(geometry, view, 0, 0);
  const [x1, y1] = sliceToCanvas(geometry, view, 1, 1);
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

const cssColour = (packed: number) => `rgb(${packed & 255} ${(packed >> 8) & 255} ${(packed >> 16) & 255})`;
