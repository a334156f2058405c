/** Slices that were left empty between drawn ones: what interpolation would fill, or what was forgotten. */
import { isUnlabelled, type LabelMap } from '../volume.ts';
import type { Axis } from './planes.ts';

export interface Gap {
  readonly label: number;
  /** Slices across this axis are empty. */
  readonly normal: Axis;
  /** How many. */
  readonly slices: number;
  /** The first and the last empty slice. */
  readonly first: number;
  readonly last: number;
}

/**
 * Gaps of each label, at most one a label. Along k every empty slice between drawn ones counts. Along i and j, where two
 * organs of one label lie apart by nature, only a drawing slice by slice counts: half of its runs or more are one slice.
 * @returns in the order of the labels
 */
export function findGaps(mask: LabelMap, labels: readonly number[]): Gap[] {
  const present = slicesByAxis(mask, labels);
  return labels.flatMap((label) => {
    for (const normal of [2, 1, 0] as const) {
      const runs = runsOf(present[normal].get(label) as Uint8Array);
      const slices = runs.slice(1).reduce((sum, run, n) => sum + run.first - runs[n].last - 1, 0);
      if (slices === 0 || (normal !== 2 && !isDrawnAcross(runs))) continue;
      return [{ label, normal, slices, first: runs[0].last + 1, last: runs[runs.length - 1].first - 1 }];
    }
    return [];
  });
}

/**
 * The axis that labels were drawn across slice by slice, so far apart that most of the scan was not looked at: every run of every
 * label is one slice. Null where none is, or nothing is drawn.
 */
export function drawnApart(mask: LabelMap, labels: readonly number[]): Axis | null {
  const present = slicesByAxis(mask, labels);
  const apart = ([2, 1, 0] as const).filter((normal) => {
    const runs = labels.flatMap((label) => runsOf(present[normal].get(label) as Uint8Array));
    return runs.length > 0 && mask.size[normal] > 1 && runs.every(({ first, last }) => first === last);
  });
  return apart[0] ?? null;
}

type Run = { first: number; last: number };

const isDrawnAcross = (runs: readonly Run[]): boolean =>
  2 * runs.filter(({ first, last }) => first === last).length >= runs.length;

function runsOf(drawn: Uint8Array): Run[] {
  const runs: Run[] = [];
  drawn.forEach((is, n) => {
    if (!is) return;
    const last = runs.at(-1);
    if (last && last.last === n - 1) last.last = n;
    else runs.push({ first: n, last: n });
  });
  return runs;
}

/** By axis and label, 1 for each slice that holds a voxel of it; one pass over the mask. */
function slicesByAxis({ data, size }: LabelMap, labels: readonly number[]): Map<number, Uint8Array>[] {
  const tables = size.map((length) => new Map(labels.map((label) => [label, new Uint8Array(length)])));
  const [ni, nj, nk] = size;
  for (let k = 0, v = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, v++) {
        const value = data[v];
        if (isUnlabelled(value)) continue;
        const along = tables[0].get(value);
        if (!along) continue;
        along[i] = 1;
        (tables[1].get(value) as Uint8Array)[j] = 1;
        (tables[2].get(value) as Uint8Array)[k] = 1;
      }
    }
  }
  return tables;
}
