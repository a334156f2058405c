/** What the surfaces of a mask are made of: each label by itself, coarser the larger it is, gathered a slice at a time. */

import { type LabelMap, spacingMm } from '../volume.ts';
import { indexToWorld } from './planes.ts';

/** Samples of a label up to which every voxel is one; above, every second or third. */
const FINE = 3_000_000;

export interface LabelPart {
  readonly label: number;
  /** 1 inside the label, on a grid of its own around it. */
  readonly mask: LabelMap;
}

type Box = { low: [number, number, number]; high: [number, number, number] };

/**
 * The parts of the labels of a mask, one after the other; null after each slice that was looked at, where the caller may
 * let others have a turn. Slices without a label cost nothing.
 * @param on whether a label may be on slice k
 * @param fine most samples of a label
 */
export function* labelParts(
  mask: LabelMap,
  labels: readonly number[],
  on: (label: number, k: number) => boolean,
  fine = FINE,
): Generator<LabelPart | null, void, void> {
  const boxes = new Map<number, Box>();
  for (let k = 0; k < mask.size[2]; k++) {
    if (!labels.some((label) => on(label, k))) continue;
    extend(boxes, mask, k);
    yield null;
  }
  for (const label of labels) {
    const box = boxes.get(label);
    if (box) yield* sampled(mask, label, box, fine);
  }
}

/** Takes the voxels of a slice into the boxes of their labels. */
function extend(boxes: Map<number, Box>, { data, size }: LabelMap, k: number): void {
  const [ni, nj] = size;
  for (let j = 0; j < nj; j++) {
    const row = ni * (j + nj * k);
    let last = 0;
    let box: Box | undefined;
    for (let i = 0; i < ni; i++) {
      const value = data[row + i];
      if (value === 0) {
        last = 0;
        continue;
      }
      if (value !== last || !box) {
        box = boxes.get(value);
        if (!box) {
          box = { low: [i, j, k], high: [i, j, k] };
          boxes.set(value, box);
        }
        last = value;
        if (i < box.low[0]) box.low[0] = i;
        if (j < box.low[1]) box.low[1] = j;
        if (j > box.high[1]) box.high[1] = j;
        box.high[2] = k;
      }
      if (i > box.high[0]) box.high[0] = i;
    }
  }
}

function* sampled(
  mask: LabelMap,
  label: number,
  { low, high }: Box,
  fine: number,
): Generator<LabelPart | null, void, void> {
  const { data, size, spacing, direction } = mask;
  const sides = low.map((from, axis) => high[axis] - from + 1);
  const step = Math.max(1, Math.ceil(Math.cbrt((sides[0] * sides[1] * sides[2]) / fine)));
  const [ni, nj, nk] = sides.map((n) => Math.ceil(n / step));
  const inside = new Uint8Array(ni * nj * nk);
  for (let k = 0, to = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      let from = low[0] + size[0] * (low[1] + j * step + size[1] * (low[2] + k * step));
      for (let i = 0; i < ni; i++, to++, from += step) if (data[from] === label) inside[to] = 1;
    }
    yield null;
  }
  const coarse = spacingMm(spacing[0] * step, spacing[1] * step, spacing[2] * step);
  yield {
    label,
    mask: { size: [ni, nj, nk], spacing: coarse, direction, origin: indexToWorld(mask, low), data: inside },
  };
}
