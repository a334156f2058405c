/** Which of the project's labels each segment of a mask object is: by name, by coded term, by number. */

import type { NamedSegment } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Label } from '../../store/index.ts';
import { termFor } from './terms.ts';

export interface SegmentLabels {
  /** Segment number to mask value. */
  values: Map<number, number>;
  /** Segments that are none of the labels. */
  unknown: NamedSegment[];
  /** What was taken by something weaker than its name. */
  notices: string[];
}

/** Upper and lower case, blanks, dashes and underscores make no difference. */
export const plainName = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();

/** Names that say nothing: `Segment 1`, `Label_2`, `ROI-3`, `3`. */
const GENERIC = /^(segment|segmentation|label|roi|structure|region|class|object)? ?\d*$/;

/**
 * Maps segments to labels: equal names first, to the letter before those that are alike; then the coded term, where one label and one segment alone have it; then
 * the number, for segments whose name says nothing.
 * @throws mask/unknown-segment when none is a label, mask/several when two are the same label
 */
export function labelsOfSegments(
  segments: readonly NamedSegment[],
  labels: readonly Label[],
  what: string,
): SegmentLabels {
  const values = new Map<number, number>();
  const notices: string[] = [];
  const taken = new Map<number, NamedSegment>();
  const give = (segment: NamedSegment, label: Label) => {
    const other = taken.get(label.value);
    if (other)
      throw new DecileError(
        'mask/several',
        `Each label of ${what} must come from one segment, got ${label.name} from segments ${other.number} and ${segment.number}.`,
        'Rename one of them, or leave it out when exporting.',
      );
    taken.set(label.value, segment);
    values.set(segment.number, label.value);
  };
  const left = () => segments.filter(({ number }) => !values.has(number));
  // To the letter first: a project may have "left kidney" and "left_kidney", and then "Left Kidney" is neither.
  for (const form of [(name: string) => name, plainName])
    for (const segment of left()) {
      const same = labels.filter(({ name }) => form(name) === form(segment.name));
      if (same.length === 1) give(segment, same[0]);
    }
  for (const segment of left()) {
    if (segment.code === '' || segments.filter(({ code }) => code === segment.code).length > 1) continue;
    const same = labels.filter((label) => codeOf(label) === segment.code);
    if (same.length !== 1 || taken.has(same[0].value)) continue;
    give(segment, same[0]);
    notices.push(`${said(segment)} was taken for ${same[0].name} by its coded term.`);
  }
  for (const segment of left()) {
    if (!GENERIC.test(plainName(segment.name))) continue;
    const label = labels.find(({ value }) => value === segment.number);
    const contradicts = label && segment.code !== '' && codeOf(label) !== null && codeOf(label) !== segment.code;
    if (!label || contradicts || taken.has(label.value)) continue;
    give(segment, label);
    notices.push(`${said(segment)} was taken for ${label.name} by its number.`);
  }
  const unknown = left();
  if (values.size === 0) throw unknownSegments(unknown, labels, what);
  return { values, unknown, notices };
}

/** The refusal of segments that the project has no label for. */
export function unknownSegments(unknown: readonly NamedSegment[], labels: readonly Label[], what: string): DecileError {
  const names = unknown.slice(0, 8).map((s) => `${s.number} ${s.name || 'without name'}`);
  if (unknown.length > names.length) names.push(`${unknown.length - names.length} more`);
  return new DecileError(
    'mask/unknown-segment',
    `The segments of ${what} must be labels of the project (${labels.map((l) => `${l.value} ${l.name}`).join(', ')}), got ${names.join(', ') || 'none'}.`,
    'Add labels of those names to the project, or rename the labels or the segments; segments that are labels were taken.',
  );
}

const said = ({ number, name }: NamedSegment): string => `Segment ${number}${name ? ` (${name})` : ''}`;

/** `value^scheme`, as segments have it. */
function codeOf(label: Label): string | null {
  const term = label.term ?? termFor(label.name);
  return term && `${term.code}^${term.scheme}`;
}
