/** A small cohort for the command line, and options with which it trains in seconds. */
import { join } from 'node:path';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { maskOf, scanOf, writeVolumes } from '../services/helpers.ts';

export const SMALL = [
  '--width',
  '1',
  '--patch',
  '16,16,16',
  '--spacing',
  'native',
  '--labeled-batch',
  '1',
  '--unlabeled-batch',
  '1',
];
export const GRID = {
  size: [20, 18, 16] as const,
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(5, 6, 7),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
};

/** A folder with scans a1..a4, all smaller than or near the patch, and masks of them. */
export async function cohort(folder: string): Promise<string> {
  const names = ['a1', 'a2', 'a3', 'a4'];
  const bright = (n: number) => {
    const scan = scanOf(n, GRID);
    const mask = maskOf(1, [5, 5, 5], [13, 12, 11], GRID);
    mask.data.forEach((value, at) => {
      scan.data[at] = Math.abs(scan.data[at] % 50) + 20 + 400 * value;
    });
    return scan;
  };
  await writeVolumes(join(folder, 'scans'), Object.fromEntries(names.map((name, n) => [`${name}.nii.gz`, bright(n)])));
  await writeVolumes(
    join(folder, 'masks'),
    Object.fromEntries(names.map((name) => [`${name}.nii.gz`, maskOf(1, [5, 5, 5], [13, 12, 11], GRID)])),
  );
  return folder;
}
