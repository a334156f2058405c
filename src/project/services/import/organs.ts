/** Masks with one file a label, as TotalSegmentator writes them: `CASE/segmentations/ORGAN.nii.gz`. */
import { basename } from 'node:path';
import type { LabelMap } from '../../../core/volume.ts';
import type { Scan, Store } from '../../store/index.ts';
import { markNotDrawn } from '../drawing/ignore-label.ts';
import { readMaskOnGrid } from '../drawing/mask-versions.ts';
import { keepMask, listing, type MaskReport } from './import-masks.ts';
import { caseName } from './names.ts';
import { plainName } from './segment-labels.ts';

/**
 * Joins the files that are called like a label of the project into one mask of the scan; where two meet, the label of the
 * higher value stays, which is said. A single file that is called like no label is the mask itself, `ignore` its value where nobody drew.
 */
export async function importOrgans(
  store: Store,
  scan: Scan,
  files: readonly string[],
  report: MaskReport,
  ignore?: number,
): Promise<void> {
  const labels = store.labels.list();
  const labelOf = (path: string) => labels.find(({ name }) => plainName(name) === plainName(caseName(path)));
  const named = files.filter((path) => labelOf(path) !== undefined);
  const [first] = files;
  await listing(first, report, async () => {
    if (named.length === 0 && files.length === 1) {
      const what = `The mask of ${scan.name}`;
      const { mask } = await readMaskOnGrid(first, scan, what);
      markNotDrawn(mask, ignore ?? null, what);
      await keepMask(store, scan, mask, 'manual', first, report);
      return;
    }
    let mask: LabelMap | null = null;
    let met = 0;
    for (const path of named) {
      const { value } = labelOf(path)!;
      const { mask: organ } = await readMaskOnGrid(path, scan, `The mask ${basename(path)}`);
      mask ??= { ...organ, data: new Uint8Array(organ.data.length) };
      for (let n = 0; n < organ.data.length; n++) {
        if (organ.data[n] === 0) continue;
        if (mask.data[n] !== 0 && mask.data[n] !== value) met++;
        mask.data[n] = Math.max(mask.data[n], value);
      }
    }
    const others = files.filter((path) => !named.includes(path)).map((path) => caseName(path));
    if (others.length > 0)
      report.notices.push(
        `${scan.name}: ${others.length} mask files are called like no label and were left out (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}).`,
      );
    if (met > 0)
      report.notices.push(
        `${scan.name}: ${met} voxels are in several mask files; the label of the higher value stayed.`,
      );
    if (mask) await keepMask(store, scan, mask, 'manual', named[0], report);
  });
}
