/** Element-wise ops. Those that training needs run as kernels on all threads; the rest are plain loops. */
import * as tf from '@tensorflow/tfjs';
import type { SimdBackend, Values } from '../backend.ts';
import { floatBits as bits } from '../updates.ts';
import { type Rows, rowsOf } from './broadcast.ts';
import { broadcastStrides, type Op, type Ops, sizeOf, walk } from './op.ts';

type Binary = (a: number, b: number) => number;
type Unary = (x: number) => number;

interface Kernel<F> {
  /** The plain form. */
  f: F;
  /** The number under which a kernel of assembly/ knows it (unary.as, binary.as). */
  id?: number;
}

const ARITHMETIC: Record<string, Kernel<Binary>> = {
  Add: { f: (a, b) => a + b, id: 0 },
  Sub: { f: (a, b) => a - b, id: 1 },
  Multiply: { f: (a, b) => a * b, id: 2 },
  RealDiv: { f: (a, b) => a / b, id: 3 },
  Maximum: { f: (a, b) => Math.max(a, b), id: 4 },
  Minimum: { f: (a, b) => Math.min(a, b), id: 5 },
  SquaredDifference: { f: (a, b) => (a - b) * (a - b), id: 6 },
  FloorDiv: { f: (a, b) => Math.floor(a / b) },
  Pow: { f: (a, b) => a ** b },
};

const COMPARISON: Record<string, Kernel<Binary>> = {
  Equal: { f: (a, b) => Number(a === b), id: 8 },
  NotEqual: { f: (a, b) => Number(a !== b), id: 9 },
  Greater: { f: (a, b) => Number(a > b), id: 10 },
  GreaterEqual: { f: (a, b) => Number(a >= b), id: 11 },
  Less: { f: (a, b) => Number(a < b), id: 12 },
  LessEqual: { f: (a, b) => Number(a <= b), id: 13 },
  LogicalAnd: { f: (a, b) => Number(a !== 0 && b !== 0) },
  LogicalOr: { f: (a, b) => Number(a !== 0 || b !== 0) },
};
const EQUAL_WHOLE = 14;

const UNARY: Record<string, Kernel<Unary>> = {
  Abs: { f: Math.abs, id: 7 },
  Ceil: { f: Math.ceil },
  Exp: { f: Math.exp, id: 0 },
  Expm1: { f: Math.expm1 },
  Floor: { f: Math.floor },
  Log: { f: Math.log, id: 1 },
  Log1p: { f: Math.log1p },
  Neg: { f: (x) => -x, id: 2 },
  Reciprocal: { f: (x) => 1 / x, id: 8 },
  Relu: { f: (x) => Math.max(0, x), id: 6 },
  Rsqrt: { f: (x) => 1 / Math.sqrt(x), id: 4 },
  Sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), id: 9 },
  // As TensorFlow.js: the sign of what is no number is 0.
  Sign: { f: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0) },
  Softplus: { f: (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))) },
  Sqrt: { f: Math.sqrt, id: 3 },
  Square: { f: (x) => x * x, id: 5 },
  Tanh: { f: Math.tanh },
  LogicalNot: { f: (x) => Number(x === 0) },
};
const STEP = 10;
const LEAKY_RELU = 11;

/** out = f(a, b) as rows of the kernel `binary`. */
function runRows(
  backend: SimdBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  out: tf.TensorInfo,
  { rows, n, total, runs, sizes, strides, repeat }: Rows,
  id: number,
): void {
  const { machine } = backend;
  const addresses = { a: backend.address(a), b: backend.address(b) };
  let repeated = 0;
  if (repeat) {
    repeated = machine.heap.allocate(n * 4);
    const row = machine.floats(addresses[repeat.operand], n / repeat.times);
    const to = machine.floats(repeated, n);
    for (let i = 0; i < n; i += row.length) to.set(row, i);
    addresses[repeat.operand] = repeated;
  }
  machine.runFor(total)(
    'binary',
    addresses.a,
    addresses.b,
    backend.address(out),
    rows,
    n,
    total,
    runs[0] ? 4 : 0,
    runs[1] ? 4 : 0,
    id,
    ...sizes,
    ...strides.a,
    ...strides.b,
  );
  if (repeat) machine.heap.release(repeated);
}

/** The same by plain loops, for other types and for shapes with many axes. */
function broadcast(backend: SimdBackend, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo, f: Binary): void {
  const [from, other, to] = [a, b, out].map((info) => backend.view(info));
  const shape = out.shape;
  const offsets = new Int32Array(to.length);
  walk(shape, broadcastStrides(a.shape, shape), (i, offset) => {
    offsets[i] = offset;
  });
  walk(shape, broadcastStrides(b.shape, shape), (i, offset) => {
    to[i] = f(from[offsets[i]], other[offset]);
  });
}

function binary(
  backend: SimdBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  dtype: tf.DataType,
  f: Binary,
  id: number | undefined,
): tf.TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const out = backend.make(shape, dtype);
  if (sizeOf(shape) === 0) return out;
  const rows = id === undefined ? undefined : rowsOf(shape, a.shape, b.shape);
  if (rows && id !== undefined) runRows(backend, a, b, out, rows, id);
  else broadcast(backend, a, b, out, f);
  return out;
}

const areFloats = (...infos: tf.TensorInfo[]) => infos.every(({ dtype }) => dtype === 'float32');

const arithmetic =
  ({ f, id }: Kernel<Binary>): Op =>
  (backend, { a, b }) =>
    binary(backend, a, b, tf.upcastType(a.dtype, b.dtype), f, areFloats(a, b) ? id : undefined);

const comparison =
  ({ f, id }: Kernel<Binary>): Op =>
  (backend, { a, b }) => {
    const whole = id === COMPARISON.Equal.id && a.dtype === 'int32' && b.dtype === 'int32';
    return binary(backend, a, b, 'bool', f, areFloats(a, b) ? id : whole ? EQUAL_WHOLE : undefined);
  };

function map(backend: SimdBackend, x: tf.TensorInfo, f: Unary, id?: number, parameter = 0): tf.TensorInfo {
  const out = backend.make(x.shape, x.dtype);
  const size = sizeOf(x.shape);
  if (id !== undefined && x.dtype === 'float32') {
    backend.machine.runFor(size)('unary', backend.address(x), backend.address(out), size, id, bits(parameter));
    return out;
  }
  const [from, to] = [backend.view(x), backend.view(out)];
  for (let i = 0; i < to.length; i++) to[i] = f(from[i]);
  return out;
}

function addValues(backend: SimdBackend, terms: tf.TensorInfo[]): tf.TensorInfo {
  const out = backend.make(terms[0].shape, terms[0].dtype);
  const to = backend.view(out);
  for (let i = 0; i < to.length; i++) to[i] = terms.reduce((sum, term) => sum + backend.view(term)[i], 0);
  return out;
}

const addN: Op = (backend, inputs) => {
  const terms = inputs as unknown as tf.TensorInfo[];
  if (!areFloats(...terms)) return addValues(backend, terms);
  const out = backend.make(terms[0].shape, terms[0].dtype);
  const size = sizeOf(out.shape);
  const rows = rowsOf(out.shape, out.shape, out.shape);
  const copy = [backend.address(terms[0]), backend.address(out), size, bits(1), bits(0)];
  backend.machine.runFor(size)('scaleAdd', ...copy);
  for (const term of terms.slice(1)) runRows(backend, out, term, out, rows as Rows, ARITHMETIC.Add.id as number);
  return out;
};

const select: Op = (backend, { condition, t, e }) => {
  const out = backend.make(t.shape, tf.upcastType(t.dtype, e.dtype));
  const [choice, yes, no, to] = [condition, t, e, out].map((info) => backend.view(info));
  const each = condition.shape.length === t.shape.length ? 1 : to.length / choice.length;
  for (let i = 0; i < to.length; i++) to[i] = choice[Math.floor(i / each)] ? yes[i] : no[i];
  return out;
};

export function castTo(backend: SimdBackend, x: tf.TensorInfo, dtype: tf.DataType): tf.TensorInfo {
  if (x.dtype === dtype) return backend.share(x, x.shape);
  const out = backend.make(x.shape, dtype);
  const size = sizeOf(x.shape);
  if (x.dtype === 'bool' && dtype === 'float32') {
    backend.machine.runFor(size)('widenBytes', backend.address(x), backend.address(out), size);
    return out;
  }
  const [from, to]: Values[] = [backend.view(x), backend.view(out)];
  if (dtype === 'bool') for (let i = 0; i < to.length; i++) to[i] = Number(from[i] !== 0);
  else to.set(from);
  return out;
}

/** f of float values: of whole numbers too it gives floats. */
function mapFloats(
  backend: SimdBackend,
  x: tf.TensorInfo,
  f: Unary,
  id: number | undefined,
  parameter = 0,
): tf.TensorInfo {
  const floats = castTo(backend, x, 'float32');
  const out = map(backend, floats, f, id, parameter);
  backend.drop(floats);
  return out;
}

export const elementwiseOps: Ops = {
  ...Object.fromEntries(Object.entries(ARITHMETIC).map(([name, kernel]) => [name, arithmetic(kernel)])),
  ...Object.fromEntries(Object.entries(COMPARISON).map(([name, kernel]) => [name, comparison(kernel)])),
  ...Object.fromEntries(
    Object.entries(UNARY).map(([name, { f, id }]): [string, Op] => [name, (backend, { x }) => map(backend, x, f, id)]),
  ),
  AddN: addN,
  Select: select,
  Exp: (backend, { x }) => mapFloats(backend, x, UNARY.Exp.f, UNARY.Exp.id),
  Cast: (backend, { x }, { dtype }: { dtype: tf.DataType }) => castTo(backend, x, dtype),
  Step: (backend, { x }, { alpha }: { alpha: number }) =>
    map(backend, x, (v) => (v > 0 ? 1 : Number.isNaN(v) ? v : alpha), STEP, alpha),
  LeakyRelu: (backend, { x }, { alpha }: { alpha: number }) =>
    mapFloats(backend, x, (v) => (v > 0 ? v : alpha * v), LEAKY_RELU, alpha),
  ClipByValue: (backend, { x }, { clipValueMin, clipValueMax }: { clipValueMin: number; clipValueMax: number }) =>
    map(backend, x, (v) => Math.min(clipValueMax, Math.max(clipValueMin, v))),
};
