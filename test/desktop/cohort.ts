/** Small phantoms on disk for the desktop tests, and the folders that a test works in. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { writeNifti } from '../../src/imaging/index.ts';

export interface Cohort {
  /** Everything below is in here; removed by `remove`. */
  root: string;
  scans: string;
  masks: string;
  projects: string;
  exports: string;
  remove(): void;
}

/** `count` abdomens of 48 x 48 x 32 voxels; the first `labelled` with their masks. */
export async function makeCohort(count: number, labelled: number): Promise<Cohort> {
  const root = mkdtempSync(join(tmpdir(), 'decile-desktop-'));
  const folder = (name: string) => {
    const path = join(root, name);
    mkdirSync(path);
    return path;
  };
  const cohort = {
    root,
    scans: folder('scans'),
    masks: folder('masks'),
    projects: folder('projects'),
    exports: folder('exports'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  for (let n = 1; n <= count; n++) {
    const phantom = makePhantom('ct-abdomen', n, [48, 48, 32]);
    const name = `case_${n}.nii.gz`;
    await writeNifti(join(cohort.scans, name), phantom.scan);
    if (n <= labelled) await writeNifti(join(cohort.masks, name), phantom.mask);
  }
  return cohort;
}
