/** Matrix products and TensorFlow.js' own convolution ops, on the kernels. */
import type * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, checkConvolutionOp, type FactorStrides, matrixProduct } from '../../backend/products.ts';
import type { SimdBackend } from '../backend.ts';
import { convolve, convolveWeights } from '../convolution.ts';
import { type Op, type Ops, sizeOf } from './op.ts';

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

const matMul: Op = (backend, { a, b }, { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean }) => {
  const { batches, m, n, p, shape, ...strides } = matrixProduct(a, b, transposeA, transposeB);
  const out = backend.make(shape);
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
  return out;
};

/** Runs `each` on every image of a batch, with the byte offsets of the image in x and y. */
function images(
  x: readonly number[],
  y: readonly number[],
  each: (xOffset: number, yOffset: number, i: number) => void,
): void {
  for (let i = 0; i < x[0]; i++) each(i * sizeOf(x.slice(1)) * 4, i * sizeOf(y.slice(1)) * 4, i);
}

const sides = (shape: readonly number[], c: number) => ({ d: shape[1], h: shape[2], w: shape[3], c });

const conv3d: Op = (backend, { x, filter }, attributes) => {
  checkConvolutionOp('simd', x.shape, filter.shape, attributes as ConvAttributes);
  const [c, k] = filter.shape.slice(3);
  const y = backend.make([...x.shape.slice(0, 4), k]);
  images(x.shape, y.shape, (from, to) =>
    convolve(
      backend,
      backend.address(x) + from,
      backend.address(filter),
      backend.address(y) + to,
      sides(x.shape, c),
      k,
      false,
    ),
  );
  return y;
};

const conv3dGradInput: Op = (backend, { dy, filter }, attributes) => {
  const { inputShape } = attributes as ConvAttributes;
  checkConvolutionOp('simd', inputShape, filter.shape, attributes as ConvAttributes);
  const [c, k] = filter.shape.slice(3);
  const dx = backend.make(inputShape);
  images(dy.shape, inputShape, (from, to) =>
    convolve(
      backend,
      backend.address(dy) + from,
      backend.address(filter),
      backend.address(dx) + to,
      sides(dy.shape, k),
      c,
      true,
    ),
  );
  return dx;
};

const conv3dGradFilter: Op = (backend, { x, dy }, attributes) => {
  const { filterShape } = attributes as ConvAttributes;
  checkConvolutionOp('simd', x.shape, filterShape, attributes as ConvAttributes);
  const [c, k] = filterShape.slice(3);
  const dw = backend.make(filterShape);
  const one = backend.make(filterShape);
  backend.view(dw).fill(0);
  images(x.shape, dy.shape, (from, to) => {
    convolveWeights(
      backend,
      backend.address(x) + from,
      backend.address(dy) + to,
      backend.address(one),
      sides(x.shape, c),
      k,
    );
    const [sum, more] = [dw, one].map((info) => backend.view(info));
    for (let i = 0; i < sum.length; i++) sum[i] += more[i];
  });
  backend.drop(one);
  return dw;
};

export const productOps: Ops = {
  BatchMatMul: matMul,
  Conv3D: conv3d,
  Conv3DBackpropInputV2: conv3dGradInput,
  Conv3DBackpropFilterV2: conv3dGradFilter,
};
