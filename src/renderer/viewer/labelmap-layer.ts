/** One labelmap of a case as a Cornerstone3D segmentation: its colours, opacity, visibility, and what changed in it. */
import type { Types } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';
import type { LabelMap } from '../../core/volume.ts';
import { LocalVolume } from './local-volume.ts';

const { Labelmap } = Enums.SegmentationRepresentations;

/** Layers of a case, bottom first: the lower, the earlier it is put into a viewport. */
export const LAYERS = ['heat', 'mask', 'prediction', 'difference'] as const;
export type LayerName = (typeof LAYERS)[number];

const rgba = (packed: number): Types.Color => [
  packed & 255,
  (packed >> 8) & 255,
  (packed >> 16) & 255,
  (packed >>> 24) & 255,
];

export class LabelmapLayer {
  readonly id: string;
  private readonly volume: LocalVolume;
  private readonly lut: number;
  private colours: Uint32Array | null = null;
  private opacity = Number.NaN;
  private readonly viewports = new Set<string>();

  /** @param name unique among the open cases; a closed case's name may be used again */
  constructor(name: string, lut: number, labelmap: LabelMap, scanId: string, colours: Uint32Array, opacity: number) {
    this.id = name;
    this.lut = lut;
    this.volume = new LocalVolume(`${name}-volume`, labelmap, 'SEG');
    const volumeId = this.volume.id;
    const layer = { labelmapId: volumeId, storageKind: 'volume' as const, volumeId, referencedVolumeId: scanId };
    segmentation.addSegmentations([
      {
        segmentationId: name,
        representation: {
          type: Labelmap,
          // Named here, so that the id of its voxels in a viewport is known beforehand.
          data: { ...layer, primaryLabelmapId: volumeId, labelmaps: { [volumeId]: layer } },
        },
      },
    ]);
    if (!segmentation.state.getColorLUT(lut)) segmentation.config.color.addColorLUT(lutOf(colours), lut);
    this.setLook(colours, opacity);
  }

  /** Id under which a viewport knows this layer's voxels. */
  get dataId(): string {
    return `${this.id}-${Labelmap}-${this.volume.id}`;
  }

  isIn(viewportId: string): boolean {
    return this.viewports.has(viewportId);
  }

  addTo(viewportId: string): void {
    if (this.viewports.has(viewportId)) return;
    this.viewports.add(viewportId);
    segmentation.addLabelmapRepresentationToViewport(viewportId, [
      { segmentationId: this.id, config: { colorLUTOrIndex: this.lut } },
    ]);
  }

  removeFrom(viewportId: string): void {
    if (!this.viewports.delete(viewportId)) return;
    segmentation.removeLabelmapRepresentation(viewportId, this.id);
  }

  /** Colour by label value, packed; 0 = hidden. `opacity`: 0..1 of all of them together. */
  setLook(colours: Uint32Array, opacity: number): void {
    if (this.colours === colours && this.opacity === opacity) return;
    if (this.colours !== colours) {
      const lut = segmentation.state.getColorLUT(this.lut);
      if (lut) for (let value = 1; value < 256; value++) lut[value] = rgba(colours[value]);
    }
    if (this.opacity !== opacity) {
      segmentation.config.style.setStyle(
        { type: Labelmap, segmentationId: this.id },
        {
          renderFill: true,
          renderFillInactive: true,
          // The outlines are ours: drawn alike with WebGL and without.
          renderOutline: false,
          renderOutlineInactive: false,
          fillAlpha: opacity,
          fillAlphaInactive: opacity,
        },
      );
    }
    this.colours = colours;
    this.opacity = opacity;
    for (const viewportId of this.viewports) {
      segmentation.triggerSegmentationEvents.triggerSegmentationRepresentationModified(viewportId, this.id, Labelmap);
    }
  }

  /** Voxels of these slices across k were written. The library's own event would draw every viewport, changed or not. */
  changed(slices: Iterable<number>): void {
    this.volume.modified(slices);
  }

  dispose(): void {
    for (const viewportId of [...this.viewports]) this.removeFrom(viewportId);
    segmentation.removeSegmentation(this.id);
    this.volume.remove();
  }
}

const lutOf = (colours: Uint32Array): Types.ColorLUT =>
  Array.from({ length: 256 }, (_, value): Types.Color => (value ? rgba(colours[value]) : [0, 0, 0, 0]));
