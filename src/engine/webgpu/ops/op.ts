/** The ops of the webgpu backend: on the GPU. */
import type { OpOf } from '../../backend/op.ts';
import type { WebgpuBackend } from '../backend.ts';

export { axesOf, broadcastStrides, shapeOnly, sizeOf, stridesOf } from '../../backend/op.ts';

export type Op = OpOf<WebgpuBackend>;
export type Ops = Record<string, Op>;

/**
 * Joins neighbouring sides that every set of strides walks through as one, and drops sides of 1.
 * @param strides sets of strides, each as long as `shape`
 */
export function joinSides(
  shape: readonly number[],
  strides: readonly number[][],
): { shape: number[]; strides: number[][] } {
  const joined = { shape: [] as number[], strides: strides.map(() => [] as number[]) };
  for (const [axis, side] of shape.entries()) {
    if (side === 1) continue;
    const last = joined.shape.length - 1;
    const continues = last >= 0 && strides.every((set, n) => joined.strides[n][last] === set[axis] * side);
    if (continues) {
      joined.shape[last] *= side;
      for (const [n, set] of strides.entries()) joined.strides[n][last] = set[axis];
    } else {
      joined.shape.push(side);
      for (const [n, set] of strides.entries()) joined.strides[n].push(set[axis]);
    }
  }
  return joined;
}

/** Numbers as `length` parameter words, padded in front. */
export const padded = (values: readonly number[], length: number, fill: number): number[] => [
  ...new Array<number>(length - values.length).fill(fill),
  ...values.map((value) => value >>> 0),
];
