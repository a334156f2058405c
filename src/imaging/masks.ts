/** Masks from any format, on the scan's own grid where one is given. */
import { stat } from 'node:fs/promises';
import { gridOf } from '../core/geometry.ts';
import { type Grid, type LabelMap, voxelCount } from '../core/volume.ts';
import { alignMask } from './align.ts';
import { rtLabelMap } from './contours/label-map.ts';
import { looksLikeDicom, readDicomHeader } from './dicom/dataset.ts';
import { readRtStruct } from './dicom/rtstruct.ts';
import { placeSeg } from './dicom/seg-place.ts';
import { openDicomSeg, overlapping, readDicomSeg, segLabelMap, segmentNumber } from './dicom/seg-read.ts';
import { readHead } from './files.ts';
import type { ReadScan } from './types.ts';
import { toLabelMap } from './voxels.ts';

export interface ReadMask {
  mask: LabelMap;
  /** What was corrected, assumed or left out on the way, one sentence each. */
  notices: string[];
}

/**
 * Reads a mask of whole numbers from 0 to 255.
 * @param grid the scan's grid: the mask is laid onto it exactly (flipped, cropped, padded; never interpolated), and
 *   RTSTRUCT contours are drawn on it
 * @throws mask/not-integer, mask/value, mask/overlapping, mask/other-grid, mask/outside, mask/needs-scan and what
 *   reading throws
 */
export async function readMaskFile(
  path: string,
  readVolume: (path: string) => Promise<ReadScan>,
  grid?: Grid,
): Promise<ReadMask> {
  const { mask, notices } = await load(path, readVolume, grid);
  return { mask: grid ? alignMask(mask, grid, path) : mask, notices };
}

async function load(path: string, readVolume: (path: string) => Promise<ReadScan>, grid?: Grid): Promise<ReadMask> {
  if (await isFile(path)) {
    const head = await readHead(path, 1024);
    if (looksLikeDicom(head)) {
      const modality = (await readDicomHeader(path)).dataSet.string('x00080060')?.trim();
      if (modality === 'SEG') return grid ? segOnGrid(path, grid) : segAlone(path);
      if (modality === 'RTSTRUCT') return rtLabelMap(path, await readRtStruct(path), grid);
    }
  }
  const { volume, notices } = await readVolume(path);
  return { mask: toLabelMap(path, volume), notices };
}

async function segAlone(path: string): Promise<ReadMask> {
  const seg = await readDicomSeg(path);
  return { mask: segLabelMap(path, seg), notices: seg.notices };
}

/** All segments on the scan's grid, value = segment number. @throws mask/overlapping */
async function segOnGrid(path: string, grid: Grid): Promise<ReadMask> {
  const seg = await openDicomSeg(path);
  const high = seg.segments.find(({ number }) => number < 1 || number > 255);
  if (high) throw segmentNumber(path, high.number);
  const data = new Uint8Array(voxelCount(grid));
  let overlap = 0;
  const notices = placeSeg(
    path,
    seg,
    grid,
    () => true,
    undefined,
    (segment, voxel) => {
      if (data[voxel] !== 0 && data[voxel] !== segment) overlap++;
      data[voxel] = segment;
    },
  );
  if (overlap > 0) throw overlapping(path, overlap, 'several segments');
  return { mask: { ...gridOf(grid), data }, notices: [...seg.notices, ...notices] };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
}
