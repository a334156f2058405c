/** Any readable scan as NIfTI, without a project; or every scan of a folder. */

import { join } from 'node:path';
import { makeFolder, sweepLeftovers } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';
// Not by index.ts: a command that only reads should not load what writes and sends.
import { discoverScans } from './discover.ts';
import { writeNifti } from './nifti/write.ts';
import { readScan, readVolume } from './open.ts';
import type { ReadScan, ScanFailure } from './types.ts';

export interface Converted {
  output: string;
  size: readonly [number, number, number];
  spacing: readonly [number, number, number];
  modality: string;
  /** Voxel type in the file: int16, float32, ... */
  type: string;
  notices: string[];
}

/** @throws option/invalid for another suffix, and what reading and writing throw */
export async function convertScan(input: string, output: string): Promise<Converted> {
  if (!/\.nii(\.gz)?$/i.test(output))
    throw new DecileError(
      'option/invalid',
      `OUT must end in .nii or .nii.gz, or in / for a folder, got ${output}.`,
      'For instance scan.nii.gz.',
    );
  return write(output, await readVolume(input));
}

/**
 * Every scan below `folder`, one at a time, each volume of a series for itself, as OUT/NAME.nii.gz.
 * @returns what was written, and what was left out with the reason
 */
export async function convertFolder(
  folder: string,
  out: string,
): Promise<{ converted: Converted[]; failures: ScanFailure[] }> {
  const { sources, failures } = await discoverScans(folder);
  makeFolder(out);
  sweepLeftovers(out);
  const converted: Converted[] = [];
  for (const source of sources) {
    try {
      converted.push(await write(join(out, `${source.name}.nii.gz`), await readScan(source)));
    } catch (error) {
      if (!(error instanceof DecileError)) throw error;
      const { code, message, cure } = error;
      failures.push({ path: source.paths[0], code, message, cure });
    }
  }
  return { converted, failures };
}

async function write(output: string, { volume, modality, notices }: ReadScan): Promise<Converted> {
  await writeNifti(output, volume, { flush: false });
  return {
    output,
    size: volume.size,
    spacing: volume.spacing,
    modality,
    type: volume.data.constructor.name.replace('Array', '').toLowerCase(),
    notices,
  };
}
