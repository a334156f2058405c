/** Element-wise ops. Large sums, differences and products of equal sizes run as kernels on all threads; the rest are plain loops. */
import * as tf from '@tensorflow/tfjs';
import type { SimdBackend, Values } from '../backend.ts';
import { type Op, type Ops, sizeOf, stridesOf, walk } from './op.ts';

/** The kernel `binary`'s number of an op. */
const FAST: Record<string, number> = { Add: 0, Sub: 1, Multiply: 2 };

type Binary = (a: number, b: number) => number;
type Unary = (x: number) => number;

const ARITHMETIC: Record<string, Binary> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  FloorDiv: (a, b) => Math.floor(a / b),
  Maximum: (a, b) => Math.max(a, b),
  Minimum: (a, b) => Math.min(a, b),
  SquaredDifference: (a, b) => (a - b) * (a - b),
  Pow: (a, b) => a ** b,
};

const COMPARISON: Record<string, Binary> = {
  Equal: (a, b) => Number(a === b),
  NotEqual: (a, b) => Number(a !== b),
  Greater: (a, b) => Number(a > b),
  GreaterEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessEqual: (a, b) => Number(a <= b),
  LogicalAnd: (a, b) => Number(a !== 0 && b !== 0),
  LogicalOr: (a, b) => Number(a !== 0 || b !== 0),
};

const UNARY: Record<string, Unary> = {
  Abs: Math.abs,
  Ceil: Math.ceil,
  Exp: Math.exp,
  Expm1: Math.expm1,
  Floor: Math.floor,
  Log: Math.log,
  Log1p: Math.log1p,
  Neg: (x) => -x,
  Reciprocal: (x) => 1 / x,
  Relu: (x) => Math.max(0, x),
  Rsqrt: (x) => 1 / Math.sqrt(x),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Sign: Math.sign,
  Softplus: (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))),
  Sqrt: Math.sqrt,
  Square: (x) => x * x,
  Tanh: Math.tanh,
  LogicalNot: (x) => Number(x === 0),
};

/** out = f(a, b) with broadcasting; every f gets loops of its own, so that they stay fast. */
function broadcast(
  a: Values,
  aShape: number[],
  b: Values,
  bShape: number[],
  out: Values,
  shape: number[],
  f: Binary,
): void {
  if (a.length === out.length && b.length === out.length) {
    for (let i = 0; i < out.length; i++) out[i] = f(a[i], b[i]);
  } else if (b.length === 1 && a.length === out.length) {
    const scalar = b[0];
    for (let i = 0; i < out.length; i++) out[i] = f(a[i], scalar);
  } else if (a.length === 1 && b.length === out.length) {
    const scalar = a[0];
    for (let i = 0; i < out.length; i++) out[i] = f(scalar, b[i]);
  } else {
    const offsets = new Int32Array(out.length);
    walk(shape, broadcastStrides(aShape, shape), (i, offset) => {
      offsets[i] = offset;
    });
    walk(shape, broadcastStrides(bShape, shape), (i, offset) => {
      out[i] = f(a[offsets[i]], b[offset]);
    });
  }
}

/** Strides of `from` as seen from the larger shape: 0 along sides that repeat. */
function broadcastStrides(from: number[], to: number[]): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : strides[i - missing]));
}

/** Bits of a float, as kernels take them. */
const bits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0];

function arithmetic(name: string): Op {
  const f = ARITHMETIC[name];
  const fast = FAST[name];
  return (backend, { a, b }) => {
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const out = backend.make(shape, tf.upcastType(a.dtype, b.dtype));
    const size = sizeOf(shape);
    const floats = a.dtype === 'float32' && b.dtype === 'float32';
    if (fast !== undefined && floats && sizeOf(a.shape) === size) {
      if (sizeOf(b.shape) === size) {
        backend.machine.runFor(size)(
          'binary',
          backend.address(a),
          backend.address(b),
          backend.address(out),
          size,
          fast,
        );
        return out;
      }
      if (sizeOf(b.shape) === 1) {
        const value = backend.view(b)[0];
        const [scale, shift] = name === 'Multiply' ? [value, 0] : [1, name === 'Add' ? value : -value];
        backend.machine.runFor(size)(
          'scaleAdd',
          backend.address(a),
          backend.address(out),
          size,
          bits(scale),
          bits(shift),
        );
        return out;
      }
    }
    broadcast(backend.view(a), a.shape, backend.view(b), b.shape, backend.view(out), shape, f);
    return out;
  };
}

const comparison =
  (f: Binary): Op =>
  (backend, { a, b }) => {
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const out = backend.make(shape, 'bool');
    broadcast(backend.view(a), a.shape, backend.view(b), b.shape, backend.view(out), shape, f);
    return out;
  };

function map(backend: SimdBackend, x: tf.TensorInfo, f: Unary): tf.TensorInfo {
  const out = backend.make(x.shape, x.dtype);
  const [from, to] = [backend.view(x), backend.view(out)];
  for (let i = 0; i < to.length; i++) to[i] = f(from[i]);
  return out;
}

const addN: Op = (backend, inputs) => {
  const terms = inputs as unknown as tf.TensorInfo[];
  const size = sizeOf(terms[0].shape);
  const out = backend.make(terms[0].shape, terms[0].dtype);
  const to = backend.address(out);
  backend.machine.runFor(size)('scaleAdd', backend.address(terms[0]), to, size, bits(1), bits(0));
  for (const term of terms.slice(1))
    backend.machine.runFor(size)('binary', to, backend.address(term), to, size, FAST.Add);
  return out;
};

const select: Op = (backend, { condition, t, e }) => {
  const out = backend.make(t.shape, tf.upcastType(t.dtype, e.dtype));
  const [choice, yes, no, to] = [condition, t, e, out].map((info) => backend.view(info));
  const each = condition.shape.length === t.shape.length ? 1 : to.length / choice.length;
  for (let i = 0; i < to.length; i++) to[i] = choice[Math.floor(i / each)] ? yes[i] : no[i];
  return out;
};

const cast: Op = (backend, { x }, { dtype }: { dtype: tf.DataType }) => {
  if (x.dtype === dtype) return backend.share(x, x.shape);
  const out = backend.make(x.shape, dtype);
  const [from, to] = [backend.view(x), backend.view(out)];
  if (dtype === 'bool') for (let i = 0; i < to.length; i++) to[i] = Number(from[i] !== 0);
  else to.set(from);
  return out;
};

export const elementwiseOps: Ops = {
  ...Object.fromEntries(Object.keys(ARITHMETIC).map((name) => [name, arithmetic(name)])),
  ...Object.fromEntries(Object.entries(COMPARISON).map(([name, f]) => [name, comparison(f)])),
  ...Object.fromEntries(
    Object.entries(UNARY).map(([name, f]): [string, Op] => [name, (backend, { x }) => map(backend, x, f)]),
  ),
  AddN: addN,
  Select: select,
  Cast: cast,
  Step: (backend, { x }, { alpha }: { alpha: number }) =>
    map(backend, x, (v) => (v > 0 ? 1 : Number.isNaN(v) ? v : alpha)),
  LeakyRelu: (backend, { x }, { alpha }: { alpha: number }) => map(backend, x, (v) => (v > 0 ? v : alpha * v)),
  ClipByValue: (backend, { x }, { clipValueMin, clipValueMax }: { clipValueMin: number; clipValueMax: number }) =>
    map(backend, x, (v) => Math.min(clipValueMax, Math.max(clipValueMin, v))),
};
