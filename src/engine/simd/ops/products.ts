/** Matrix products and TensorFlow.js' own convolution ops, on the kernels. */
import type * as tf from '@tensorflow/tfjs';
import { widest } from '../../backend/op.ts';
import {
  type ConvAttributes,
  checkConvolutionOp,
  type FactorStrides,
  isEmptyConvolution,
  type MatrixProduct,
  matrixProduct,
} from '../../backend/products.ts';
import type { SimdBackend } from '../backend.ts';
import { convolve, convolveWeights } from '../convolution.ts';
import { castTo } from './elementwise.ts';
import { type Op, type Ops, sizeOf } from './op.ts';
import { spread } from './shape.ts';

/** Long sums with a small result are cut into slabs of about this many terms. */
const TERMS = 4096;
const MAXIMUM_SLABS = 64;
const SMALL_RESULT = 16384;
/** A task has this many rows, so that B is read once for all of them, and about so many products, by fewer columns. */
const LEAST_ROWS = 64;
const MOST_PRODUCTS = 1 << 18;

const stepsOf = ({ batch, row, column }: FactorStrides): number[] => [batch, row, column];

/** [n, p] -> [p, n] in a new block. */
function turn(backend: SimdBackend, matrix: tf.TensorInfo, n: number, p: number): number {
  const { heap } = backend.machine;
  const at = heap.allocate(n * p * 4);
  const [from, to] = [backend.view(matrix), backend.machine.floats(at, n * p)];
  for (let i = 0; i < n; i++) for (let j = 0; j < p; j++) to[j * n + i] = from[i * p + j];
  return at;
}

interface Transposed {
  transposeA: boolean;
  transposeB: boolean;
}

const matMul: Op = (backend, { a, b }, attributes: Transposed) => {
  const product = matrixProduct(a, b, attributes.transposeA, attributes.transposeB);
  const { spreads, shape, dtype, batches, m, n, p } = product;
  if (spreads.a || spreads.b) {
    const repeated = (x: tf.TensorInfo, batch: number[] | undefined) =>
      batch ? spread(backend, x, [...batch, ...x.shape.slice(-2)]) : backend.share(x, x.shape);
    const [left, right] = [repeated(a, spreads.a), repeated(b, spreads.b)];
    const out = matMul(backend, { a: left, b: right }, attributes) as tf.TensorInfo;
    backend.drop(left, right);
    return out;
  }
  const out = backend.make(shape, dtype);
  if (batches * m * n * p === 0) backend.view(out).fill(0);
  else if (dtype === 'float32') multiplyFloats(backend, a, b, out, product, attributes);
  else multiplyWhole(backend, a, b, out, product);
  return out;
};

/** By plain loops: exact up to 2^53. */
function multiplyWhole(
  backend: SimdBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  out: tf.TensorInfo,
  s: MatrixProduct,
): void {
  const [left, right, to] = [a, b, out].map((info) => backend.view(info));
  for (let i = 0; i < to.length; i++) {
    const [batch, row, column] = [Math.floor(i / (s.m * s.n)), Math.floor(i / s.n) % s.m, i % s.n];
    let sum = 0;
    for (let t = 0; t < s.p; t++)
      sum +=
        left[batch * s.a.batch + row * s.a.row + t * s.a.column] *
        right[batch * s.b.batch + t * s.b.row + column * s.b.column];
    to[i] = sum;
  }
}

function multiplyFloats(
  backend: SimdBackend,
  given: tf.TensorInfo,
  other: tf.TensorInfo,
  out: tf.TensorInfo,
  { batches, m, n, p, ...strides }: MatrixProduct,
  { transposeB }: Transposed,
): void {
  const [a, b] = [castTo(backend, given, 'float32'), castTo(backend, other, 'float32')];
  const size = batches * m * n;
  const slabs = size <= SMALL_RESULT ? Math.max(1, Math.min(MAXIMUM_SLABS, Math.floor(p / TERMS))) : 1;
  const { machine } = backend;
  const target = slabs === 1 ? backend.address(out) : machine.heap.allocate(size * slabs * 4);
  const terms = Math.ceil(p / slabs);
  const rowsPerTask = Math.min(m, Math.max(LEAST_ROWS, Math.ceil(8192 / (n * terms))));
  const columnsPerTask = Math.max(16, Math.floor(MOST_PRODUCTS / (rowsPerTask * terms) / 16) * 16);
  // A small transposed matrix that many rows are multiplied with is turned first, so that its columns lie side by side.
  const turned =
    transposeB && strides.b.batch === 0 && m >= 16 && p * n <= SMALL_RESULT ? turn(backend, b, n, p) : undefined;
  const right = turned === undefined ? strides.b : { batch: 0, row: n, column: 1 };
  machine.runFor(size * p)(
    'matMul',
    backend.address(a),
    turned ?? backend.address(b),
    target,
    batches,
    m,
    n,
    p,
    ...stepsOf(strides.a),
    ...stepsOf(right),
    rowsPerTask,
    columnsPerTask,
    slabs,
    size,
  );
  if (turned !== undefined) machine.heap.release(turned);
  if (slabs > 1) {
    machine.runFor(size * slabs)('sumSlabs', target, backend.address(out), batches * m, n, n, slabs);
    machine.heap.release(target);
  }
  backend.drop(a, b);
}

/** Runs `each` on every image of a batch, with the byte offsets of the image in x and y. */
function images(
  x: readonly number[],
  y: readonly number[],
  each: (xOffset: number, yOffset: number, i: number) => void,
): void {
  for (let i = 0; i < x[0]; i++) each(i * sizeOf(x.slice(1)) * 4, i * sizeOf(y.slice(1)) * 4, i);
}

const sides = (shape: readonly number[], c: number) => ({ d: shape[1], h: shape[2], w: shape[3], c });

/** Runs a convolution op on float values, and gives its result in the type of all operands. */
function onFloats(
  backend: SimdBackend,
  operands: readonly [tf.TensorInfo, tf.TensorInfo],
  shape: number[],
  empty: boolean,
  run: (floats: [tf.TensorInfo, tf.TensorInfo], out: tf.TensorInfo) => void,
): tf.TensorInfo {
  const out = backend.make(shape);
  if (empty) backend.view(out).fill(0);
  else {
    const floats = operands.map((operand) => castTo(backend, operand, 'float32')) as [tf.TensorInfo, tf.TensorInfo];
    run(floats, out);
    backend.drop(...floats);
  }
  const typed = castTo(backend, out, widest(operands));
  backend.drop(out);
  return typed;
}

const conv3d: Op = (backend, { x, filter }, attributes) => {
  checkConvolutionOp('simd', x.shape, filter.shape, attributes as ConvAttributes);
  const [c, k] = filter.shape.slice(3);
  const empty = isEmptyConvolution(x.shape, filter.shape);
  return onFloats(backend, [x, filter], [...x.shape.slice(0, 4), k], empty, ([images_, weights], y) => {
    const [from, by, to] = [images_, weights, y].map((info) => backend.address(info));
    images(x.shape, y.shape, (read, write) =>
      convolve(backend, from + read, by, to + write, sides(x.shape, c), k, false),
    );
  });
};

const conv3dGradInput: Op = (backend, { dy, filter }, attributes) => {
  const { inputShape } = attributes as ConvAttributes;
  checkConvolutionOp('simd', inputShape, filter.shape, attributes as ConvAttributes);
  const [c, k] = filter.shape.slice(3);
  const empty = isEmptyConvolution(inputShape, filter.shape);
  return onFloats(backend, [dy, filter], inputShape, empty, ([slopes, weights], dx) => {
    const [from, by, to] = [slopes, weights, dx].map((info) => backend.address(info));
    images(dy.shape, inputShape, (read, write) =>
      convolve(backend, from + read, by, to + write, sides(dy.shape, k), c, true),
    );
  });
};

const conv3dGradFilter: Op = (backend, { x, dy }, attributes) => {
  const { filterShape } = attributes as ConvAttributes;
  checkConvolutionOp('simd', x.shape, filterShape, attributes as ConvAttributes);
  const [c, k] = filterShape.slice(3);
  const empty = isEmptyConvolution(x.shape, filterShape);
  return onFloats(backend, [x, dy], filterShape, empty, ([images_, slopes], dw) => {
    const one = backend.make(filterShape);
    const [from, by, to] = [images_, slopes, one].map((info) => backend.address(info));
    backend.view(dw).fill(0);
    images(x.shape, dy.shape, (read, write) => {
      convolveWeights(backend, from + read, by + write, to, sides(x.shape, c), k);
      const [sum, more] = [dw, one].map((info) => backend.view(info));
      for (let i = 0; i < sum.length; i++) sum[i] += more[i];
    });
    backend.drop(one);
  });
};

export const productOps: Ops = {
  BatchMatMul: matMul,
  Conv3D: conv3d,
  Conv3DBackpropInputV2: conv3dGradInput,
  Conv3DBackpropFilterV2: conv3dGradFilter,
};
