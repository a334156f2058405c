/** Files whose voxels are those of a mask: given to the scan that they lie on, or named; never a scan unsaid. */
import { basename, dirname } from 'node:path';
import { gridOf, sameGrid } from '../../../core/geometry.ts';
import type { Grid, Volume } from '../../../core/volume.ts';
import type { ScanSource } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Scan } from '../../store/index.ts';

export interface HeldFile {
  source: ScanSource;
  grid: Grid;
  /** Different values. */
  values: number;
  /** Its name or folder says that it is a mask. */
  named: boolean;
  /** The user's word: that it is a mask, or, for a file in a folder of masks, that others are. */
  word?: 'mask' | 'no mask';
}

/** So few whole values are no scan; more of them are labels where neighbours along i are mostly equal. */
const FEW = 32;
const SOLID = 0.8;

/** How many values a volume has, where it looks like a mask: whole numbers from 0 to 255, 0 among them. Else 0. */
export function maskValues({ data }: Volume): number {
  const seen = new Uint8Array(256);
  let [labelled, equal] = [0, 0];
  for (let n = 0; n < data.length; n++) {
    const v = data[n];
    if (!(v >= 0 && v <= 255) || !Number.isInteger(v)) return 0;
    seen[v] = 1;
    if (v === 0) continue;
    labelled++;
    if (data[n + 1] === v) equal++;
  }
  const values = seen.reduce((sum, v) => sum + v, 0);
  if (seen[0] === 0 || values < 2) return 0;
  return values <= FEW || equal >= SOLID * labelled ? values : 0;
}

export const held = (
  source: ScanSource,
  volume: Volume,
  values: number,
  named: boolean,
  word?: HeldFile['word'],
): HeldFile => ({ source, values, named, word, grid: gridOf(volume) });

/** What becomes of a held file: the scan that it is the mask of, 'scan', the reason why it is neither, null where it is left out. */
export function settle(
  file: HeldFile,
  scans: readonly { scan: Scan; path: string }[],
): Scan | 'scan' | DecileError | null {
  if (file.word === 'no mask') return null;
  const [path] = file.source.paths;
  const same = scans.filter(({ scan }) => sameGrid(scan, file.grid));
  const here = same.filter((other) => dirname(other.path) === dirname(path));
  const alone = here.length === 1 && scans.filter((other) => dirname(other.path) === dirname(path)).length === 1;
  if (file.named && same.length === 1) return same[0].scan;
  if (alone) return here[0].scan;
  if (same.length === 0 && !file.named) return 'scan';
  if (file.named)
    return new DecileError(
      'mask/no-scan',
      `${path} must belong to a scan of the project, got ${same.length === 0 ? 'none of its name or on its voxels' : `none of its name, and ${same.length} on its voxels`}.`,
      'Name it like its scan, e.g. case_seg.nii.gz beside case.nii.gz, or import it with --labels. If it is a scan, say with --masks which files are masks.',
    );
  return new DecileError(
    'mask/unsure',
    `${path} must be a scan or a mask for sure, got ${file.values} whole values on the voxels of ${same
      .slice(0, 2)
      .map(({ path: other }) => basename(other))
      .join(', ')}.`,
    'Say with --masks GLOB which files are masks; all others are scans then.',
  );
}
