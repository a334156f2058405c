/** Voxels that a hand's line means: those on it, or those that it goes around. */
import { outlineRuns } from '../edit/outline.ts';
import { type Axis, sliceLayout } from '../edit/planes.ts';

type Place = readonly [number, number, number];

/** Offsets of the voxels along a line through fractional places, inside of the scan, each once. */
export function voxelsAlong(line: readonly Place[], size: Place): number[] {
  const found = new Set<number>();
  for (let n = 0; n < line.length; n++) {
    const [from, to] = [line[Math.max(0, n - 1)], line[n]];
    const steps = Math.max(1, Math.ceil(2 * Math.max(...to.map((c, axis) => Math.abs(c - from[axis])))));
    for (let s = n ? 1 : steps; s <= steps; s++) {
      const [i, j, k] = to.map((c, axis) => Math.round(from[axis] + ((c - from[axis]) * s) / steps));
      if (i < 0 || j < 0 || k < 0 || i >= size[0] || j >= size[1] || k >= size[2]) continue;
      found.add(i + size[0] * (j + size[1] * k));
    }
  }
  return [...found];
}

/** Offsets of the voxels that a closed line on a slice goes around; those along it where it encloses none. */
export function voxelsWithin(line: readonly Place[], size: Place, normal: Axis): number[] {
  const slice = Math.min(size[normal] - 1, Math.max(0, Math.round(line[0][normal])));
  const { width, height, base, stepA, stepB, axisA, axisB } = sliceLayout(size, normal, slice);
  const corners = line.map((place) => [place[axisA], place[axisB]] as const);
  const found: number[] = [];
  for (const [b, first, last] of outlineRuns(corners, width, height))
    for (let a = first; a <= last; a++) found.push(base + a * stepA + b * stepB);
  return found.length ? found : voxelsAlong(line, size);
}
