/** Slices that somebody drew and slices that nobody did. */
import { type LabelMap, NOT_DRAWN } from '../volume.ts';
import type { Recorder } from './edit.ts';
import { type Axis, sliceLayout } from './planes.ts';

/** Whether two masks say different things of a voxel; of what one of them does not have drawn they say nothing. */
export const differ = (a: number, b: number): boolean => a !== b && a !== NOT_DRAWN && b !== NOT_DRAWN;

/** Two masks on one grid, each not drawn where the other is not. */
export function whereBothAreDrawn(a: LabelMap, b: LabelMap): [LabelMap, LabelMap] {
  const within = (mask: LabelMap, other: LabelMap): LabelMap =>
    other.data.includes(NOT_DRAWN)
      ? { ...mask, data: mask.data.map((value, v) => (other.data[v] === NOT_DRAWN ? NOT_DRAWN : value)) }
      : mask;
  return [within(a, b), within(b, a)];
}

/**
 * Every slice across `normal` without a voxel of any label becomes "not drawn"; one with some counts wholly, so that what was not
 * drawn in it becomes background. In a mask that is drawn in part already, slices of background alone were said to be empty: they stay.
 * @returns how many slices count
 */
export function onlyDrawnSlices(recorder: Recorder, normal: Axis): number {
  const { data, size } = recorder.mask;
  const partly = data.includes(NOT_DRAWN);
  let drawn = 0;
  for (let n = 0; n < size[normal]; n++) {
    const found = valuesOf(recorder, normal, n);
    const said = partly && !found.open;
    if (found.labelled || said) drawn++;
    declare(recorder, normal, n, found.labelled || said);
  }
  return drawn;
}

/** What nobody drew becomes background. */
export function allDrawn(recorder: Recorder): void {
  const { data } = recorder.mask;
  for (let v = data.indexOf(NOT_DRAWN); v >= 0; v = data.indexOf(NOT_DRAWN, v + 1)) recorder.declare(v, true);
}

/** The slice at hand is drawn, and empty where no label is. */
export const drawnSlice = (recorder: Recorder, normal: Axis, n: number): void => declare(recorder, normal, n, true);

/** A stroke on one slice that nobody drew before makes that slice a drawn one: around the stroke is background. */
export function drawnByStroke(recorder: Recorder): void {
  const extent = recorder.extent();
  if (!extent) return;
  const flat = ([2, 1, 0] as const).filter((axis) => extent.low[axis] === extent.high[axis]);
  const normal = flat.find((axis) => untouched(recorder, axis, extent.low[axis]));
  if (normal !== undefined) declare(recorder, normal, extent.low[normal], true);
}

/** Was the whole slice "not drawn" before the stroke? */
function untouched(recorder: Recorder, normal: Axis, n: number): boolean {
  let all = true;
  eachVoxel(recorder, normal, n, (offset) => {
    if (recorder.before(offset) !== NOT_DRAWN) all = false;
  });
  return all;
}

function valuesOf(recorder: Recorder, normal: Axis, n: number): { labelled: boolean; open: boolean } {
  const found = { labelled: false, open: false };
  eachVoxel(recorder, normal, n, (offset) => {
    const value = recorder.mask.data[offset];
    if (value === NOT_DRAWN) found.open = true;
    else if (value > 0) found.labelled = true;
  });
  return found;
}

/** Says of a slice's unlabelled voxels whether somebody drew there. */
const declare = (recorder: Recorder, normal: Axis, n: number, drawn: boolean): void =>
  eachVoxel(recorder, normal, n, (offset) => recorder.declare(offset, drawn));

function eachVoxel({ mask }: Recorder, normal: Axis, n: number, visit: (offset: number) => void): void {
  const { width, height, base, stepA, stepB } = sliceLayout(mask.size, normal, n);
  for (let b = 0; b < height; b++) for (let a = 0; a < width; a++) visit(base + a * stepA + b * stepB);
}
