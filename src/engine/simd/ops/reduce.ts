/** Reductions along axes, softmax and running sums; sums are in float64. */
import type * as tf from '@tensorflow/tfjs';
import type { SimdBackend, Values } from '../backend.ts';
import { axesOf, type Op, type Ops, sizeOf, stridesOf, walk } from './op.ts';

/** A reduction: its start, a step, and what becomes of the result of `n` values. */
interface Reduction {
  start: number;
  step(sum: number, value: number): number;
  end?(sum: number, n: number): number;
}

const REDUCTIONS: Record<string, Reduction> = {
  Sum: { start: 0, step: (sum, value) => sum + value },
  Mean: { start: 0, step: (sum, value) => sum + value, end: (sum, n) => sum / n },
  Prod: { start: 1, step: (product, value) => product * value },
  Max: { start: Number.NEGATIVE_INFINITY, step: (most, value) => (value > most || Number.isNaN(value) ? value : most) },
  Min: {
    start: Number.POSITIVE_INFINITY,
    step: (least, value) => (value < least || Number.isNaN(value) ? value : least),
  },
  All: { start: 1, step: (all, value) => Number(all !== 0 && value !== 0) },
  Any: { start: 0, step: (any, value) => Number(any !== 0 || value !== 0) },
};

/** Values before, in and after the reduced axes; undefined when those axes are not side by side. */
function split(shape: number[], axes: number[]): { outer: number; middle: number; inner: number } | undefined {
  if (axes.some((axis, i) => axis !== axes[0] + i)) return undefined;
  const first = axes[0] ?? shape.length;
  const after = first + axes.length;
  return {
    outer: sizeOf(shape.slice(0, first)),
    middle: sizeOf(shape.slice(first, after)),
    inner: sizeOf(shape.slice(after)),
  };
}

/** Values a partial sum covers; fixed, so that results do not depend on the number of threads. */
const ROW_CHUNK = 16384;
const COLUMN_CHUNK = 1024;
/** The kernels' numbers of what they can do. */
const FAST: Record<string, number> = { Sum: 0, Mean: 0, Max: 1, Min: 2 };

type Parts = NonNullable<ReturnType<typeof split>>;

/** Partial results by a kernel, put together here. `to` has outer x inner values. */
function reduceFast(backend: SimdBackend, x: tf.TensorInfo, out: tf.TensorInfo, parts: Parts, name: string): void {
  const { machine } = backend;
  const { outer, middle, inner } = parts;
  const { step, start, end } = REDUCTIONS[name];
  const chunks = Math.ceil(middle / (inner === 1 ? ROW_CHUNK : COLUMN_CHUNK));
  const chunk = Math.ceil(middle / chunks);
  const direct = chunks === 1 && !end;
  const partials = direct ? backend.address(out) : machine.heap.allocate(outer * chunks * inner * 4);
  const run = machine.runFor(outer * middle * inner);
  if (inner === 1) run('reduceRows', backend.address(x), partials, outer, middle, chunk, FAST[name]);
  else run('reduceColumns', backend.address(x), partials, outer, middle, inner, chunk, FAST[name]);
  if (direct) return;
  const [from, to] = [machine.floats(partials, outer * chunks * inner), backend.view(out)];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = start;
      for (let c = 0; c < chunks; c++) sum = step(sum, from[(o * chunks + c) * inner + i]);
      to[o * inner + i] = end ? end(sum, middle) : sum;
    }
  }
  machine.heap.release(partials);
}

function reduce(
  backend: SimdBackend,
  x: tf.TensorInfo,
  axes: number[],
  keepDims: boolean,
  name: string,
  dtype: tf.DataType,
): tf.TensorInfo {
  const { start, step, end } = REDUCTIONS[name];
  const kept = x.shape.filter((_, i) => !axes.includes(i));
  const out = backend.make(keepDims ? x.shape.map((n, i) => (axes.includes(i) ? 1 : n)) : kept, dtype);
  const parts = split(x.shape, axes);
  if (parts && name in FAST && x.dtype === 'float32' && sizeOf(x.shape) > 0) {
    reduceFast(backend, x, out, parts, name);
    return out;
  }
  const [from, to] = [backend.view(x), backend.view(out)];
  const sums = new Float64Array(to.length).fill(start);
  const strides = stridesOf(kept);
  let next = 0;
  const seen = x.shape.map((_, i) => (axes.includes(i) ? 0 : strides[next++]));
  walk(x.shape, seen, (i, offset) => {
    sums[offset] = step(sums[offset], from[i]);
  });
  const n = from.length / Math.max(1, to.length);
  for (let i = 0; i < to.length; i++) to[i] = end ? end(sums[i], n) : sums[i];
  return out;
}

/** Sums and products of truths are whole numbers. */
const ADDS = ['Sum', 'Prod'];
const countable = (dtype: tf.DataType): tf.DataType => (dtype === 'bool' ? 'int32' : dtype);

function reduction(name: string): Op {
  return (backend, { x }, { axis, keepDims }: { axis: number | number[]; keepDims: boolean }) => {
    const dtype = name === 'Mean' ? 'float32' : ADDS.includes(name) ? countable(x.dtype) : x.dtype;
    return reduce(backend, x, axesOf(axis, x.shape.length), keepDims ?? false, name, dtype);
  };
}

/** Index of the first extreme along one axis. */
const extremeIndex =
  (better: (a: number, b: number) => boolean): Op =>
  (backend, { x }, { axis }: { axis: number }) => {
    const [along] = axesOf(axis, x.shape.length);
    const out = backend.make(
      x.shape.filter((_, i) => i !== along),
      'int32',
    );
    const inner = sizeOf(x.shape.slice(along + 1));
    const count = x.shape[along];
    const [from, to] = [backend.view(x), backend.view(out)];
    for (let i = 0; i < to.length; i++) {
      const first = Math.floor(i / inner) * count * inner + (i % inner);
      let best = 0;
      for (let j = 1; j < count; j++) if (better(from[first + j * inner], from[first + best * inner])) best = j;
      to[i] = best;
    }
    return out;
  };

/** Applies `row` to each run of the last axis. */
function alongLast(
  backend: SimdBackend,
  x: tf.TensorInfo,
  row: (from: Values, to: Values, at: number, n: number) => void,
): tf.TensorInfo {
  const out = backend.make(x.shape, 'float32');
  const [from, to] = [backend.view(x), backend.view(out)];
  const n = x.shape.at(-1) ?? 1;
  for (let at = 0; at < to.length; at += n) row(from, to, at, n);
  return out;
}

/** The largest value of a row, and the logarithm of the sum of exp(value - largest). */
function logSum(from: Values, at: number, n: number): [most: number, logSum: number] {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = at; i < at + n; i++) most = Math.max(most, from[i]);
  let sum = 0;
  for (let i = at; i < at + n; i++) sum += Math.exp(from[i] - most);
  return [most, Math.log(sum)];
}

const cumsum: Op = (
  backend,
  { x },
  { axis, exclusive, reverse }: { axis: number; exclusive: boolean; reverse: boolean },
) => {
  const [along] = axesOf(axis, x.shape.length);
  const out = backend.make(x.shape, countable(x.dtype));
  const [from, to] = [backend.view(x), backend.view(out)];
  const inner = sizeOf(x.shape.slice(along + 1));
  const count = x.shape[along];
  for (let i = 0; i < to.length / count; i++) {
    const first = Math.floor(i / inner) * count * inner + (i % inner);
    let sum = 0;
    for (let j = 0; j < count; j++) {
      const at = first + (reverse ? count - 1 - j : j) * inner;
      const value = from[at];
      to[at] = exclusive ? sum : sum + value;
      sum += value;
    }
  }
  return out;
};

export const reduceOps: Ops = {
  ...Object.fromEntries(Object.keys(REDUCTIONS).map((name) => [name, reduction(name)])),
  Max: (backend, { x }, { reductionIndices, keepDims }: { reductionIndices: number | number[]; keepDims: boolean }) =>
    reduce(backend, x, axesOf(reductionIndices, x.shape.length), keepDims ?? false, 'Max', x.dtype),
  ArgMax: extremeIndex((a, b) => a > b),
  ArgMin: extremeIndex((a, b) => a < b),
  Softmax: (backend, { logits }) =>
    alongLast(backend, logits, (from, to, at, n) => {
      // Beside a large value a sum of two logarithms would be lost: each is taken off on its own.
      const [most, total] = logSum(from, at, n);
      for (let i = at; i < at + n; i++) to[i] = Math.exp(from[i] - most - total);
    }),
  LogSoftmax: (backend, { logits }) =>
    alongLast(backend, logits, (from, to, at, n) => {
      const [most, total] = logSum(from, at, n);
      for (let i = at; i < at + n; i++) to[i] = from[i] - most - total;
    }),
  Cumsum: cumsum,
};
