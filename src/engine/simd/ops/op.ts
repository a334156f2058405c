/** How an op of the simd backend is written: tensor infos in, tensor infos out, in the engine's memory. */
import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from '../backend.ts';

export type Inputs = Record<string, tf.TensorInfo>;

interface AnyOp {
  /** A method, so that each op may name the attributes it gets from TensorFlow.js in its own type. */
  run(backend: SimdBackend, inputs: Inputs, attributes: object): tf.TensorInfo | tf.TensorInfo[];
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

/** Visits every index of `shape` in order, with the matching offset under other strides. */
export function walk(
  shape: readonly number[],
  strides: readonly number[],
  visit: (index: number, offset: number) => void,
): void {
  const size = sizeOf(shape);
  const position = new Array<number>(shape.length).fill(0);
  let offset = 0;
  for (let index = 0; index < size; index++) {
    visit(index, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++position[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
}
