/** How an op of an own backend is written and registered: tensor infos in, tensor infos out, where the backend keeps them. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';

export type Inputs = Record<string, tf.TensorInfo>;

interface AnyOp<B> {
  /** A method, so that each op may name the attributes it gets from TensorFlow.js in its own type. */
  run(backend: B, inputs: Inputs, attributes: object): tf.TensorInfo | tf.TensorInfo[];
}
export type OpOf<B> = AnyOp<B>['run'];

/** Makes ops known to TensorFlow.js under the backend's name. */
export function registerOps<B>(backendName: string, ops: Record<string, OpOf<B>>): void {
  for (const [kernelName, op] of Object.entries(ops)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, backend, attrs }) => op(backend as B, inputs as unknown as Inputs, attrs ?? {}),
    });
  }
}

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

/** Strides of `from` as seen from the larger shape: 0 along sides that repeat. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : strides[i - missing]));
}

/**
 * Axes as TensorFlow.js gives them (a number, negative ones, none for all) as sorted indices.
 *
 * @throws DecileError for what is no axis of so many
 */
export function axesOf(axis: number | number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const given = Array.isArray(axis) ? axis : [axis];
  for (const a of given)
    if (!Number.isInteger(a) || a < -rank || a >= rank)
      throw new DecileError(
        'engine/unsupported',
        `An axis must be a whole number from ${-rank} to ${rank - 1}, got ${a}.`,
        '',
      );
  return given.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
}

/** What TensorFlow.js' own helpers look at in a tensor. */
export const shapeOnly = ({ shape, dtype }: tf.TensorInfo) => ({ shape, dtype, rank: shape.length }) as tf.Tensor;

/** The type that holds the values of all. */
export const widest = (infos: readonly tf.TensorInfo[]): tf.DataType =>
  infos.map(({ dtype }) => dtype).reduce((a, b) => tf.upcastType(a, b));
