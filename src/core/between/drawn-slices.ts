/** Which slices of a label somebody drew, along each axis. */
import { labelledSlices } from '../edit/interpolate.ts';
import { type Axis, sliceLayout } from '../edit/planes.ts';
import type { LabelMap } from '../volume.ts';

export type DrawnSlices = readonly [i: number[], j: number[], k: number[]];

/**
 * Slices of the main plane that hold the label, and of the other planes those in which it is an area: where a slice is crossed by one
 * that was drawn in another plane it holds a line, which is no drawing of it.
 */
export function drawnSlices(mask: LabelMap, label: number, main: Axis): DrawnSlices {
  const areas = ([0, 1, 2] as const).map((axis) =>
    labelledSlices(mask, label, axis).filter((n) => holdsArea(mask, label, axis, n)),
  );
  const others = ([0, 1, 2] as const).filter((axis) => axis !== main);
  const few = (axis: Axis) => areas[axis].length <= mask.size[axis] / 3 && !neighbours(areas[axis]);
  const crossed = others.some((axis) => areas[axis].length > 0 && few(axis));
  const found = ([0, 1, 2] as const).map((axis) => {
    if (axis === main) return crossed ? areas[axis] : labelledSlices(mask, label, axis);
    return few(axis) ? areas[axis] : [];
  });
  return [found[0], found[1], found[2]];
}

/** Three or more in a row are a drawing of another plane seen from the side. */
const neighbours = (slices: readonly number[]): boolean =>
  slices.some((n, at) => slices[at + 1] === n + 1 && slices[at + 2] === n + 2);

/** Is there a voxel of the label whose four neighbours on the slice are of it too? */
function holdsArea({ data, size }: LabelMap, label: number, normal: Axis, n: number): boolean {
  const { width, height, base, stepA, stepB } = sliceLayout(size, normal, n);
  for (let b = 1; b < height - 1; b++)
    for (let a = 1; a < width - 1; a++) {
      const v = base + a * stepA + b * stepB;
      if (data[v] !== label) continue;
      if ([v - stepA, v + stepA, v - stepB, v + stepB].every((other) => data[other] === label)) return true;
    }
  return false;
}
