/** Element-wise ops. Numbers that the processor knows become parameters; equal sizes go four at a time. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../../core/errors.ts';
import { type WebgpuBackend, type WgslType, wgslType, wordOf } from '../backend.ts';
import { bits, extremeOf, groupsFor } from '../program.ts';
import {
  BROADCAST_SIDES,
  binaryBroadcast,
  binaryNumber,
  binarySame,
  type Formula,
  select as selectProgram,
  unary,
} from '../wgsl/elementwise.ts';
import { broadcastStrides, joinSides, type Op, type Ops, padded, sizeOf } from './op.ts';

const ARITHMETIC: Record<string, string> = {
  Add: 'return a + b;',
  Sub: 'return a - b;',
  Multiply: 'return a * b;',
  RealDiv: 'return a / b;',
  Maximum: `return ${extremeOf('max')};`,
  Minimum: `return ${extremeOf('min')};`,
  SquaredDifference: 'return (a - b) * (a - b);',
};

/** For floats alone. */
const FLOAT_ARITHMETIC: Record<string, string> = {
  FloorDiv: 'return floor(a / b);',
  // WGSL's pow is for positive numbers; of a negative one only whole powers are real.
  Pow: 'if (b == 0.0 && !isNan(b)) { return 1.0; } if (isNan(a)) { return a; } if (isNan(b)) { return b; } if (a == 0.0 || a > 0.0) { return pow(a, b); } let whole = pow(-a, b); return select(nan(a), select(whole, -whole, fract(b * 0.5) != 0.0), fract(b) == 0.0);',
};

const ORDERED = '!isNan(a) && !isNan(b)';
const COMPARISON: Record<string, string> = {
  Equal: `return u32(${ORDERED} && a == b);`,
  NotEqual: 'return u32(isNan(a) || isNan(b) || a != b);',
  Greater: `return u32(${ORDERED} && a > b);`,
  GreaterEqual: `return u32(${ORDERED} && a >= b);`,
  Less: `return u32(${ORDERED} && a < b);`,
  LessEqual: `return u32(${ORDERED} && a <= b);`,
};

const LOGIC: Record<string, string> = {
  LogicalAnd: 'return u32(a != 0u && b != 0u);',
  LogicalOr: 'return u32(a != 0u || b != 0u);',
};

/** Of floats that are numbers; others stay what they are. Where a function ends, drivers differ in what they give. */
const UNARY: Record<string, string> = {
  Ceil: 'return ceil(a);',
  // By the terms of Cephes' expf: a driver's own may be three units of the last place off.
  Exp: `if (a > 88.72284) { return infinity(1.0); } if (a < -104.0) { return 0.0; }
  let k = round(a * 1.44269504); let r = fma(k, 2.12194440e-4, fma(k, -0.693359375, a));
  let q = fma(fma(fma(fma(fma(1.9875691500e-4, r, 1.3981999507e-3), r, 8.3334519073e-3), r, 4.1665795894e-2), r, 1.6666665459e-1), r, 5.0000001201e-1);
  return ldexp(fma(q, r * r, r) + 1.0, i32(k));`,
  Expm1: 'return select(exp(a) - 1.0, a * (1.0 + a * (0.5 + a * (0.16666667 + a * 0.041666667))), abs(a) < 0.03);',
  Floor: 'return floor(a);',
  Log: 'if (a < 0.0) { return nan(a); } if (a == 0.0) { return infinity(-1.0); } return log(a);',
  Log1p:
    'if (a < -1.0) { return nan(a); } if (a == -1.0) { return infinity(a); } return select(log(1.0 + a), a * (1.0 - a * (0.5 - a * (0.33333333 - a * 0.25))), abs(a) < 0.03);',
  Reciprocal: 'return 1.0 / a;',
  Rsqrt: 'if (a < 0.0) { return nan(a); } return 1.0 / sqrt(a);',
  Sigmoid: 'return 1.0 / (1.0 + exp(-clamp(a, -88.0, 88.0)));',
  Softplus: 'return max(a, 0.0) + log(1.0 + exp(-abs(a)));',
  Sqrt: 'if (a < 0.0) { return nan(a); } return sqrt(a);',
  Tanh: 'let e = exp(-2.0 * min(abs(a), 20.0)); let t = select((1.0 - e) / (1.0 + e), abs(a) * (1.0 - a * a / 3.0), abs(a) < 0.01); return select(t, -t, a < 0.0);',
};

/** Of floats and whole numbers. */
const SIGNED_UNARY: Record<string, string> = {
  Abs: 'return abs(a);',
  Neg: 'return -a;',
  Sign: 'if (isNan(a)) { return 0; } return sign(a);',
  Square: 'return a * a;',
};

const formula = (name: string, body: string): Formula => ({ name, body });
const fours = (count: number): number => Math.ceil(count / 4);

/** out = f(a, b) of type T in and R out. */
function combine(
  backend: WebgpuBackend,
  f: Formula,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  T: WgslType,
  dtype: tf.DataType,
): tf.TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const out = backend.make(shape, dtype);
  const [size, R] = [sizeOf(shape), wgslType(dtype)];
  if (size === 0) return out;
  const n = fours(size);
  const [left, right] = [backend.known(a), backend.known(b)];
  if (right !== undefined && sizeOf(a.shape) === size) {
    backend.run(binaryNumber(f, T, R, false), [a], [out], [n, wordOf(T, right)], groupsFor(n));
  } else if (left !== undefined && sizeOf(b.shape) === size) {
    backend.run(binaryNumber(f, T, R, true), [b], [out], [n, wordOf(T, left)], groupsFor(n));
  } else if (sizeOf(a.shape) === size && sizeOf(b.shape) === size) {
    backend.run(binarySame(f, T, R), [a, b], [out], [n], groupsFor(n));
  } else {
    const { shape: sides, strides } = joinSides(shape, [
      broadcastStrides(a.shape, shape),
      broadcastStrides(b.shape, shape),
    ]);
    if (sides.length > BROADCAST_SIDES) {
      const message = `A broadcast of the webgpu engine must have at most ${BROADCAST_SIDES} different sides, got [${a.shape}] with [${b.shape}].`;
      throw new DecileError('engine/unsupported', message, '');
    }
    const words = [
      size,
      ...padded(sides, BROADCAST_SIDES, 1),
      ...strides.flatMap((set) => padded(set, BROADCAST_SIDES, 0)),
    ];
    backend.run(binaryBroadcast(f, T, R), [a, b], [out], words, groupsFor(size));
  }
  return out;
}

/** Runs on both operands as values of the wider type; TensorFlow.js leaves mixed types to the backend in places. */
function withOneType(
  backend: WebgpuBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  run: (a: tf.TensorInfo, b: tf.TensorInfo, dtype: tf.DataType) => tf.TensorInfo,
): tf.TensorInfo {
  const dtype = tf.upcastType(a.dtype, b.dtype);
  const [left, right] = [castTo(backend, a, dtype), castTo(backend, b, dtype)];
  const out = run(left, right, dtype);
  backend.drop(left, right);
  return out;
}

const arithmetic =
  (name: string, body: string, floats: boolean): Op =>
  (backend, { a, b }) =>
    withOneType(backend, a, b, (left, right, dtype) => {
      if (!floats || dtype === 'float32')
        return combine(backend, formula(name, body), left, right, wgslType(dtype), dtype);
      const [x, y] = [castTo(backend, left, 'float32'), castTo(backend, right, 'float32')];
      const result = combine(backend, formula(name, body), x, y, 'f32', 'float32');
      const out = castTo(backend, result, dtype);
      backend.drop(x, y, result);
      return out;
    });

const comparison =
  (name: string, body: string): Op =>
  (backend, { a, b }) =>
    withOneType(backend, a, b, (left, right, dtype) =>
      combine(backend, formula(name, body), left, right, wgslType(dtype), 'bool'),
    );

const logic =
  (name: string, body: string): Op =>
  (backend, { a, b }) =>
    combine(backend, formula(name, body), a, b, 'u32', 'bool');

function map(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  name: string,
  body: string,
  dtype: tf.DataType,
  words: number[] = [],
): tf.TensorInfo {
  const out = backend.make(x.shape, dtype);
  const n = fours(sizeOf(x.shape));
  backend.run(unary(formula(name, body), wgslType(x.dtype), wgslType(dtype)), [x], [out], [n, ...words], groupsFor(n));
  return out;
}

/** The same values in another type; shared when it is that type already. */
export function castTo(backend: WebgpuBackend, x: tf.TensorInfo, dtype: tf.DataType): tf.TensorInfo {
  if (x.dtype === dtype) return backend.share(x, x.shape);
  const [T, R] = [wgslType(x.dtype), wgslType(dtype)];
  const body =
    R === 'u32'
      ? `return u32(isNan(a) || a != ${T}(0));`
      : R === 'i32'
        ? 'if (isNan(a)) { return 0; } return i32(a);'
        : `return ${R}(a);`;
  return map(backend, x, 'cast', body, dtype);
}

/** A function of floats; of whole numbers it is taken as floats, and given back as whole numbers unless `floats`. */
function mapFloats(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  name: string,
  body: string,
  floats = false,
  words: number[] = [],
): tf.TensorInfo {
  const from = castTo(backend, x, 'float32');
  const result = map(backend, from, name, `if (isNan(a)) { return a; } ${body}`, 'float32', words);
  const out = castTo(backend, result, floats ? 'float32' : x.dtype);
  backend.drop(from, result);
  return out;
}

const addN: Op = (backend, inputs) => {
  const terms = inputs as unknown as tf.TensorInfo[];
  let sum = backend.share(terms[0], terms[0].shape);
  for (const term of terms.slice(1)) {
    const next = combine(backend, formula('Add', ARITHMETIC.Add), sum, term, wgslType(term.dtype), term.dtype);
    backend.drop(sum);
    sum = next;
  }
  return sum;
};

const select: Op = (backend, { condition, t, e }) => {
  const dtype = tf.upcastType(t.dtype, e.dtype);
  const [yes, no] = [castTo(backend, t, dtype), castTo(backend, e, dtype)];
  const out = backend.make(t.shape, dtype);
  const size = sizeOf(t.shape);
  const each = condition.shape.length === t.shape.length || size === 0 ? 1 : size / sizeOf(condition.shape);
  backend.run(selectProgram, [condition, yes, no], [out], [size, each], groupsFor(size));
  backend.drop(yes, no);
  return out;
};

const all = (table: Record<string, string>, make: (name: string, body: string) => Op): Ops =>
  Object.fromEntries(Object.entries(table).map(([name, body]) => [name, make(name, body)]));

export const elementwiseOps: Ops = {
  ...all(ARITHMETIC, (name, body) => arithmetic(name, body, false)),
  ...all(FLOAT_ARITHMETIC, (name, body) => arithmetic(name, body, true)),
  ...all(COMPARISON, comparison),
  ...all(LOGIC, logic),
  ...all(
    UNARY,
    (name, body) =>
      (backend, { x }) =>
        mapFloats(backend, x, name, body, name === 'Exp'),
  ),
  ...all(
    SIGNED_UNARY,
    (name, body) =>
      (backend, { x }) =>
        map(backend, x, name, body, x.dtype),
  ),
  Relu: (backend, { x }) =>
    map(backend, x, 'Relu', `if (isNan(a)) { return a; } return max(a, ${wgslType(x.dtype)}(0));`, x.dtype),
  LogicalNot: (backend, { x }) => map(backend, x, 'LogicalNot', 'return u32(a == 0u);', 'bool'),
  AddN: addN,
  Select: select,
  Cast: (backend, { x }, { dtype }: { dtype: tf.DataType }) => castTo(backend, x, dtype),
  Step: (backend, { x }, { alpha }: { alpha: number }) =>
    mapFloats(backend, x, 'Step', 'return select(p.first, 1.0, a > 0.0);', false, [bits(alpha), 0]),
  LeakyRelu: (backend, { x }, { alpha }: { alpha: number }) =>
    mapFloats(backend, x, 'LeakyRelu', 'return select(p.first * a, a, a > 0.0);', true, [bits(alpha), 0]),
  ClipByValue: (backend, { x }, { clipValueMin, clipValueMax }: { clipValueMin: number; clipValueMax: number }) => {
    const T = wgslType(x.dtype);
    const words = [wordOf(T, clipValueMin), wordOf(T, clipValueMax)];
    return map(
      backend,
      x,
      'ClipByValue',
      'if (isNan(a)) { return a; } return min(p.second, max(p.first, a));',
      x.dtype,
      words,
    );
  },
};
