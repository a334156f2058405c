/** How an op of the webgpu backend is written: tensor infos in, tensor infos out, on the GPU. */
import type * as tf from '@tensorflow/tfjs';
import type { WebgpuBackend } from '../backend.ts';

export type Inputs = Record<string, tf.TensorInfo>;

interface AnyOp {
  /** A method, so that each op may name the attributes it gets from TensorFlow.js in its own type. */
  run(backend: WebgpuBackend, inputs: Inputs, attributes: object): tf.TensorInfo | tf.TensorInfo[];
}
export type Op = AnyOp['run'];

export type Ops = Record<string, Op>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** Axes as TensorFlow.js gives them (a number, negative ones, none for all) as sorted indices. */
export function axesOf(axis: number | number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const given = Array.isArray(axis) ? axis : [axis];
  return given.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
}

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
