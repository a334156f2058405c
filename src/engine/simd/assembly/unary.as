// Functions of one float, element by element. Blocks of the heap are whole vectors long, so that the last vector may be whole too.
import { arg, nextTask } from './common';
import { exp4, log4 } from './math';

const CHUNK: u32 = 8192;

/** Numbers of ../ops/elementwise.ts. */
// @ts-ignore: decorator
@inline
function apply(op: u32, v: v128, p: v128): v128 {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  if (op == 0) return exp4(v);
  if (op == 1) return log4(v);
  if (op == 2) return f32x4.neg(v);
  if (op == 3) return f32x4.sqrt(v);
  if (op == 4) return f32x4.div(one, f32x4.sqrt(v));
  if (op == 5) return f32x4.mul(v, v);
  if (op == 6) return f32x4.max(v, zero);
  if (op == 7) return f32x4.abs(v);
  if (op == 8) return f32x4.div(one, v);
  if (op == 9) return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v))));
  // Step: 1 above 0, p below, NaN stays.
  const steps = v128.bitselect(one, p, f32x4.gt(v, zero));
  if (op == 10) return v128.bitselect(steps, v, f32x4.eq(v, v));
  // Leaky ReLU.
  return v128.bitselect(v, f32x4.mul(v, p), f32x4.gt(v, zero));
}

// @ts-ignore: decorator
@inline
function each(op: u32, x: usize, out: usize, n: u32, parameter: f32): void {
  const p = f32x4.splat(parameter);
  for (let task = nextTask(); task * CHUNK < n; task = nextTask()) {
    const end: usize = <usize>min(n, (task + 1) * CHUNK) << 2;
    for (let i: usize = <usize>(task * CHUNK) << 2; i < end; i += 16) v128.store(out + i, apply(op, v128.load(x + i), p));
  }
}

/** out = f(x). Arguments: x, out, n, f, its parameter (bits of a float). */
export function unary(thread: u32): void {
  const x: usize = arg(0), out: usize = arg(1);
  const n = arg(2);
  const p = reinterpret<f32>(arg(4));
  switch (arg(3)) {
    case 0: each(0, x, out, n, p); break;
    case 1: each(1, x, out, n, p); break;
    case 2: each(2, x, out, n, p); break;
    case 3: each(3, x, out, n, p); break;
    case 4: each(4, x, out, n, p); break;
    case 5: each(5, x, out, n, p); break;
    case 6: each(6, x, out, n, p); break;
    case 7: each(7, x, out, n, p); break;
    case 8: each(8, x, out, n, p); break;
    case 9: each(9, x, out, n, p); break;
    case 10: each(10, x, out, n, p); break;
    default: each(11, x, out, n, p);
  }
}

/** Bytes to floats. Arguments: x, out, n. */
export function widenBytes(thread: u32): void {
  const x: usize = arg(0), out: usize = arg(1);
  const n = arg(2);
  for (let task = nextTask(); task * CHUNK < n; task = nextTask()) {
    const end = min(n, (task + 1) * CHUNK);
    for (let i = task * CHUNK; i < end; i += 4) {
      const bytes = v128.load_zero<u32>(x + i);
      v128.store(out + (<usize>i << 2), f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes))));
    }
  }
}
