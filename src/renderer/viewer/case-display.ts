/** An open case as Cornerstone3D holds it: the scan's volume and its labelmaps, removed from its cache at the end. */
import { utilities } from '@cornerstonejs/core';
import type { DirtyBox } from '../../core/edit/edit.ts';
import { differ } from '../../core/edit/not-drawn.ts';
import type { Grid, LabelMap, Volume } from '../../core/volume.ts';
import { voxelCount } from '../../core/volume.ts';
import type { CaseVoxels } from './case-editor.ts';
import { centredGrid } from './centred-grid.ts';
import { renderingEngine } from './cornerstone.ts';
import { type DisplayScan, displayScan, isDrawn, storedWindow } from './display-scan.ts';
import { LAYERS, LabelmapLayer, type LayerName } from './labelmap-layer.ts';
import { LocalVolume } from './local-volume.ts';
import { ADDED, HEAT, pack, REMOVED } from './palette.ts';
import type { Window } from './window.ts';

/** Names are given again once free: Cornerstone3D keeps what it knows of a slice's name for ever. */
const taken = new Set<number>();

const OPACITY: Record<LayerName, number> = { heat: 0.8, mask: 0.35, prediction: 0.35, difference: 0.6 };
const NO_COLOURS = new Uint32Array(256);
const ADDED_VALUE = 1;
const REMOVED_VALUE = 2;
const DIFFERENCE = new Uint32Array(256);
DIFFERENCE[ADDED_VALUE] = pack(ADDED);
DIFFERENCE[REMOVED_VALUE] = pack(REMOVED);

/** Two masks of one scan: what the second has and the first has not is shown as added. */
export interface ComparedMasks {
  readonly first: LabelMap;
  readonly second: LabelMap;
}

export class CaseDisplay {
  /** Where Cornerstone3D sees the case: the scan's grid around the point 0. */
  readonly grid: Grid;
  readonly scanId: string;
  /** Null while only one slice of the scan has come. */
  voxels: CaseVoxels | null = null;
  private readonly slot: number;
  private scan: DisplayScan;
  private readonly volume: LocalVolume;
  private readonly layers = new Map<LayerName, LabelmapLayer>();
  private difference: LabelMap | null = null;
  private compared: ComparedMasks | null = null;
  private entropy: Volume<Uint8Array> | null = null;
  private viewports = 0;
  private closed = false;

  /**
   * @param scan all of it, or one slice across k among zeros until `complete` brings the rest
   * @param percentiles the scan's 1st and 99th, in its units
   */
  constructor(scan: Volume, modality: string, percentiles: readonly [number, number]) {
    renderingEngine();
    this.slot = 0;
    while (taken.has(this.slot)) this.slot++;
    taken.add(this.slot);
    this.grid = centredGrid(scan);
    this.scan = displayScan(scan, percentiles);
    this.scanId = `decile-${this.slot}-scan`;
    this.volume = new LocalVolume(this.scanId, { ...this.grid, data: this.scan.data }, modality);
    utilities.genericViewportDisplaySetMetadataProvider.add(this.scanId, {
      kind: 'planar',
      imageIds: this.volume.imageIds,
      volumeId: this.scanId,
    });
  }

  /** Every voxel is there: the other planes and the masks can be shown. */
  complete(voxels: CaseVoxels): void {
    this.voxels = voxels;
    const { data } = voxels.scan;
    if (isDrawn(data) && data !== this.scan.data) this.volume.replace(data);
  }

  /** Another channel of the scan stands in its place; masks, planes and zoom stay. @param percentiles its 1st and 99th */
  show(scan: Volume, percentiles: readonly [number, number]): void {
    this.scan = displayScan(scan, percentiles, this.scan.data);
    this.volume.replace(this.scan.data);
  }

  /** The window as Cornerstone3D needs it, in stored values. */
  window(window: Window): { lower: number; upper: number } {
    return storedWindow(this.scan, window);
  }

  /** The uncertainty has come. */
  setEntropy(entropy: Volume<Uint8Array>): void {
    this.entropy = entropy;
  }

  /** A layer, made when it is first asked for; null where the case has none such. */
  layer(name: LayerName): LabelmapLayer | null {
    const known = this.layers.get(name);
    if (known) return known;
    const labelmap = this.labelmapOf(name);
    if (!labelmap) return null;
    const colours = name === 'heat' ? HEAT : name === 'difference' ? DIFFERENCE : NO_COLOURS;
    const made = new LabelmapLayer(
      `decile-${this.slot}-${name}`,
      4 * this.slot + LAYERS.indexOf(name),
      { ...this.grid, data: labelmap.data },
      this.scanId,
      colours,
      OPACITY[name],
    );
    this.layers.set(name, made);
    return made;
  }

  private labelmapOf(name: LayerName): LabelMap | null {
    switch (name) {
      case 'mask':
        return this.voxels?.mask ?? null;
      case 'prediction':
        return this.voxels?.prediction ?? null;
      case 'heat':
        return this.entropy;
      case 'difference': {
        if (!this.voxels?.prediction && !this.compared) return null;
        this.difference = { ...this.grid, data: new Uint8Array(voxelCount(this.grid)) };
        this.compare(0, this.difference.data.length);
        return this.difference;
      }
    }
  }

  /** The difference is that of these two masks from now on; null: of mask and prediction again. */
  compareMasks(compared: ComparedMasks | null): void {
    this.compared = compared;
    if (!this.difference) return;
    this.compare(0, this.difference.data.length);
    this.layers.get('difference')?.changed(Array.from({ length: this.grid.size[2] }, (_, k) => k));
  }

  /** Notes where the masks differ, from one voxel to another; a voxel that changed its label was added. */
  private compare(from: number, to: number): void {
    if (!this.difference) return;
    const { data } = this.difference;
    const before = this.compared?.first ?? this.voxels?.prediction;
    const after = this.compared?.second ?? this.voxels?.mask;
    if (!before || !after) data.fill(0, from, to);
    else
      for (let v = from; v < to; v++) {
        const is = after.data[v];
        data[v] = !differ(before.data[v], is) ? 0 : is ? ADDED_VALUE : REMOVED_VALUE;
      }
  }

  /** A layer that has been made already. */
  known(name: LayerName): LabelmapLayer | null {
    return this.layers.get(name) ?? null;
  }

  /** The mask was written in these boxes; the planes that show them draw themselves anew. */
  maskChanged(boxes: readonly DirtyBox[]): void {
    const slices = new Set(boxes.map((box) => box.k));
    this.layers.get('mask')?.changed(slices);
    if (!this.difference || this.compared) return;
    const [ni, nj] = this.grid.size;
    for (const { k, j0, j1 } of boxes) this.compare(ni * (j0 + nj * k), ni * (j1 + 1 + nj * k));
    this.layers.get('difference')?.changed(slices);
  }

  /** A viewport shows this case from now on. */
  attach(): void {
    this.viewports++;
  }

  /** It shows it no more. */
  detach(): void {
    this.viewports--;
    if (this.closed && this.viewports === 0) this.remove();
  }

  /** Nobody will ask for this case any more: it leaves the cache once no viewport shows it. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.viewports === 0) this.remove();
  }

  private remove(): void {
    for (const layer of this.layers.values()) layer.dispose();
    this.layers.clear();
    utilities.genericViewportDisplaySetMetadataProvider.remove(this.scanId);
    this.volume.remove();
    taken.delete(this.slot);
  }
}
