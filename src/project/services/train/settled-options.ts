/** What the scans and masks of a project settle of a run's options: voxel size, small structures, steps. */
import type { AskedOptions, PlannedOptions } from '../../../core/options.ts';
import { resolveOptions } from '../../../core/parse-option.ts';
import { inOrientation } from '../../../core/train/orientation.ts';
import { trainingGrid } from '../../../core/train/preprocess.ts';
import { plannedSteps } from '../../../core/train/run-length.ts';
import { ENOUGH_SCANS, type SmallLabel, settleSmallStructures, smallLabels } from '../../../core/train/small-labels.ts';
import { settleSpacing, trainingVoxel } from '../../../core/train/spacing.ts';
import type { Label, Mask, Scan } from '../../store/index.ts';

/** What a project has to train on. */
export interface Material {
  scans: readonly Scan[];
  /** Masks of the labelled ones, by scan. */
  drawn: ReadonlyMap<number, Mask>;
  labels: readonly Pick<Label, 'value' | 'name'>[];
}

export interface SettledByScans {
  options: PlannedOptions;
  /** What to say about small labels. */
  notices: string[];
}

/**
 * @param asked options as they were given, or as the weights to start from have them
 * @param kept voxel size that those weights read
 * @throws option/invalid, option/unknown
 */
export function settleOptions(
  asked: Partial<AskedOptions>,
  { scans, drawn, labels }: Material,
  kept?: PlannedOptions['voxel'],
): SettledByScans {
  const resolved = resolveOptions(asked);
  const turned = scans.map((scan) => inOrientation(scan, resolved.orientation));
  const spacing = settleSpacing(resolved.spacing, turned, resolved.network);
  const voxel = kept ?? trainingVoxel(spacing, turned);
  const sizes = scans.map((scan) => trainingGrid(scan, { ...resolved, spacing }).size);
  const masks = scans.flatMap(({ id }, n) => {
    const mask = drawn.get(id);
    // Of a scan drawn in part nobody knows how large its labels are.
    if (!mask || mask.notDrawn > 0) return [];
    return [{ size: sizes[n], ml: new Map(mask.labels.map(({ value, ml }) => [value, ml])) }];
  });
  const small = smallLabels(masks, { ...resolved, spacing, voxel }, sizes);
  const settled = { ...settleSmallStructures(asked, small), spacing, voxel };
  return {
    options: { ...settled, steps: plannedSteps(settled, sizes) },
    notices: smallNotices(settled, small, labels),
  };
}

/** What is done about small labels where nobody said anything, and how many masks it takes to do more. */
function smallNotices(
  { smallStructures }: AskedOptions,
  small: readonly SmallLabel[],
  labels: Material['labels'],
): string[] {
  if (small.length === 0) return [];
  const names = small.map(({ label }) => labels.find(({ value }) => value === label)?.name ?? String(label)).join(', ');
  const are = small.length === 1 ? 'is' : 'are';
  if (smallStructures === 'on')
    return [`${names} ${are} small in these scans: small patches around labels are learned from (small structures).`];
  const it = small.length === 1 ? 'it' : 'each';
  const most = Math.max(...small.map(({ scans }) => scans));
  return [
    `${names} ${are} small in these scans, and ${most} labelled ${most === 1 ? 'scan has' : 'scans have'} ${it}: the region of the labels alone is learned from, a third of the patches around labels. Much of ${it} may still stay unseen; from ${ENOUGH_SCANS} labelled scans on small patches find more.`,
  ];
}
