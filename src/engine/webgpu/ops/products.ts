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
import type { WebgpuBackend } from '../backend.ts';
import { convolutions } from '../kernels.ts';
import { product, ROWS, tileColumns } from '../wgsl/matmul.ts';
import { castTo } from './elementwise.ts';
import type { Op, Ops } from './op.ts';
import { addSlabs } from './reduce.ts';
import { filled, spread } from './shape.ts';

/** Sums of so many terms with a small result are cut into slabs of about `TERMS`. */
const LONG = 2048;
const TERMS = 256;
const MAXIMUM_SLABS = 512;
const SMALL_RESULT = 65536;

/** A matrix of a product: its values are strides apart. */
interface Factor extends FactorStrides {
  info: tf.TensorInfo;
}

const turned = ({ info, batch, row, column }: Factor): Factor => ({ info, batch, row: column, column: row });

interface Transposed {
  transposeA: boolean;
  transposeB: boolean;
}

const matMul: Op = (backend, { a, b }, attributes: Transposed) => {
  const sizes = matrixProduct(a, b, attributes.transposeA, attributes.transposeB);
  const { spreads, dtype } = sizes;
  if (spreads.a || spreads.b) {
    const repeated = (x: tf.TensorInfo, batch: number[] | undefined) =>
      batch ? spread(backend, x, [...batch, ...x.shape.slice(-2)]) : backend.share(x, x.shape);
    const [left, right] = [repeated(a, spreads.a), repeated(b, spreads.b)];
    const out = matMul(backend, { a: left, b: right }, attributes) as tf.TensorInfo;
    backend.drop(left, right);
    return out;
  }
  const [left, right] = [castTo(backend, a, dtype), castTo(backend, b, dtype)];
  const out = multiply(backend, { info: left, ...sizes.a }, { info: right, ...sizes.b }, sizes);
  backend.drop(left, right);
  return out;
};

function multiply(
  backend: WebgpuBackend,
  left: Factor,
  right: Factor,
  { batches, m, n, p, shape, dtype }: Omit<MatrixProduct, 'a' | 'b'>,
): tf.TensorInfo {
  // Tiles are tall: a flat product is computed as its transpose, written where it belongs.
  const flat = m < n && m <= 16;
  const [a, b] = flat ? [turned(right), turned(left)] : [left, right];
  const [rows, columns] = flat ? [n, m] : [m, n];
  const [oRow, oColumn] = flat ? [1, n] : [n, 1];
  const size = batches * m * n;
  const slabs = size <= SMALL_RESULT && p >= LONG ? Math.min(MAXIMUM_SLABS, Math.floor(p / TERMS)) : 1;
  const out = backend.make(slabs === 1 ? shape : [slabs, ...shape], dtype);
  const wide = tileColumns(columns);
  const [down, across] = [Math.ceil(rows / ROWS), Math.ceil(columns / wide)];
  const words = [
    ...[batches, rows, columns, p, a.batch, a.row, a.column, b.batch, b.row, b.column],
    ...[m * n, oRow, oColumn, slabs, Math.ceil(p / slabs), size, down, across],
  ];
  backend.run(
    product(wide, dtype === 'int32' ? 'i32' : 'f32'),
    [a.info, b.info],
    [out],
    words,
    batches * slabs * down * across,
  );
  if (slabs === 1) return out;
  const sum = addSlabs(backend, out, slabs, shape);
  backend.drop(out);
  return sum;
}

/** Runs a convolution op on float values, and gives its result in the type of all operands. */
function onFloats(
  backend: WebgpuBackend,
  operands: readonly tf.TensorInfo[],
  shape: number[],
  empty: boolean,
  run: (floats: tf.TensorInfo[]) => tf.TensorInfo,
): tf.TensorInfo {
  const dtype = widest(operands);
  if (empty) return filled(backend, shape, dtype, 0);
  const floats = operands.map((operand) => castTo(backend, operand, 'float32'));
  const out = run(floats);
  const typed = castTo(backend, out, dtype);
  backend.drop(out, ...floats);
  return typed;
}

const conv3d: Op = (backend, { x, filter }, attributes) => {
  checkConvolutionOp('webgpu', x.shape, filter.shape, attributes as ConvAttributes);
  const shape = [...x.shape.slice(0, 4), filter.shape[4]];
  const empty = isEmptyConvolution(x.shape, filter.shape);
  return onFloats(backend, [x, filter], shape, empty, ([images, weights]) =>
    convolutions.convolve(backend, images, weights, shape),
  );
};

const conv3dGradInput: Op = (backend, { dy, filter }, attributes) => {
  const { inputShape } = attributes as ConvAttributes;
  checkConvolutionOp('webgpu', inputShape, filter.shape, attributes as ConvAttributes);
  const empty = isEmptyConvolution(inputShape, filter.shape);
  return onFloats(backend, [dy, filter], inputShape, empty, ([slopes, weights]) =>
    convolutions.convolveInput(backend, slopes, weights, inputShape),
  );
};

const conv3dGradFilter: Op = (backend, { x, dy }, attributes) => {
  const { filterShape } = attributes as ConvAttributes;
  checkConvolutionOp('webgpu', x.shape, filterShape, attributes as ConvAttributes);
  const empty = isEmptyConvolution(x.shape, filterShape);
  return onFloats(backend, [x, dy], filterShape, empty, ([images, slopes]) =>
    convolutions.convolveWeights(backend, images, slopes),
  );
};

export const productOps: Ops = {
  BatchMatMul: matMul,
  Conv3D: conv3d,
  Conv3DBackpropInputV2: conv3dGradInput,
  Conv3DBackpropFilterV2: conv3dGradFilter,
};
