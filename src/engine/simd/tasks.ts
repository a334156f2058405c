/** What the convolution's forms share: shapes, how work is shared out, and scratch memory. */
import type { SimdBackend } from './backend.ts';

/** Sides and channels of one map, [D, H, W, C]. */
export interface MapShape {
  d: number;
  h: number;
  w: number;
  c: number;
}

/** Sides and channels of a map, and the channels of the other one, in the order in which kernels take them. */
export const sidesOf = ({ d, h, w, c }: MapShape, k: number): number[] => [d, h, w, c, k];

/** Planes that a kernel reads: 3 for 3x3x3, 1 for 1x3x3. */
export type Taps = 1 | 3;

/** Sets of partial sums of a weight gradient: fixed, so that results do not depend on the number of threads. */
export const SLABS = 8;
/** All sets together should stay in the last cache. */
export const SLAB_BYTES = 2 * 2 ** 20;

/**
 * Groups that channel blocks are shared out in. Each transforms the input anew, so there are as few as keep all threads at
 * work four fifths of the time.
 */
export function groupsOf(stretches: number, blocks: number, threads: number): number {
  for (let groups = 1; groups < blocks; groups++) {
    const tasks = stretches * groups;
    if (tasks / (threads * Math.ceil(tasks / threads)) >= 0.8) return groups;
  }
  return blocks;
}

/** Lays memory out for `run` and frees it afterwards, also after an error. */
export function withScratch<T>({ machine: { heap } }: SimdBackend, bytes: number[], run: (...at: number[]) => T): T {
  const blocks = bytes.map((size) => heap.allocate(size));
  try {
    return run(...blocks);
  } finally {
    for (const at of blocks) heap.release(at);
  }
}
