/** Masks with one file a label, as TotalSegmentator writes them: `CASE/segmentations/ORGAN.nii.gz`. */
import { basename } from 'node:path';
import { labelNamed } from '../../../core/label-names.ts';
import { LabelSets } from '../../../imaging/index.ts';
import type { Scan, Store } from '../../store/index.ts';
import { markNotDrawn } from '../drawing/ignore-label.ts';
import { readMaskOnGrid } from '../drawing/mask-versions.ts';
import { keepMask, listing, type MaskHow, type MaskReport } from './import-masks.ts';
import { caseName } from './names.ts';
import { settleOverlaps } from './overlaps.ts';
import { plainName } from './segment-labels.ts';

/**
 * Joins the files that are called like a label of the project into one mask of the scan; where two meet, `overlaps`
 * says which counts. A single file that is called like no label is the mask itself, `ignore` its value
 * where nobody drew.
 */
export async function importOrgans(
  store: Store,
  scan: Scan,
  files: readonly string[],
  report: MaskReport,
  { ignore, overlaps }: Omit<MaskHow, 'merge'> = {},
): Promise<void> {
  const labels = store.labels.list();
  const labelOf = (path: string) => {
    const own = caseName(path);
    return labelNamed(labels, own) ?? labels.find(({ name }) => plainName(name) === plainName(own));
  };
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
    let found: LabelSets | null = null;
    for (const path of named) {
      const { value } = labelOf(path)!;
      const { mask: organ } = await readMaskOnGrid(path, scan, `The mask ${basename(path)}`);
      found ??= new LabelSets(organ.data.length);
      for (let n = 0; n < organ.data.length; n++) if (organ.data[n] !== 0) found.put(n, value);
    }
    const others = files.filter((path) => !named.includes(path)).map((path) => caseName(path));
    if (others.length > 0)
      report.notices.push(
        `${scan.name}: ${others.length} mask files are called like no label and were left out (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}).`,
      );
    if (!found) return;
    const { mask, notices } = settleOverlaps(
      store,
      scan,
      found,
      overlaps,
      named.map((path) => basename(path)).join(', '),
    );
    report.notices.push(...notices);
    await keepMask(store, scan, mask, 'manual', named[0], report);
  });
}
