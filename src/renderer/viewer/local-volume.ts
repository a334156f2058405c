/** A volume of ours in Cornerstone3D's cache: same voxels, shared memory, its own place in space. */
import { cache, Enums, eventTarget, ImageVolume, type Types, triggerEvent, utilities } from '@cornerstonejs/core';
import { voxelToWorld } from '../../core/geometry.ts';
import { type Grid, type Volume, voxelIndex } from '../../core/volume.ts';
import type { DisplayArray } from './display-scan.ts';

const { VoxelManager, genericMetadataProvider } = utilities;

/** All display volumes of a case share it. */
const FRAME_OF_REFERENCE = 'decile';

/** Least and greatest value of an element type. A narrower range would cost a look at every voxel, and nothing uses it. */
const rangeOf = (data: DisplayArray): [number, number] => {
  const bits = data.BYTES_PER_ELEMENT * 8;
  return data instanceof Int16Array ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
};

/** Cornerstone3D's order: the three voxel axes one after the other. */
const axes = ({ direction: d }: Grid): Types.Mat3 => [d[0], d[3], d[6], d[1], d[4], d[7], d[2], d[5], d[8]];

/**
 * A volume on a centred grid in the cache. Its slices are views of `data`: what is written there is what is drawn, once
 * `modified` has told of it. Opening one looks at no voxel and copies none.
 */
export class LocalVolume {
  readonly id: string;
  readonly imageIds: string[];
  private readonly grid: Grid;
  private readonly images: Types.IImage[];
  private readonly volume: Types.IImageVolume;

  constructor(id: string, volume: Volume<DisplayArray>, modality: string) {
    const { data, size, spacing, origin } = volume;
    const orientation = axes(volume);
    const bits = data.BYTES_PER_ELEMENT * 8;
    this.id = id;
    this.grid = volume;
    this.imageIds = Array.from({ length: size[2] }, (_, k) => `${id}_slice_${k}`);
    this.images = this.imageIds.map((imageId, k) => sliceImage(imageId, volume, k));
    this.images.forEach((image, k) => {
      describeSlice(image.imageId, volume, k, orientation);
      cache.putImageSync(image.imageId, image);
    });
    this.volume = new ImageVolume({
      volumeId: id,
      imageIds: this.imageIds,
      dimensions: [...size],
      spacing: [...spacing],
      origin: [...origin] as Types.Point3,
      direction: orientation,
      dataType: data.constructor.name as Types.PixelDataTypedArrayString,
      numberOfComponents: 1,
      voxelManager: volumeVoxels(id, volume),
      metadata: {
        BitsAllocated: bits,
        BitsStored: bits,
        HighBit: bits - 1,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        PixelRepresentation: data instanceof Int16Array ? 1 : 0,
        Modality: modality,
        ImageOrientationPatient: Array.from(orientation).slice(0, 6),
        PixelSpacing: [spacing[1], spacing[0]],
        FrameOfReferenceUID: FRAME_OF_REFERENCE,
        Columns: size[0],
        Rows: size[1],
        voiLut: [],
        VOILUTFunction: 'LINEAR',
      } as unknown as Types.Metadata,
    }) as unknown as Types.IImageVolume;
    cache.putVolumeSync(id, this.volume);
  }

  /** Other voxels of the same type stand in its place from now on. */
  replace(data: DisplayArray): void {
    const whole = { ...this.grid, data };
    const voxelManager = volumeVoxels(this.id, whole);
    this.volume.voxelManager = voxelManager;
    this.volume.imageData?.set({ voxelManager }, true);
    for (const [k, image] of this.images.entries()) Object.assign(image, sliceVoxels(image.imageId, whole, k));
    this.modified(this.images.keys());
  }

  /**
   * Voxels of these slices across k were written. Whoever shows them draws them in its next picture; without WebGL nobody
   * is made to draw one, since most viewports do not show what was written.
   */
  modified(slices: Iterable<number>): void {
    const { volume } = this;
    const texture = volume.vtkOpenGLTexture as { setUpdatedFrame(frame: number): void } | undefined;
    for (const k of slices) texture?.setUpdatedFrame(k);
    volume.imageData?.modified();
    triggerEvent(eventTarget, Enums.Events.IMAGE_VOLUME_MODIFIED, {
      volumeId: this.id,
      FrameOfReferenceUID: FRAME_OF_REFERENCE,
      numberOfFrames: this.imageIds.length,
      framesProcessed: this.imageIds.length,
    });
  }

  /** Takes the volume and its slices out of the cache; the voxels themselves stay as they are. */
  remove(): void {
    cache.removeVolumeLoadObject(this.id);
    for (const imageId of this.imageIds) cache.removeImageLoadObject(imageId, { force: true });
  }
}

/** Voxels of the whole volume, read without the library's way through the cached slices. */
function volumeVoxels(id: string, { data, size }: Volume<DisplayArray>): Types.IVoxelManager<number> {
  const [ni, nj] = size;
  const voxels = VoxelManager.createScalarVolumeVoxelManager({
    dimensions: [...size],
    scalarData: data,
    numberOfComponents: 1,
    id,
  });
  // The library would put the slices together into a copy of the volume after every stroke, and look through it.
  Object.assign(voxels, {
    getAtIJK: (i: number, j: number, k: number) => data[i + ni * (j + nj * k)],
    getCompleteScalarDataArray: () => data,
    getRange: () => rangeOf(data),
    clear: () => {},
  });
  return voxels as Types.IVoxelManager<number>;
}

/** The part of a slice's image that changes with the voxels. */
function sliceVoxels(
  imageId: string,
  { data, size }: Volume<DisplayArray>,
  k: number,
): Pick<Types.IImage, 'voxelManager' | 'getPixelData'> {
  const [width, height] = size;
  const scalarData = data.subarray(k * width * height, (k + 1) * width * height);
  const voxelManager = VoxelManager.createImageVoxelManager({
    width,
    height,
    numberOfComponents: 1,
    scalarData,
    id: imageId,
  });
  return { voxelManager, getPixelData: () => scalarData };
}

function sliceImage(imageId: string, volume: Volume<DisplayArray>, k: number): Types.IImage {
  const { data, size, spacing } = volume;
  const [minPixelValue, maxPixelValue] = rangeOf(data);
  return {
    imageId,
    ...sliceVoxels(imageId, volume, k),
    minPixelValue,
    maxPixelValue,
    slope: 1,
    intercept: 0,
    windowCenter: 0,
    windowWidth: 0,
    color: false,
    rgba: false,
    invert: false,
    numberOfComponents: 1,
    dataType: data.constructor.name,
    rows: size[1],
    columns: size[0],
    height: size[1],
    width: size[0],
    rowPixelSpacing: spacing[1],
    columnPixelSpacing: spacing[0],
    FrameOfReferenceUID: FRAME_OF_REFERENCE,
    sizeInBytes: size[0] * size[1] * data.BYTES_PER_ELEMENT,
  } as unknown as Types.IImage;
}

/** Where a slice lies and what its pixels are, for whoever asks the library's metadata. */
function describeSlice(imageId: string, volume: Volume<DisplayArray>, k: number, orientation: Types.Mat3): void {
  const { data, size, spacing } = volume;
  const bits = data.BYTES_PER_ELEMENT * 8;
  genericMetadataProvider.addRaw(imageId, {
    type: 'imagePixelModule',
    metadata: {
      samplesPerPixel: 1,
      photometricInterpretation: 'MONOCHROME2',
      rows: size[1],
      columns: size[0],
      bitsAllocated: bits,
      bitsStored: bits,
      highBit: bits - 1,
    },
  });
  genericMetadataProvider.addRaw(imageId, {
    type: 'imagePlaneModule',
    metadata: {
      frameOfReferenceUID: FRAME_OF_REFERENCE,
      rows: size[1],
      columns: size[0],
      imageOrientationPatient: orientation.slice(0, 6),
      rowCosines: orientation.slice(0, 3),
      columnCosines: orientation.slice(3, 6),
      imagePositionPatient: [...voxelToWorld(volume, voxelIndex(0, 0, k))],
      pixelSpacing: [spacing[1], spacing[0]],
      rowPixelSpacing: spacing[1],
      columnPixelSpacing: spacing[0],
      sliceThickness: spacing[2],
      sliceLocation: k * spacing[2],
    },
  });
}
