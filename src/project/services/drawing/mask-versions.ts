/** Checks a mask against its scan and the project's labels, and keeps it as a new version. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gridDifference, gridOf, voxelToWorld } from '../../../core/geometry.ts';
import { type Grid, type LabelMap, MOST_LABELS, NOT_DRAWN, voxelFrom, voxelMl } from '../../../core/volume.ts';
import { makeFolder, temporaryFolder } from '../../../disk/index.ts';
import { alignMask, type ReadMask, readMask, readMaskWithNotices, writeNifti } from '../../../imaging/index.ts';
import { nothingDrawn } from '../../../shared/drawn.ts';
import { DecileError } from '../../../shared/errors.ts';
import {
  explainedAsync,
  type Label,
  type Mask,
  type MaskOrigin,
  maskFolder,
  type Scan,
  type Store,
} from '../../store/index.ts';
import { judgeAgain } from './untouched.ts';

/** Voxels and volume of each label value that is present; what nobody drew is no label. */
export function countLabels(mask: LabelMap): Mask['labels'] {
  const counts = new Float64Array(256);
  for (const value of mask.data) counts[value]++;
  const mlPerVoxel = voxelMl(mask);
  const present: Mask['labels'] = [];
  for (let value = 1; value <= MOST_LABELS; value++) {
    if (counts[value] > 0) present.push({ value, voxels: counts[value], ml: counts[value] * mlPerVoxel });
  }
  return present;
}

/** Voxels that nobody drew. */
const countNotDrawn = ({ data }: LabelMap): number =>
  data.reduce((sum, value) => sum + (value === NOT_DRAWN ? 1 : 0), 0);

/** Throws `mask/other-grid` stating the difference. */
function checkMaskGrid(mask: Grid, scan: Grid, what: string): void {
  const difference = gridDifference(scan, mask);
  if (difference !== null) {
    throw new DecileError(
      'mask/other-grid',
      `${what} must be on its scan's grid, got a difference (scan against mask): ${difference}.`,
      "Resample the mask onto the scan's grid, or export it again from the program that drew it.",
    );
  }
}

/**
 * The mask of a file on the scan's grid. A file that covers the same box with its voxels in another order (flipped or
 * swapped axes, as some programs write) is put in the scan's order exactly; any other difference is refused.
 * @throws mask/other-grid stating the difference, and what reading throws
 */
export async function readMaskOnGrid(path: string, grid: Grid, what: string): Promise<ReadMask> {
  const { mask, notices } = await readMaskWithNotices(path);
  if (gridDifference(grid, mask) === null || !sameBox(mask, grid)) {
    checkMaskGrid(mask, grid, what);
    return { mask: { ...gridOf(grid), data: mask.data }, notices };
  }
  return { mask: alignMask(mask, grid, what), notices };
}

/** Do the two grids have the same eight corners, in whatever order? */
function sameBox(a: Grid, b: Grid): boolean {
  const corners = (grid: Grid) =>
    Array.from({ length: 8 }, (_, corner) =>
      voxelToWorld(grid, voxelFrom(grid.size.map((n, axis) => ((corner >> axis) & 1 ? n - 1 : 0)))),
    );
  const others = corners(b);
  return corners(a).every((p) => others.some((q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) < 0.01));
}

/** Throws `mask/unknown-value` naming the values, how many voxels hold them, and the project's labels. */
export function checkMaskValues(present: Mask['labels'], labels: readonly Label[], what: string): void {
  const unknown = present.filter(({ value }) => !labels.some((label) => label.value === value));
  if (unknown.length > 0) {
    const got = unknown.map(({ value, voxels }) => `${value} (${voxels} voxels)`).join(', ');
    const known = ['0 background', ...labels.map((label) => `${label.value} ${label.name}`)].join(', ');
    throw new DecileError(
      'mask/unknown-value',
      `${what} must hold only the values ${known}, got ${got}.`,
      'Add the missing label to the project, or correct the mask.',
    );
  }
}

/**
 * Keeps a mask as the scan's next version: written whole beside its place, then moved and numbered in one transaction.
 * @throws mask/other-grid, mask/unknown-value, mask/nothing-drawn, disk/full
 */
export async function saveMaskVersion(
  store: Store,
  scan: Scan,
  mask: LabelMap,
  as: { origin: MaskOrigin; accepted: boolean; run?: number | null; untouched?: boolean },
): Promise<Mask> {
  const what = `The mask of ${scan.name}`;
  checkMaskGrid(mask, scan, what);
  const labels = countLabels(mask);
  checkMaskValues(labels, store.labels.list(), what);
  const notDrawn = countNotDrawn(mask);
  if (notDrawn === mask.data.length) throw nothingDrawn(scan.name);
  return explainedAsync(`Saving the mask of ${scan.name}`, async () => {
    const folder = store.path(maskFolder(scan.id));
    makeFolder(folder);
    const unfinished = temporaryFolder(folder, 'version');
    try {
      const file = join(unfinished, 'mask.nii.gz');
      // The scan's own geometry is written: a mask within tolerance becomes exactly aligned.
      await writeNifti(file, { data: mask.data, ...gridOf(scan) });
      const kept = store.transaction(() => store.masks.keep(file, { scan: scan.id, labels, notDrawn, ...as }));
      await judgeAgain(store, kept);
      return kept;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

/** Same voxels as the mask that training would take now? Importing the same mask twice makes no second version. */
export async function isCurrentReference(store: Store, scan: Scan, mask: LabelMap): Promise<boolean> {
  const current = store.masks.reference(scan.id);
  if (!current || JSON.stringify(current.labels) !== JSON.stringify(countLabels({ ...mask, spacing: scan.spacing })))
    return false;
  const known = await readMask(store.path(current.file));
  return Buffer.compare(known.data, mask.data) === 0;
}
