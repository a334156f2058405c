/** What becomes of voxels that several segments of a mask share: never the one or the other unasked. */
import { gridOf } from '../../../core/geometry.ts';
import { labelNamed } from '../../../core/label-names.ts';
import type { LabelMap } from '../../../core/volume.ts';
import { highest, type LabelSets, type Overlap } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Label, Scan, Store } from '../../store/index.ts';

/**
 * Which label shared voxels get: that of the smaller structure (a tumour inside its organ), one of their own, or the first
 * of these names. Without it they are refused.
 */
export type OverlapRule = 'smaller' | 'separate' | readonly string[];

/**
 * One value a voxel; what was decided for shared ones comes as a notice.
 * @param what the mask's name in messages
 * @throws mask/overlapping where labels overlap and no rule says which of them counts
 */
export function settleOverlaps(
  store: Store,
  scan: Scan,
  labels: LabelSets,
  rule: OverlapRule | undefined,
  what: string,
): { mask: LabelMap; notices: string[] } {
  const overlaps = labels.overlaps();
  const notices: string[] = [];
  const winners = new Map<string, number>();
  const sizes = rule === 'smaller' && overlaps.length > 0 ? labels.sizes() : new Map<number, number>();
  const known = store.labels.list();
  const named = namesOf(known);
  const chosen = overlaps.map(({ values, voxels }) => ({ values, voxels, winner: winnerOf(values) }));
  const open = chosen.filter(({ winner }) => winner === undefined);
  if (open.length > 0) throw overlapping(what, named, open);
  for (const { values, voxels, winner } of chosen) {
    const value = winner === 'own' ? ownLabel(store, values.map(named)) : (winner as number);
    winners.set(values.join(), value);
    const became = winner === 'own' ? `the label ${values.map(named).join('+')}` : named(value);
    notices.push(`${scan.name}: ${voxels} voxels are both ${values.map(named).join(' and ')}; they became ${became}.`);
  }
  const data = labels.settled((values) => winners.get(values.join()) ?? highest(values));
  return { mask: { ...gridOf(scan), data }, notices };

  function winnerOf(values: readonly number[]): number | 'own' | undefined {
    if (rule === undefined) return undefined;
    if (rule === 'separate') return 'own';
    if (rule === 'smaller')
      return values.reduce((best, value) => ((sizes.get(value) ?? 0) <= (sizes.get(best) ?? 0) ? value : best));
    return rule
      .map((name) => labelNamed(known, name)?.value)
      .find((value) => value !== undefined && values.includes(value));
  }
}

/** @throws option/invalid for a name that is no label of the project */
export function checkRule(rule: OverlapRule | undefined, labels: readonly Label[]): void {
  if (rule === undefined || typeof rule === 'string') return;
  const unknown = rule.find((name) => !labelNamed(labels, name));
  if (unknown !== undefined)
    throw new DecileError(
      'option/invalid',
      `--overlaps must be smaller, separate or labels of the project (${labels.map(({ name }) => name).join(', ')}), got ${unknown}.`,
      'Name the labels that shared voxels get, the first that fits counts.',
    );
}

export const namesOf =
  (labels: readonly Label[]) =>
  (value: number): string =>
    labels.find((label) => label.value === value)?.name ?? String(value);

/** The refusal that names the labels and how many voxels they share. */
export function overlapping(
  what: string,
  named: (value: number) => string,
  overlaps: readonly Overlap[],
  cure = 'Say which of them counts there: --overlaps smaller, --overlaps separate (a label of its own), or --overlaps with names of labels in order.',
): DecileError {
  const said = overlaps
    .slice(0, 4)
    .map(({ values, voxels }) => `${voxels} voxels that are both ${values.map(named).join(' and ')}`);
  if (overlaps.length > said.length) said.push(`${overlaps.length - said.length} more`);
  return new DecileError('mask/overlapping', `The labels of ${what} must not overlap, got ${said.join(', ')}.`, cure);
}

/** The label that stands for several at once, added where it is not there yet. */
function ownLabel(store: Store, names: readonly string[]): number {
  const name = names.join('+');
  return (labelNamed(store.labels.list(), name) ?? store.labels.add({ name })).value;
}
