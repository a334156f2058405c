/** Filling again after another slice was drawn: what was filled before and is untouched is no drawing. */
import { type Axis, sliceLayout } from '../edit/planes.ts';
import type { LabelMap } from '../volume.ts';

/** What was filled last. */
export interface Fill {
  readonly label: number;
  readonly normal: Axis;
  /** 1 at voxels that it gave the label. */
  readonly inside: Uint8Array;
  /** All voxels when it was done. */
  readonly after: Uint8Array;
}

/** A copy of the mask as its reader drew it: without what was filled on slices that nobody changed since. */
export function withoutFill(mask: LabelMap, fill: Fill | null, label: number): LabelMap {
  const data = mask.data.slice();
  if (!fill || fill.label !== label) return { ...mask, data };
  for (let n = 0; n < mask.size[fill.normal]; n++) {
    const voxels = voxelsOf(mask, fill.normal, n);
    if (voxels.some((v) => data[v] !== fill.after[v])) continue;
    for (const v of voxels) if (fill.inside[v] && data[v] === label) data[v] = 0;
  }
  return { ...mask, data };
}

function voxelsOf({ size }: LabelMap, normal: Axis, n: number): number[] {
  const { width, height, base, stepA, stepB } = sliceLayout(size, normal, n);
  return Array.from({ length: width * height }, (_, p) => base + (p % width) * stepA + Math.floor(p / width) * stepB);
}
