/** Opening what a path or a source stands for: the right reader by content. */

import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { shear } from '../core/geometry.ts';
import type { Grid, LabelMap } from '../core/volume.ts';
import { fileError } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';
import { looksLikeDicom, readDicomHeader } from './dicom/dataset.ts';
import { framesOf } from './dicom/frame.ts';
import { readDicomScan } from './dicom/read.ts';
import { discoverScans } from './discover.ts';
import { readHead } from './files.ts';
import { looksLikeMetaImage, readMetaImage } from './itk/metaimage.ts';
import { looksLikeNrrd, readNrrd } from './itk/nrrd.ts';
import { type ReadMask, readMaskFile } from './masks.ts';
import { stem } from './names.ts';
import { looksLikeNifti } from './nifti/header.ts';
import { readNifti } from './nifti/read.ts';
import type { ReadScan, ScanFailure, ScanSource } from './types.ts';

/** The volume that a source stands for, real-world values on the scan's own grid. */
export async function readScan(source: ScanSource): Promise<ReadScan> {
  switch (source.kind) {
    case 'nifti':
      return readNifti(source.paths[0], source.part);
    case 'dicom':
      return readDicomScan(source);
    case 'nrrd':
      return checkedAxes(source.paths[0], await readNrrd(source.paths[0]));
    case 'metaimage':
      return checkedAxes(source.paths[0], await readMetaImage(source.paths[0]));
  }
}

/** Sheared axes are refused in every format. @throws geometry/sheared */
function checkedAxes(path: string, scan: ReadScan): ReadScan {
  const off = shear(scan.volume.direction);
  if (off < 1e-3) return scan;
  throw new DecileError(
    'geometry/sheared',
    `The voxel axes of ${path} must be at right angles, got axes ${((Math.asin(Math.min(1, off)) * 180) / Math.PI).toFixed(1)} degrees off square.`,
    'Resample the scan onto a rectangular grid first.',
  );
}

/**
 * Any readable file, or a folder that holds one DICOM series.
 * @param part which volume of a NIfTI file that holds several, from 0
 * @throws scan/several-volumes for a folder of more
 */
export async function readVolume(path: string, part?: number): Promise<ReadScan> {
  const left: ScanFailure[] = [];
  const source = await sourceAt(path, left);
  const read = await readScan(part === undefined ? source : { ...source, part });
  return { ...read, notices: [...read.notices, ...left.map(({ code, message }) => `${code}: ${message}`)] };
}

/** @param left what a folder holds beside its one scan, with the reason why it is none */
async function sourceAt(named: string, left: ScanFailure[]): Promise<ScanSource> {
  // The directory of a disc stands for the disc.
  const path = basename(named).toUpperCase() === 'DICOMDIR' ? dirname(resolve(named)) : named;
  let folder: boolean;
  try {
    folder = (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(path, error);
  }
  if (folder) {
    const { sources, masks, failures } = await discoverScans(path);
    left.push(...failures);
    if (sources.length === 1) return sources[0];
    if (sources.length === 0) {
      if (masks.length > 0)
        throw new DecileError(
          'scan/not-a-scan',
          `${path} must hold a scan, got masks alone (${masks[0].name} and others).`,
          'Import them together with the images that they were drawn on.',
        );
      const { code, message, cure } = failures[0];
      throw new DecileError(code, message, cure);
    }
    throw new DecileError(
      'scan/several-volumes',
      `${path} must hold one scan, got ${sources.length} (${sources
        .slice(0, 5)
        .map((s) => s.name)
        .join(', ')}${sources.length > 5 ? ', ...' : ''}).`,
      'Name one file, or the folder of one series; `decile import` takes all of them.',
    );
  }
  const head = await readHead(path, 1024);
  if (looksLikeDicom(head)) {
    const [first] = framesOf(await readDicomHeader(path));
    return { kind: 'dicom', name: stem(path), paths: [path], seriesUid: first.seriesUid, modality: first.modality };
  }
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  if (
    !looksLikeNrrd(head) &&
    !looksLikeMetaImage(head) &&
    !looksLikeNifti(head) &&
    !gzip &&
    head.length >= 348 &&
    !/\.(nii|hdr)$/i.test(path)
  ) {
    throw new DecileError(
      'scan/unknown-format',
      `${path} must be a NIfTI, DICOM, NRRD or MetaImage file, got an unknown format.`,
      'Check that the file is a scan and not damaged.',
    );
  }
  const kind = looksLikeNrrd(head) ? 'nrrd' : looksLikeMetaImage(head) ? 'metaimage' : 'nifti';
  return { kind, name: stem(path), paths: [path] };
}

/** A mask of whole numbers from 0 to 255, on the scan's own `grid` where one is given, with what to tell: see readMaskFile. */
export const readMaskWithNotices = (path: string, grid?: Grid): Promise<ReadMask> =>
  readMaskFile(path, readVolume, grid);

/** The mask alone, for files of ours, of which nothing is to be told. */
export const readMask = async (path: string, grid?: Grid): Promise<LabelMap> =>
  (await readMaskWithNotices(path, grid)).mask;
