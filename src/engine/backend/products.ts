/** What own backends ask of convolutions and matrix products before they compute. */
import * as tf from '@tensorflow/tfjs';
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
  dilations?: number | number[];
  dataFormat?: string;
  filterShape: number[];
  inputShape: number[];
}

/** `checkConvolution` for a batch, with what TensorFlow.js' ops could ask for besides. */
export function checkConvolutionOp(
  engine: string,
  x: readonly number[],
  w: readonly number[],
  { strides, pad, dilations = 1, dataFormat = 'NDHWC' }: ConvAttributes,
): void {
  checkConvolution(engine, [1, ...x.slice(1)], w);
  const refuse = (what: string, got: unknown) =>
    new DecileError(
      'engine/unsupported',
      `A convolution op of the ${engine} engine must have ${what}, got ${got}.`,
      '',
    );
  if (w.slice(0, 3).some((side) => side !== 3)) throw refuse('[3, 3, 3, C, K]', `[${w}]`);
  if (![strides].flat().every((stride) => stride === 1) || pad !== 'same')
    throw refuse("stride 1 and pad 'same'", `${strides} and ${pad}`);
  if (![dilations].flat().every((dilation) => dilation === 1)) throw refuse('dilation 1', dilations);
  if (dataFormat !== 'NDHWC') throw refuse('channels last (NDHWC)', dataFormat);
}

/** Whether a convolution has nothing to add up, or nowhere to put it. */
export const isEmptyConvolution = (x: readonly number[], w: readonly number[]): boolean =>
  sizeOf(x) === 0 || sizeOf(w) === 0;

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
  /** Shape of the batch, where a factor has to be repeated to it first: its own repeats in some sides and not in others. */
  spreads: { a?: number[]; b?: number[] };
  /** int32 where no factor is a float. */
  dtype: tf.DataType;
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
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  if ((transposeB ? bColumns : bRows) !== p)
    throw new DecileError('engine/unsupported', `Matrices must fit, got [${a.shape}] and [${b.shape}].`, '');
  const batchShape = tf.backend_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const batches = sizeOf(batchShape);
  const apart = (own: number[]) => sizeOf(own) !== batches && sizeOf(own) !== 1;
  const strides = (transposed: boolean, columns: number, batch: number): FactorStrides =>
    transposed ? { batch, row: 1, column: columns } : { batch, row: columns, column: 1 };
  return {
    ...{ batches, m, n, p },
    a: strides(transposeA, aColumns, sizeOf(aBatch) === 1 ? 0 : m * p),
    b: strides(transposeB, bColumns, sizeOf(bBatch) === 1 ? 0 : p * n),
    shape: [...batchShape, m, n],
    spreads: { ...(apart(aBatch) && { a: batchShape }), ...(apart(bBatch) && { b: batchShape }) },
    dtype: tf.upcastType(tf.upcastType(a.dtype, b.dtype), 'int32'),
  };
}
