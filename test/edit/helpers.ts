import type { Edit } from '../../src/core/edit/edit.ts';
import { Recorder } from '../../src/core/edit/edit.ts';
import { type Direction, type LabelMap, lpsPoint, spacingFrom, spacingMm, type Volume } from '../../src/core/volume.ts';

export const STRAIGHT: Direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];

export function emptyMask(
  size: readonly [number, number, number],
  spacing: readonly [number, number, number] = [1, 1, 1],
  direction: Direction = STRAIGHT,
): LabelMap {
  return {
    size,
    spacing: spacingFrom(spacing),
    origin: lpsPoint(0, 0, 0),
    direction,
    data: new Uint8Array(size[0] * size[1] * size[2]),
  };
}

/** A mask drawn as text: slices of rows, '.' background, digits labels. */
export function drawn(slices: readonly (readonly string[])[], spacing: readonly [number, number, number] = [1, 1, 1]) {
  const size = [slices[0][0].length, slices[0].length, slices.length] as const;
  const mask = emptyMask(size, spacing);
  slices.forEach((rows, k) => {
    rows.forEach((row, j) => {
      [...row].forEach((char, i) => {
        mask.data[i + size[0] * (j + size[1] * k)] = char === '.' ? 0 : Number(char);
      });
    });
  });
  return mask;
}

/** One slice across k as text. */
export function picture(mask: LabelMap, k = 0): string[] {
  const [ni, nj] = mask.size;
  return Array.from({ length: nj }, (_, j) =>
    [...mask.data.subarray(ni * (j + nj * k), ni * (j + 1 + nj * k))].map((v) => (v === 0 ? '.' : v)).join(''),
  );
}

export function change(mask: LabelMap, act: (recorder: Recorder) => void): Edit {
  const recorder = new Recorder(mask);
  act(recorder);
  const edit = recorder.finish('change');
  if (!edit) throw new Error('nothing changed');
  return edit;
}

export function scanOf(
  size: readonly [number, number, number],
  value: (i: number, j: number, k: number) => number,
): Volume<Int16Array> {
  const data = new Int16Array(size[0] * size[1] * size[2]);
  for (let k = 0, v = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) for (let i = 0; i < size[0]; i++, v++) data[v] = value(i, j, k);
  return { size, spacing: spacingMm(1, 1, 1), origin: lpsPoint(0, 0, 0), direction: STRAIGHT, data };
}

/** Deterministic uniform numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
