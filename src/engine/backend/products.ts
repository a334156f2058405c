/** What own backends ask of convolutions and matrix products before they compute. */
import type * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';
import { sizeOf } from './op.ts';

/** One image, 1 or 3 along each axis of the kernel, matching channels: all that the networks use. */
export function checkConvolution(engine: string, x: readonly number[], w: readonly number[]): void {
  const fits =
    x.length === 5 &&
    x[0] === 1 &&
    w.length === 5 &&
    w.slice(0, 3).every((side) => side === 1 || side === 3) &&
    w[3] === x[4];
  if (fits) return;
  const message = `A convolution of the ${engine} engine must be [1, D, H, W, C] with [kD, kH, kW, C, K], sides of the kernel 1 or 3, got [${x}] with [${w}].`;
  throw new DecileError('engine/unsupported', message, 'Use --engine tensorflow or cpu.');
}

/** As TensorFlow.js' convolution ops give them. */
export interface ConvAttributes {
  strides: number | number[];
  pad: unknown;
  filterShape: number[];
  inputShape: number[];
}

/** `checkConvolution` for a batch, with what TensorFlow.js' ops could ask for besides. */
export function checkConvolutionOp(
  engine: string,
  x: readonly number[],
  w: readonly number[],
  { strides, pad }: ConvAttributes,
): void {
  checkConvolution(engine, [1, ...x.slice(1)], w);
  if (w.slice(0, 3).some((side) => side !== 3)) {
    const message = `A convolution op of the ${engine} engine must have [3, 3, 3, C, K], got [${w}].`;
    throw new DecileError('engine/unsupported', message, '');
  }
  const ones = typeof strides === 'number' ? strides === 1 : strides.every((s) => s === 1);
  if (!ones || pad !== 'same') {
    const message = `A convolution of the ${engine} engine must have stride 1 and pad 'same', got ${strides} and ${pad}.`;
    throw new DecileError('engine/unsupported', message, '');
  }
}

/** A factor of a matrix product: strides in elements between its matrices, rows and columns; batch 0 where it repeats. */
export interface FactorStrides {
  batch: number;
  row: number;
  column: number;
}

export interface MatrixProduct {
  batches: number;
  /** [m, p] times [p, n]. */
  m: number;
  n: number;
  p: number;
  a: FactorStrides;
  b: FactorStrides;
  /** Shape of the result. */
  shape: number[];
}

/** How two batches of matrices meet. @throws DecileError where they do not fit */
export function matrixProduct(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): MatrixProduct {
  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  const [m, p] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const n = transposeB ? bRows : bColumns;
  const [aBatches, bBatches] = [sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2))];
  if ((transposeB ? bColumns : bRows) !== p || (aBatches !== bBatches && aBatches !== 1 && bBatches !== 1)) {
    throw new DecileError('engine/unsupported', `Matrices must fit, got [${a.shape}] and [${b.shape}].`, '');
  }
  const batchShape = (aBatches >= bBatches && a.shape.length >= b.shape.length ? a : b).shape.slice(0, -2);
  const strides = (transposed: boolean, columns: number, batch: number): FactorStrides =>
    transposed ? { batch, row: 1, column: columns } : { batch, row: columns, column: 1 };
  return {
    ...{ batches: Math.max(aBatches, bBatches), m, n, p },
    a: strides(transposeA, aColumns, aBatches === 1 ? 0 : m * p),
    b: strides(transposeB, bColumns, bBatches === 1 ? 0 : p * n),
    shape: [...batchShape, m, n],
  };
}
