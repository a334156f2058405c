/** What Done asks before a drawing counts as labelled: slices left empty, labels never drawn. */
import { drawnApart, findGaps, type Gap } from '../../../core/edit/gaps.ts';
import type { Axis } from '../../../core/edit/planes.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';

export interface DoneQuestion {
  gaps: (Gap & { name: string })[];
  /** Names of labels without a voxel in this scan. */
  missing: string[];
  /** Only the slices across this axis that hold a label may be meant to count; null where the whole scan was drawn. */
  across: Axis | null;
}

/** Null where there is nothing to ask. */
export function questionsOf(
  editor: CaseEditor,
  labels: readonly { value: number; name: string }[],
): DoneQuestion | null {
  const present = labels.filter(({ value }) => editor.statistics.total[value] > 0);
  const missing = labels.filter((label) => !present.includes(label)).map(({ name }) => name);
  const names = new Map(labels.map(({ value, name }) => [value, name]));
  const gaps = findGaps(
    editor.mask,
    present.map(({ value }) => value),
  ).map((gap) => ({ ...gap, name: names.get(gap.label) ?? '' }));
  const across = drawnApart(editor.mask, [...names.keys()]) ?? gaps[0]?.normal ?? null;
  return gaps.length > 0 || missing.length > 0 || across !== null ? { gaps, missing, across } : null;
}
