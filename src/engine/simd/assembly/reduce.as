// Partial sums and extremes. The caller adds the chunks up in float64; chunks do not depend on the number of threads.
import { arg, nextTask } from './common';

// @ts-ignore: decorator
@inline
function join(op: u32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b);
  if (op == 1) return f32x4.max(a, b);
  return f32x4.min(a, b);
}

// @ts-ignore: decorator
@inline
function joinOne(op: u32, a: f32, b: f32): f32 {
  if (op == 0) return a + b;
  if (op == 1) return max<f32>(a, b);
  return min<f32>(a, b);
}

// @ts-ignore: decorator
@inline
function startOf(op: u32): f32 {
  if (op == 0) return 0;
  return op == 1 ? -Infinity : Infinity;
}

// @ts-ignore: decorator
@inline
function rowsOf(op: u32): void {
  const x: usize = arg(0), out: usize = arg(1);
  const outer = arg(2), n = arg(3), chunk = arg(4);
  const chunks = (n + chunk - 1) / chunk;
  for (let task = nextTask(); task < outer * chunks; task = nextTask()) {
    const first = task % chunks * chunk;
    const count = min(chunk, n - first);
    let p: usize = x + (<usize>(task / chunks) * n + first << 2);
    let s0 = f32x4.splat(startOf(op)), s1 = s0, s2 = s0, s3 = s0;
    let i: u32 = 0;
    for (; i + 16 <= count; i += 16) {
      s0 = join(op, s0, v128.load(p));
      s1 = join(op, s1, v128.load(p, 16));
      s2 = join(op, s2, v128.load(p, 32));
      s3 = join(op, s3, v128.load(p, 48));
      p += 64;
    }
    s0 = join(op, join(op, s0, s1), join(op, s2, s3));
    let sum = joinOne(op, joinOne(op, f32x4.extract_lane(s0, 0), f32x4.extract_lane(s0, 1)), joinOne(op, f32x4.extract_lane(s0, 2), f32x4.extract_lane(s0, 3)));
    for (; i < count; i++) {
      sum = joinOne(op, sum, load<f32>(p));
      p += 4;
    }
    store<f32>(out + (<usize>task << 2), sum);
  }
}

/** Along the last axis. Arguments: x [outer][n], partials [outer][chunks], outer, n, n a chunk, what (0 sum, 1 max, 2 min). */
export function reduceRows(thread: u32): void {
  if (arg(5) == 0) rowsOf(0);
  else if (arg(5) == 1) rowsOf(1);
  else rowsOf(2);
}

const COLUMNS: u32 = 4096;

// @ts-ignore: decorator
@inline
function columnsOf(op: u32): void {
  const x: usize = arg(0), out: usize = arg(1);
  const outer = arg(2), middle = arg(3), inner = arg(4), chunk = arg(5);
  const chunks = (middle + chunk - 1) / chunk;
  const pieces = (inner + COLUMNS - 1) / COLUMNS;
  const row: usize = <usize>inner << 2;
  for (let task = nextTask(); task < outer * chunks * pieces; task = nextTask()) {
    const from = task % pieces * COLUMNS, to = min(inner, from + COLUMNS);
    const block = task / pieces;
    const first = block % chunks * chunk, count = min(chunk, middle - first);
    const p: usize = x + (<usize>(block / chunks) * middle + first) * row;
    const q: usize = out + <usize>block * row;
    let i = from;
    for (; i + 4 <= to; i += 4) {
      let s = f32x4.splat(startOf(op));
      let at = p + (<usize>i << 2);
      for (let m: u32 = 0; m < count; m++) {
        s = join(op, s, v128.load(at));
        at += row;
      }
      v128.store(q + (<usize>i << 2), s);
    }
    for (; i < to; i++) {
      let s = startOf(op);
      let at = p + (<usize>i << 2);
      for (let m: u32 = 0; m < count; m++) {
        s = joinOne(op, s, load<f32>(at));
        at += row;
      }
      store<f32>(q + (<usize>i << 2), s);
    }
  }
}

/** Along a middle axis. Arguments: x [outer][middle][inner], partials [outer][chunks][inner], outer, middle, inner, middle a chunk, what. */
export function reduceColumns(thread: u32): void {
  if (arg(6) == 0) columnsOf(0);
  else if (arg(6) == 1) columnsOf(1);
  else columnsOf(2);
}
