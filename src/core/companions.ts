/** Scans that show the same part of the same patient: by their names where nothing better is known, and by their place. */
import { indexToWorld, worldToIndex } from './edit/planes.ts';
import type { Grid } from './volume.ts';

/** Words that say of a file which sequence, modality or nnU-Net channel of a case it is. */
const SEQUENCE = /[\s._-]+(t1\w*|t2\w*|flair|dwi|adc|swi|pdw?|dce|ct|cta|ncct|cect|pet|pt|mri?|\d{4})$/i;

/** A scan's name without the word that says which sequence of the case it is; null where it ends with none. */
export function caseOfName(name: string): string | null {
  const found = SEQUENCE.exec(name);
  return found && found.index > 0 ? name.slice(0, found.index).toLowerCase() : null;
}

/** Places along each side of a grid that are looked at. */
const LATTICE = 9;

/** The share of one grid that lies in another, 0 to 1, whichever has more of it. */
export const overlap = (a: Grid, b: Grid): number => Math.max(shareIn(a, b), shareIn(b, a));

function shareIn(grid: Grid, other: Grid): number {
  let inside = 0;
  const at = (n: number, axis: number) => ((grid.size[axis] - 1) * n) / (LATTICE - 1);
  for (let k = 0; k < LATTICE; k++)
    for (let j = 0; j < LATTICE; j++)
      for (let i = 0; i < LATTICE; i++) {
        const index = worldToIndex(other, indexToWorld(grid, [at(i, 0), at(j, 1), at(k, 2)]));
        if (index.every((n, axis) => n >= -0.5 && n <= other.size[axis] - 0.5)) inside++;
      }
  return inside / LATTICE ** 3;
}
