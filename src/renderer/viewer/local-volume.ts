/** A volume of ours in Cornerstone3D's cache: same voxels, shared memory, its own place in space. */
import { cache, type Types, utilities, volumeLoader } from '@cornerstonejs/core';
import { voxelToWorld } from '../../core/geometry.ts';
import type { Grid, Volume } from '../../core/volume.ts';
import type { DisplayArray } from './display-scan.ts';

/** All display volumes of a case share it. */
const FRAME_OF_REFERENCE = 'decile';

/** Cornerstone3D's order: the three voxel axes one after the other. */
const axes = ({ direction: d }: Grid): Types.Mat3 => [d[0], d[3], d[6], d[1], d[4], d[7], d[2], d[5], d[8]];

/**
 * Puts a volume on a centred grid into the cache. Its slices are views of `data`: what is written there is what is
 * drawn, once Cornerstone3D has been told which slices changed.
 * @param range Least and greatest value that may ever stand in `data`; values outside are drawn as these.
 */
export function addLocalVolume(
  id: string,
  { size, spacing, origin, direction, data }: Volume<DisplayArray>,
  modality: string,
  range: readonly [number, number],
): Types.IImageVolume {
  const dimensions: Types.Point3 = [...size];
  const orientation = axes({ size, spacing, origin, direction });
  const bits = data.BYTES_PER_ELEMENT * 8;
  const volume = volumeLoader.createLocalVolume(id, {
    scalarData: data,
    dimensions,
    spacing: [...spacing],
    origin: [...origin] as Types.Point3,
    direction: orientation,
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
    },
  });
  placeSlices(volume, { size, spacing, origin, direction }, orientation);
  const voxels = utilities.VoxelManager.createScalarVolumeVoxelManager({
    dimensions,
    scalarData: data,
    numberOfComponents: 1,
    id,
  });
  // The library would put the slices together into a copy of the volume after every stroke, and look through it.
  Object.assign(voxels, {
    getCompleteScalarDataArray: () => data,
    getRange: () => [range[0], range[1]],
    clear: () => {},
  });
  volume.voxelManager = voxels as Types.IVoxelManager<number>;
  volume.imageData?.set({ voxelManager: voxels }, true);
  return volume;
}

/** createLocalVolume gives each slice the volume's origin: here each gets its own. */
function placeSlices(volume: Types.IImageVolume, grid: Grid, orientation: Types.Mat3): void {
  const { spacing } = grid;
  volume.imageIds.forEach((imageId, k) => {
    utilities.genericMetadataProvider.add(imageId, {
      type: 'imagePlaneModule',
      metadata: {
        frameOfReferenceUID: FRAME_OF_REFERENCE,
        rows: grid.size[1],
        columns: grid.size[0],
        imageOrientationPatient: orientation.slice(0, 6),
        rowCosines: orientation.slice(0, 3),
        columnCosines: orientation.slice(3, 6),
        imagePositionPatient: [...voxelToWorld(grid, [0, 0, k])],
        pixelSpacing: [spacing[1], spacing[0]],
        rowPixelSpacing: spacing[1],
        columnPixelSpacing: spacing[0],
        sliceThickness: spacing[2],
        sliceLocation: k * spacing[2],
      },
    });
  });
}

/** Takes a volume and its slices out of the cache; the voxels themselves stay as they are. */
export function removeLocalVolume(volume: Types.IImageVolume): void {
  cache.removeVolumeLoadObject(volume.volumeId);
  for (const imageId of volume.imageIds) cache.removeImageLoadObject(imageId, { force: true });
}
