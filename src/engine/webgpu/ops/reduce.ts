/** Reductions along axes, softmax and running sums. Long sums are cut into chunks, always at the same places. */
import type * as tf from '@tensorflow/tfjs';
import { type WebgpuBackend, wgslType, wordOf } from '../backend.ts';
import { bits, extremeOf, groupsFor } from '../program.ts';
import {
  extremePlace,
  type Reduction,
  reduceChunks,
  reducePlain,
  runningSum,
  softmaxRows,
  THREADS,
} from '../wgsl/reduce.ts';
import { castTo } from './elementwise.ts';
import { axesOf, type Op, type Ops, sizeOf } from './op.ts';
import { transposed } from './shape.ts';

const same = (value: number) => ({ f32: value, i32: value, u32: value });
const REDUCTIONS: Record<string, Reduction> = {
  Sum: { name: 'sum', start: same(0), join: 'a + b' },
  Prod: { name: 'prod', start: same(1), join: 'a * b' },
  Max: { name: 'max', start: { f32: Number.NEGATIVE_INFINITY, i32: -(2 ** 31), u32: 0 }, join: extremeOf('max') },
  Min: { name: 'min', start: { f32: Number.POSITIVE_INFINITY, i32: 2 ** 31 - 1, u32: 1 }, join: extremeOf('min') },
};
/** Sums and products of truths are whole numbers. */
const countable = (dtype: tf.DataType): tf.DataType => (dtype === 'bool' ? 'int32' : dtype);

/** Terms that one thread may add alone. */
const FEW = 64;
/** Terms a thread of a group adds, and the most chunks. */
const PER_THREAD = 32;
const CHUNKS = 1024;

/** How a group of threads shares the inner values: columns side by side, rows of them below. */
export function groupShape(inner: number): { columns: number; rows: number; half: number; parts: number } {
  const columns = Math.min(inner, THREADS);
  const rows = Math.floor(THREADS / columns);
  const half = rows > 1 ? 2 ** (Math.ceil(Math.log2(rows)) - 1) : 0;
  return { columns, rows, half, parts: Math.ceil(inner / columns) };
}

/** [outer, middle, inner] -> [outer, inner], times `factor`. */
function reduceMiddle(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  [outer, middle, inner]: readonly [number, number, number],
  shape: number[],
  reduction: Reduction,
  factor = 1,
): tf.TensorInfo {
  const T = wgslType(x.dtype);
  const start = wordOf(T, reduction.start[T]);
  const out = backend.make(shape, x.dtype);
  const count = outer * inner;
  if (middle <= FEW || count >= 65536) {
    backend.run(reducePlain(reduction, T), [x], [out], [count, middle, inner, bits(factor), start], groupsFor(count));
    return out;
  }
  const { columns, rows, half, parts } = groupShape(inner);
  const chunk = Math.max(rows * PER_THREAD, Math.ceil(middle / CHUNKS));
  const chunks = Math.ceil(middle / chunk);
  const words = [outer, middle, inner, chunk, chunks, columns, rows, half, parts];
  const groups = outer * chunks * parts;
  if (chunks === 1) {
    backend.run(reduceChunks(reduction, T), [x], [out], [...words, bits(factor), start], groups);
    return out;
  }
  backend.drop(out);
  const partials = backend.make([outer, chunks, inner], x.dtype);
  backend.run(reduceChunks(reduction, T), [x], [partials], [...words, bits(1), start], groups);
  const result = reduceMiddle(backend, partials, [outer, chunks, inner], shape, reduction, factor);
  backend.drop(partials);
  return result;
}

/** Values before, in and after the reduced axes; undefined when those axes are not side by side. */
function sections(shape: number[], axes: number[]): [number, number, number] | undefined {
  const apart = axes.filter((axis) => shape[axis] !== 1);
  const first = apart[0] ?? 0;
  const last = apart.at(-1) ?? -1;
  for (let axis = first; axis <= last; axis++) if (shape[axis] !== 1 && !apart.includes(axis)) return undefined;
  return [sizeOf(shape.slice(0, first)), sizeOf(shape.slice(first, last + 1)), sizeOf(shape.slice(last + 1))];
}

function reduce(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  axes: number[],
  keepDims: boolean,
  reduction: Reduction,
  mean = false,
): tf.TensorInfo {
  const kept = x.shape.flatMap((n, i) => (axes.includes(i) ? [] : [n]));
  const shape = keepDims ? x.shape.map((n, i) => (axes.includes(i) ? 1 : n)) : kept;
  const count = sizeOf(axes.map((axis) => x.shape[axis]));
  const factor = mean ? 1 / count : 1;
  const parts = sections(x.shape, axes);
  if (parts) return reduceMiddle(backend, x, parts, shape, reduction, factor);
  const last = transposed(backend, x, [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes));
  const out = reduceMiddle(backend, last, [sizeOf(kept), count, 1], shape, reduction, factor);
  backend.drop(last);
  return out;
}

/** Reduces after a cast. */
function reduceAs(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  dtype: tf.DataType,
  axis: number | number[],
  keepDims: boolean | undefined,
  reduction: Reduction,
  mean = false,
): tf.TensorInfo {
  const typed = castTo(backend, x, dtype);
  const out = reduce(backend, typed, axesOf(axis, x.shape.length), keepDims ?? false, reduction, mean);
  backend.drop(typed);
  return out;
}

interface Along {
  axis: number | number[];
  keepDims?: boolean;
}

/** Index of the first extreme along one axis. */
const extreme =
  (better: '<' | '>'): Op =>
  (backend, { x }, { axis }: { axis: number }) => {
    const [along] = axesOf(axis, x.shape.length);
    const out = backend.make(
      x.shape.filter((_, i) => i !== along),
      'int32',
    );
    const count = sizeOf(out.shape);
    const words = [count, x.shape[along], sizeOf(x.shape.slice(along + 1))];
    backend.run(extremePlace(better, wgslType(x.dtype)), [x], [out], words, groupsFor(count));
    return out;
  };

const softmax =
  (logarithm: boolean): Op =>
  (backend, { logits }) => {
    const out = backend.make(logits.shape);
    const n = logits.shape.at(-1) ?? 1;
    const rows = sizeOf(logits.shape) / n;
    backend.run(softmaxRows(logarithm), [logits], [out], [rows, n], groupsFor(rows));
    return out;
  };

export const reduceOps: Ops = {
  Sum: (backend, { x }, { axis, keepDims }: Along) =>
    reduceAs(backend, x, countable(x.dtype), axis, keepDims, REDUCTIONS.Sum),
  Mean: (backend, { x }, { axis, keepDims }: Along) =>
    reduceAs(backend, x, 'float32', axis, keepDims, REDUCTIONS.Sum, true),
  Prod: (backend, { x }, { axis, keepDims }: Along) =>
    reduceAs(backend, x, countable(x.dtype), axis, keepDims, REDUCTIONS.Prod),
  Max: (backend, { x }, { reductionIndices, keepDims }: { reductionIndices: number | number[]; keepDims?: boolean }) =>
    reduceAs(backend, x, x.dtype, reductionIndices, keepDims, REDUCTIONS.Max),
  Min: (backend, { x }, { axis, keepDims }: Along) => reduceAs(backend, x, x.dtype, axis, keepDims, REDUCTIONS.Min),
  All: (backend, { x }, { axis, keepDims }: Along) => reduceAs(backend, x, 'bool', axis, keepDims, REDUCTIONS.Min),
  Any: (backend, { x }, { axis, keepDims }: Along) => reduceAs(backend, x, 'bool', axis, keepDims, REDUCTIONS.Max),
  ArgMax: extreme('>'),
  ArgMin: extreme('<'),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  Cumsum: (backend, { x }, { axis, exclusive, reverse }: { axis: number; exclusive: boolean; reverse: boolean }) => {
    const [along] = axesOf(axis, x.shape.length);
    const typed = castTo(backend, x, countable(x.dtype));
    const out = backend.make(x.shape, typed.dtype);
    const lines = sizeOf(x.shape) / x.shape[along];
    const words = [lines, x.shape[along], sizeOf(x.shape.slice(along + 1)), Number(exclusive), Number(reverse)];
    backend.run(runningSum(wgslType(typed.dtype)), [typed], [out], words, groupsFor(lines));
    backend.drop(typed);
    return out;
  },
};

/** Adds slabs of partial results, [slabs, ...shape]. */
export const addSlabs = (
  backend: WebgpuBackend,
  partials: tf.TensorInfo,
  slabs: number,
  shape: number[],
): tf.TensorInfo => reduceMiddle(backend, partials, [1, slabs, sizeOf(shape)], shape, REDUCTIONS.Sum);
