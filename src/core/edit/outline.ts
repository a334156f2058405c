/** Polygon and scissors: fills or erases what a closed outline on a slice encloses. */
import type { Recorder } from './edit.ts';
import { type Axis, sliceLayout } from './planes.ts';

/** A corner in voxels along the slice's two axes (rising order); voxel centres are whole numbers. */
export type OutlinePoint = readonly [a: number, b: number];

/** Runs [b, first a, last a] of voxel centres inside the outline, even-odd rule, clipped to width x height. */
export function outlineRuns(
  outline: readonly OutlinePoint[],
  width: number,
  height: number,
): [b: number, first: number, last: number][] {
  const runs: [number, number, number][] = [];
  if (outline.length < 3) return runs;
  const bs = outline.map((p) => p[1]);
  const from = Math.max(0, Math.ceil(Math.min(...bs)));
  const to = Math.min(height - 1, Math.floor(Math.max(...bs)));
  for (let b = from; b <= to; b++) {
    const crossings: number[] = [];
    for (let n = 0; n < outline.length; n++) {
      const [a0, b0] = outline[n];
      const [a1, b1] = outline[(n + 1) % outline.length];
      // Half-open in b: a corner that lies on the line counts once.
      if (b0 <= b !== b1 <= b) crossings.push(a0 + ((b - b0) / (b1 - b0)) * (a1 - a0));
    }
    crossings.sort((x, y) => x - y);
    for (let n = 0; n + 1 < crossings.length; n += 2) {
      const first = Math.max(0, Math.ceil(crossings[n]));
      const last = Math.min(width - 1, Math.floor(crossings[n + 1]));
      if (first <= last) runs.push([b, first, last]);
    }
  }
  return runs;
}

export interface OutlineOptions {
  readonly normal: Axis;
  /** First and last slice that the outline cuts through, both included. */
  readonly slices: readonly [number, number];
  /** Label to write; 0 erases. */
  readonly value: number;
  /** Only voxels of this label change; null: all unprotected ones. */
  readonly only?: number | null;
}

/** Fills the inside of an outline with `value` on each slice of the range. */
export function fillOutline(recorder: Recorder, outline: readonly OutlinePoint[], options: OutlineOptions): void {
  const { mask } = recorder;
  const { normal, slices, value, only = null } = options;
  const first = sliceLayout(mask.size, normal, 0);
  const runs = outlineRuns(outline, first.width, first.height);
  for (let n = Math.max(0, slices[0]); n <= Math.min(mask.size[normal] - 1, slices[1]); n++) {
    const { base, stepA, stepB } = sliceLayout(mask.size, normal, n);
    for (const [b, a0, a1] of runs) {
      for (let a = a0; a <= a1; a++) {
        const offset = base + a * stepA + b * stepB;
        if (only === null || mask.data[offset] === only) recorder.write(offset, value);
      }
    }
  }
}

/** A rectangle between two corners as an outline. */
export const rectangle = ([a0, b0]: OutlinePoint, [a1, b1]: OutlinePoint): OutlinePoint[] => [
  [a0, b0],
  [a1, b0],
  [a1, b1],
  [a0, b1],
];

/** The ellipse inside the rectangle between two corners. */
export function ellipse(p: OutlinePoint, q: OutlinePoint, corners = 64): OutlinePoint[] {
  const [ca, cb] = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
  const [ra, rb] = [Math.abs(q[0] - p[0]) / 2, Math.abs(q[1] - p[1]) / 2];
  return Array.from({ length: corners }, (_, n) => {
    const angle = (2 * Math.PI * n) / corners;
    return [ca + ra * Math.cos(angle), cb + rb * Math.sin(angle)] as const;
  });
}
