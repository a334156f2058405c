// Functions of two floats with broadcasting: rows of n elements, in each of which an operand runs along or stays.
import { arg, nextTask } from './common';

/** Elements a task does about. */
const CHUNK: u32 = 16384;

/** Numbers of ../ops/elementwise.ts. From 8 on the result is a mask. */
// @ts-ignore: decorator
@inline
function apply(op: u32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b);
  if (op == 1) return f32x4.sub(a, b);
  if (op == 2) return f32x4.mul(a, b);
  if (op == 3) return f32x4.div(a, b);
  if (op == 4) return f32x4.max(a, b);
  if (op == 5) return f32x4.min(a, b);
  if (op == 6) {
    const d = f32x4.sub(a, b);
    return f32x4.mul(d, d);
  }
  if (op == 8) return f32x4.eq(a, b);
  if (op == 9) return f32x4.ne(a, b);
  if (op == 10) return f32x4.gt(a, b);
  if (op == 11) return f32x4.ge(a, b);
  if (op == 12) return f32x4.lt(a, b);
  if (op == 13) return f32x4.le(a, b);
  return i32x4.eq(a, b);
}

/** n elements; `sa` and `sb` are 4 where the operand runs along and 0 where one value serves all. */
// @ts-ignore: decorator
@inline
function stretch(op: u32, a: usize, sa: usize, b: usize, sb: usize, out: usize, n: u32): void {
  let u = v128.load_splat<f32>(a), v = v128.load_splat<f32>(b);
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    if (sa) u = v128.load(a);
    if (sb) v = v128.load(b);
    put(op, out, apply(op, u, v));
    a += sa << 2;
    b += sb << 2;
    out += op < 8 ? 16 : 4;
  }
  for (; i < n; i++) {
    const r = apply(op, v128.load_splat<f32>(a), v128.load_splat<f32>(b));
    if (op < 8) store<f32>(out, f32x4.extract_lane(r, 0));
    else store<u8>(out, <u8>(i32x4.extract_lane(r, 0) & 1));
    a += sa;
    b += sb;
    out += op < 8 ? 4 : 1;
  }
}

// @ts-ignore: decorator
@inline
function put(op: u32, out: usize, r: v128): void {
  if (op < 8) {
    v128.store(out, r);
    return;
  }
  const words = i16x8.narrow_i32x4_s(v128.and(r, i32x4.splat(1)), i32x4.splat(0));
  store<u32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
}

// @ts-ignore: decorator
@inline
function rowsOf(op: u32): void {
  const rows = arg(3), n = arg(4), total = arg(5);
  const sa: usize = arg(6), sb: usize = arg(7);
  const s0 = arg(9), s1 = arg(10);
  const size: usize = op < 8 ? 4 : 1;
  const pieces = (n + CHUNK - 1) / CHUNK;
  const rowsATask = max<u32>(1, CHUNK / n);
  const tasks = (rows + rowsATask - 1) / rowsATask * pieces;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const from = task % pieces * CHUNK;
    const end = min(rows, (task / pieces + 1) * rowsATask);
    for (let row = task / pieces * rowsATask; row < end; row++) {
      const c0 = row % s0, rest = row / s0, c1 = rest % s1, c2 = rest / s1;
      const a: usize = <usize>arg(0) + (<usize>(c0 * arg(11) + c1 * arg(12) + c2 * arg(13)) << 2) + <usize>from * sa;
      const b: usize = <usize>arg(1) + (<usize>(c0 * arg(14) + c1 * arg(15) + c2 * arg(16)) << 2) + <usize>from * sb;
      const start = row * n + from;
      const count = min(min(CHUNK, n - from), total - start);
      const out: usize = <usize>arg(2) + <usize>start * size;
      if (sa && sb) stretch(op, a, 4, b, 4, out, count);
      else if (sa) stretch(op, a, 4, b, 0, out, count);
      else stretch(op, a, 0, b, 4, out, count);
    }
  }
}

/**
 * out = f(a, b). Arguments: a, b, out, rows, n a row, elements of out (the last row may end early), 4 or 0 for each operand
 * inside a row, f, then of the three axes that number the rows, fastest first: sizes of the first two, strides of a, of b (floats).
 */
export function binary(thread: u32): void {
  switch (arg(8)) {
    case 0: rowsOf(0); break;
    case 1: rowsOf(1); break;
    case 2: rowsOf(2); break;
    case 3: rowsOf(3); break;
    case 4: rowsOf(4); break;
    case 5: rowsOf(5); break;
    case 6: rowsOf(6); break;
    case 8: rowsOf(8); break;
    case 9: rowsOf(9); break;
    case 10: rowsOf(10); break;
    case 11: rowsOf(11); break;
    case 12: rowsOf(12); break;
    case 13: rowsOf(13); break;
    default: rowsOf(14);
  }
}
