/** The demo's scans on disk: phantoms as NIfTI files, masks beside them under the same names. */

import { join } from 'node:path';
import { makePhantom, type PhantomKind } from '../../core/phantom/index.ts';
import { makeFolder } from '../../disk/index.ts';
import { writeNifti } from '../../imaging/index.ts';

export interface CohortPart {
  /** Folder of the scans. */
  scans: string;
  /** Folder of the masks; `labelled` of the training part holds those alone that a clinician would have drawn. */
  masks: string;
  labelled: string;
}

/**
 * Writes `count` phantoms of the seeds that follow `firstSeed`.
 * @param labelled the first so many masks go into `labelled`, too
 */
export async function writeCohort(
  folder: string,
  kind: PhantomKind,
  {
    firstSeed,
    count,
    labelled,
    size,
    prefix,
  }: { firstSeed: number; count: number; labelled: number; size: readonly [number, number, number]; prefix: string },
  onDone: (done: number) => void,
  signal: AbortSignal,
): Promise<CohortPart> {
  const part: CohortPart = {
    scans: join(folder, 'scans'),
    masks: join(folder, 'masks'),
    labelled: join(folder, 'labelled'),
  };
  for (const path of Object.values(part)) makeFolder(path);
  for (let n = 0; n < count; n++) {
    signal.throwIfAborted();
    const { scan, mask } = makePhantom(kind, firstSeed + n, size);
    const file = `${prefix}_${String(n + 1).padStart(3, '0')}.nii.gz`;
    await writeNifti(join(part.scans, file), scan);
    await writeNifti(join(part.masks, file), mask);
    if (n < labelled) await writeNifti(join(part.labelled, file), mask);
    onDone(n + 1);
  }
  return part;
}
