/** Any readable scan as NIfTI, without a project. */
import { DecileError } from '../../shared/errors.ts';
import { readVolume, writeNifti } from '../imaging/index.ts';

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
      `OUT must end in .nii or .nii.gz, got ${output}.`,
      'For instance scan.nii.gz.',
    );
  const { volume, modality, notices } = await readVolume(input);
  await writeNifti(output, volume);
  return {
    output,
    size: volume.size,
    spacing: volume.spacing,
    modality,
    type: volume.data.constructor.name.replace('Array', '').toLowerCase(),
    notices,
  };
}
