/** One plane on the screen: a Cornerstone3D viewport with scan, mask and overlays, and our outlines on a canvas above. */
import { Enums, eventTarget, type PlanarViewport, type Types } from '@cornerstonejs/core';
import { segmentation, Enums as ToolEnums } from '@cornerstonejs/tools';
import type { DirtyBox } from '../../core/edit/edit.ts';
import { indexToWorld, type Plane, worldToIndex } from '../../core/edit/planes.ts';
import type { LabelMap } from '../../core/volume.ts';
import type { CaseDisplay } from './case-display.ts';
import { renderingEngine } from './cornerstone.ts';
import { type Frame, normalOf, straightFrame } from './frame.ts';
import { LAYERS, type LayerName } from './labelmap-layer.ts';
import { type Outlines, pictureLayout, strokeOutlines, traceOutlines } from './outlines.ts';
import type { Window } from './window.ts';

type Point = [number, number, number];

/** All that decides what a plane shows. */
export interface PlaneContent {
  display: CaseDisplay;
  /** Voxel where the planes meet. */
  crosshair: readonly [number, number, number];
  /** The plane's own way through the patient; null: along the voxels. */
  frame: Frame | null;
  window: Window;
  /** White where it would be black. */
  invert: boolean;
  /** Packed colour by label value, 0 = hidden. */
  colours: Uint32Array;
  /** 0..1 of the filled mask; its outline stays. */
  opacity: number;
  /** The untouched prediction in place of the mask. */
  before: boolean;
  showDifference: boolean;
  showPredictionOutline: boolean;
  showHeat: boolean;
}

/** Part of the pane that a fitted slice fills. */
const FIT = 0.96;
/** Zoom allowed against the fitted one. */
const ZOOM = [0.3, 60] as const;

/** Ids of viewports in use; a closed one's is given again, since Cornerstone3D keeps a style for each. */
const taken = new Set<string>();

export class PlaneView {
  private readonly element: HTMLDivElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly plane: Plane;
  private readonly id: string;
  private readonly viewport: PlanarViewport;
  private content: PlaneContent | null = null;
  /** What the viewport was last told. */
  private told: Partial<PlaneContent> = {};
  private mounted = false;
  private outlines: Outlines | null = null;
  private predictionOutlines: Outlines | null = null;
  private frame = 0;
  private resizing = false;
  private outlining = false;
  /** The picture shows voxels that are no longer so. */
  private repaint = false;
  /** Called after each drawn frame, for whatever lies on top and for measuring. */
  ondrawn: (() => void) | null = null;
  /** The picture cannot be drawn. */
  onfailed: ((error: unknown) => void) | null = null;

  /** @param canvas lies above `element`, as large as it is; outlines are drawn there */
  constructor(element: HTMLDivElement, canvas: HTMLCanvasElement, plane: Plane) {
    this.element = element;
    this.canvas = canvas;
    this.plane = plane;
    let number = 0;
    while (taken.has(`${plane.name}-${number}`)) number++;
    this.id = `${plane.name}-${number}`;
    taken.add(this.id);
    const engine = renderingEngine();
    engine.enableElement({
      viewportId: this.id,
      element,
      type: Enums.ViewportType.PLANAR_NEXT,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.viewport = engine.getViewport(this.id) as unknown as PlanarViewport;
    segmentation.segmentationStyle.setRenderInactiveSegmentations(this.id, true);
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.rendered);
    eventTarget.addEventListener(ToolEnums.Events.SEGMENTATION_RENDERED, this.layerRendered);
  }

  /** CSS pixels a millimetre; 0 before the first picture. */
  get zoom(): number {
    if (!this.mounted) return 0;
    const { parallelScale } = this.viewport.getResolvedView().toICamera();
    return this.element.clientHeight / (2 * (parallelScale ?? 1));
  }

  /** Scan and mask are both on the screen. */
  get complete(): boolean {
    if (!this.mounted || !this.content?.display.voxels) return false;
    const mask = this.content.display.known('mask');
    return !fillsMask(this.content) || this.viewport.getActors().some((a) => a.representationUID === mask?.dataId);
  }

  get size(): readonly [width: number, height: number] {
    return [this.element.clientWidth, this.element.clientHeight];
  }

  /** Shows the whole slice, and keeps it whole when the pane changes its size. */
  fit(): void {
    if (!this.mounted) return;
    this.viewport.setViewState({
      scale: [FIT, FIT],
      scaleMode: 'fit',
      anchorWorld: undefined,
      anchorCanvas: [0.5, 0.5],
      displayArea: undefined,
    });
  }

  pan(dx: number, dy: number): void {
    if (!this.mounted) return;
    const [x, y] = this.viewport.getPan();
    this.viewport.setPan([x + dx, y + dy]);
  }

  /** Zooms; the point under (px, py) stays where it is. */
  zoomBy(factor: number, px: number, py: number): void {
    if (!this.mounted) return;
    const zoom = Math.min(ZOOM[1] * FIT, Math.max(ZOOM[0] * FIT, this.viewport.getZoom() * factor));
    this.viewport.setZoom(zoom, [px, py]);
  }

  /** The pane has another size. */
  resized(): void {
    if (!this.element.clientWidth || !this.element.clientHeight) return;
    renderingEngine().resize(true, true);
    // The engine leaves a resize out while a frame of its own is waiting; the viewport itself does not.
    this.viewport.resize();
    this.viewport.render();
    this.resizing = true;
    this.request();
  }

  /** Shows this from the next frame on. */
  show(next: PlaneContent): void {
    const first = !this.content;
    this.content = next;
    if (first) {
      next.display.attach();
      void this.mount(next);
    } else this.request();
  }

  /** The mask's voxels changed in these boxes: a plane that cuts one is drawn anew, once a frame. */
  maskChanged(boxes: readonly DirtyBox[]): void {
    const { content } = this;
    if (!content || !boxes.some((box) => this.cuts(box, content))) return;
    this.outlines = null;
    this.repaint = true;
    this.request();
  }

  private cuts({ k, i0, i1, j0, j1 }: DirtyBox, { frame, crosshair }: PlaneContent): boolean {
    const { normal } = this.plane;
    const [low, high] = normal === 0 ? [i0, i1] : normal === 1 ? [j0, j1] : [k, k];
    return frame !== null || (crosshair[normal] >= low && crosshair[normal] <= high);
  }

  private async mount({ display, window, invert, frame }: PlaneContent): Promise<void> {
    const { plane, viewport } = this;
    const orientation = orientationOf(frame ?? straightFrame(display.grid, plane));
    viewport.setDisplaySetPresentation(display.scanId, { voiRange: display.window(window), invert });
    viewport.setViewState({ scale: [FIT, FIT], scaleMode: 'fit' });
    try {
      await viewport.setDisplaySets({ displaySetId: display.scanId, options: { orientation, role: 'source' } });
    } catch (error) {
      if (this.content) this.onfailed?.(error);
      return;
    }
    if (!this.content) return;
    this.mounted = true;
    this.goTo(this.content.crosshair);
    this.apply();
  }

  private request(): void {
    if (this.mounted && !this.frame) this.frame = requestAnimationFrame(() => this.apply());
  }

  /** Tells the viewport what is new; what is not costs nothing. */
  private apply(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { content, told, viewport, plane } = this;
    if (!content || !this.mounted) return;
    if (this.resizing) renderingEngine().resize(true, true);
    this.resizing = false;
    this.told = content;
    const differs = (...keys: (keyof PlaneContent)[]) => keys.some((key) => told[key] !== content[key]);
    const moved = told.crosshair?.[plane.normal] !== content.crosshair[plane.normal];
    if (moved || differs('colours', 'before')) this.outlines = null;
    if (moved || differs('colours')) this.predictionOutlines = null;
    this.applyLayers(content);
    if (differs('window', 'invert')) {
      const voiRange = content.display.window(content.window);
      viewport.setDisplaySetPresentation(content.display.scanId, { voiRange, invert: content.invert });
    }
    // Any change of the view draws the picture; with none of them the outlines alone are new.
    if (told.display && differs('frame')) {
      viewport.setOrientation(orientationOf(content.frame ?? straightFrame(content.display.grid, plane)));
    }
    // Along the voxels only the index across the plane tells its place; a turned plane hangs on the whole point.
    const placed = moved || differs('frame') || (content.frame !== null && differs('crosshair'));
    const { repaint } = this;
    this.repaint = false;
    if (told.display && placed) this.goTo(content.crosshair);
    else if (repaint) viewport.render();
    else this.drawOutlines();
  }

  private goTo(crosshair: PlaneContent['crosshair']): void {
    this.viewport.setViewState({ slice: { kind: 'volumePoint', sliceWorldPoint: this.world(crosshair) } });
  }

  private applyLayers(content: PlaneContent): void {
    const { display, colours, opacity, before, showDifference, showHeat } = content;
    const wanted: Record<LayerName, boolean> = {
      heat: showHeat,
      mask: fillsMask(content),
      prediction: before && opacity > 0,
      difference: showDifference && !before,
    };
    for (const name of LAYERS) {
      const layer = wanted[name] ? display.layer(name) : display.known(name);
      if (!layer) continue;
      if (name === 'mask' || name === 'prediction') layer.setLook(colours, opacity);
      const presentation = this.viewport.getDisplaySetPresentation(layer.dataId);
      if (!wanted[name] && !layer.isIn(this.id)) continue;
      // With WebGL a change of colours makes a hidden layer visible again without telling its presentation.
      const astray = this.isDrawn(layer.dataId) === !wanted[name];
      if (astray || presentation?.visible !== wanted[name] || presentation?.interpolationType === undefined) {
        this.viewport.setDisplaySetPresentation(layer.dataId, {
          visible: wanted[name],
          interpolationType: name === 'heat' ? Enums.InterpolationType.LINEAR : Enums.InterpolationType.NEAREST,
        });
      }
      layer.addTo(this.id);
    }
  }

  /** Whether WebGL draws a layer; undefined without WebGL, where its presentation alone decides. */
  private isDrawn(dataId: string): boolean | undefined {
    const actor = this.viewport.getActors().find(({ representationUID }) => representationUID === dataId)?.actor;
    return (actor as { getVisibility?(): boolean } | undefined)?.getVisibility?.();
  }

  /** A layer that has just been put into the viewport is visible, whatever was wanted meanwhile. */
  private readonly layerRendered = (event: Event): void => {
    const { viewportId } = (event as CustomEvent<{ viewportId: string }>).detail;
    if (viewportId === this.id && this.content && this.mounted) this.applyLayers(this.content);
  };

  /** Comes once for each layer of a picture; the outlines are drawn once, before the frame is shown. */
  private readonly rendered = (): void => {
    if (!this.mounted || this.outlining) return;
    this.outlining = true;
    queueMicrotask(() => {
      this.outlining = false;
      if (this.mounted) this.drawOutlines();
    });
  };

  dispose(): void {
    cancelAnimationFrame(this.frame);
    const { content } = this;
    this.content = null;
    this.mounted = false;
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.rendered);
    eventTarget.removeEventListener(ToolEnums.Events.SEGMENTATION_RENDERED, this.layerRendered);
    if (content) for (const name of LAYERS) content.display.known(name)?.removeFrom(this.id);
    renderingEngine().disableElement(this.id);
    taken.delete(this.id);
    content?.display.detach();
  }

  /** CSS pixels of the pane to a fractional voxel index; null before the first picture. */
  toVoxel(px: number, py: number): Point | null {
    const { content } = this;
    if (!content || !this.mounted) return null;
    return worldToIndex(content.display.grid, this.viewport.canvasToWorld([px, py]));
  }

  toCanvas(index: readonly [number, number, number]): [number, number] | null {
    if (!this.content || !this.mounted) return null;
    const [x, y] = this.viewport.worldToCanvas(this.world(index));
    return [x, y];
  }

  private world(index: readonly [number, number, number]): Types.Point3 {
    const { grid } = (this.content as PlaneContent).display;
    return [...indexToWorld(grid, index)] as Types.Point3;
  }

  private drawOutlines(): void {
    const { content, canvas } = this;
    if (!content) return;
    const ratio = devicePixelRatio || 1;
    const [width, height] = this.size;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    // A plane across the voxels has no border between them to draw.
    if (!content.frame) this.strokeAll(context, content);
    this.ondrawn?.();
  }

  private strokeAll(context: CanvasRenderingContext2D, content: PlaneContent): void {
    if (!content.display.voxels) return;
    const { prediction, mask } = content.display.voxels;
    if (content.showPredictionOutline && prediction) {
      this.predictionOutlines ??= this.trace(prediction, content);
      context.setLineDash([4, 3]);
      strokeOutlines(context, this.predictionOutlines, this.place, () => '#ffffff', 1);
      context.setLineDash([]);
    }
    this.outlines ??= this.trace((content.before && prediction) || mask, content);
    strokeOutlines(context, this.outlines, this.place, (value) => cssColour(content.colours[value]), 1.4);
  }

  private trace(mask: LabelMap, { crosshair, colours }: PlaneContent): Outlines {
    const { plane } = this;
    return traceOutlines(mask, pictureLayout(mask, plane, crosshair[plane.normal]), colours);
  }

  /** Picture pixels, in screen order, to CSS pixels of the pane. */
  private readonly place = (x: number, y: number): [number, number] => {
    const { plane } = this;
    const { crosshair, display } = this.content as PlaneContent;
    const index: Point = [crosshair[0], crosshair[1], crosshair[2]];
    index[plane.u] = plane.flipU ? display.grid.size[plane.u] - 0.5 - x : x - 0.5;
    index[plane.v] = plane.flipV ? display.grid.size[plane.v] - 0.5 - y : y - 0.5;
    return this.toCanvas(index) as [number, number];
  };
}

/** The uncertainty is read in its own colours: the mask is then its outline alone. */
const fillsMask = ({ before, showDifference, showHeat, opacity }: PlaneContent) =>
  !before && !showDifference && !showHeat && opacity > 0;

const orientationOf = (frame: Frame) => ({
  viewPlaneNormal: normalOf(frame) as Types.Point3,
  viewUp: frame.down.map((c) => -c) as Types.Point3,
});

const cssColour = (packed: number) => `rgb(${packed & 255} ${(packed >> 8) & 255} ${(packed >> 16) & 255})`;
