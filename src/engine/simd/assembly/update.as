// Updates of many weights in one job. The caller lays out a table, a row of words for each stretch of one tensor: addresses,
// then how many floats. Blocks of the heap are whole vectors long, so that the last vector of a tensor may be whole too.
import { arg, madd, nextTask } from './common';

// @ts-ignore: decorator
@inline
function factor(i: usize): v128 {
  return f32x4.splat(reinterpret<f32>(arg(i)));
}

/** out = f0 a0 + f1 a1 + f2 a2. Arguments: table, rows, terms (1 to 3), f0, f1, f2 (bits of floats). A row: out, a0, a1, a2, floats. */
export function weightedSums(thread: u32): void {
  const table: usize = arg(0);
  const rows = arg(1), terms = arg(2);
  const fa = factor(3), fb = factor(4), fc = factor(5);
  for (let task = nextTask(); task < rows; task = nextTask()) {
    const row = table + <usize>task * 20;
    const out: usize = load<u32>(row), a: usize = load<u32>(row, 4), b: usize = load<u32>(row, 8), c: usize = load<u32>(row, 12);
    const end: usize = <usize>load<u32>(row, 16) << 2;
    for (let i: usize = 0; i < end; i += 16) {
      let sum = f32x4.mul(v128.load(a + i), fa);
      if (terms > 1) sum = madd(v128.load(b + i), fb, sum);
      if (terms > 2) sum = madd(v128.load(c + i), fc, sum);
      v128.store(out + i, sum);
    }
  }
}

/**
 * Adam: m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, theta <- kept theta - rate (m / c1) / (sqrt(v / c2) + epsilon).
 * Arguments: table, rows, then bits of floats: factor of g, b1, 1 - b1, b2, 1 - b2, c1, c2, kept, rate, epsilon.
 * A row: theta, m, v, g, the new theta, m and v, floats.
 */
export function adam(thread: u32): void {
  const table: usize = arg(0);
  const rows = arg(1);
  const scale = factor(2), b1 = factor(3), a1 = factor(4), b2 = factor(5), a2 = factor(6);
  const c1 = factor(7), c2 = factor(8), kept = factor(9), rate = factor(10), epsilon = factor(11);
  for (let task = nextTask(); task < rows; task = nextTask()) {
    const row = table + (<usize>task << 5);
    const theta: usize = load<u32>(row), first: usize = load<u32>(row, 4), second: usize = load<u32>(row, 8);
    const gradient: usize = load<u32>(row, 12);
    const newTheta: usize = load<u32>(row, 16), newFirst: usize = load<u32>(row, 20), newSecond: usize = load<u32>(row, 24);
    const end: usize = <usize>load<u32>(row, 28) << 2;
    for (let i: usize = 0; i < end; i += 16) {
      const g = f32x4.mul(v128.load(gradient + i), scale);
      const m = madd(v128.load(first + i), b1, f32x4.mul(g, a1));
      const v = madd(v128.load(second + i), b2, f32x4.mul(f32x4.mul(g, g), a2));
      const slope = f32x4.add(f32x4.sqrt(f32x4.div(v, c2)), epsilon);
      const change = f32x4.div(f32x4.div(m, c1), slope);
      v128.store(newTheta + i, f32x4.sub(f32x4.mul(v128.load(theta + i), kept), f32x4.mul(change, rate)));
      v128.store(newFirst + i, m);
      v128.store(newSecond + i, v);
    }
  }
}

/** Sum of squares of each row, in float64. Arguments: table, rows, sums [rows] (float64). A row: address, floats. */
export function squareSums(thread: u32): void {
  const table: usize = arg(0);
  const rows = arg(1);
  const sums: usize = arg(2);
  for (let task = nextTask(); task < rows; task = nextTask()) {
    const row = table + (<usize>task << 3);
    let p: usize = load<u32>(row);
    const end = p + (<usize>load<u32>(row, 4) << 2);
    let low = f64x2.splat(0), high = low;
    for (; p + 16 <= end; p += 16) {
      const v = v128.load(p);
      const a = f64x2.promote_low_f32x4(v), b = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
    }
    const both = f64x2.add(low, high);
    let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (; p < end; p += 4) {
      const value = <f64>load<f32>(p);
      sum += value * value;
    }
    store<f64>(sums + (<usize>task << 3), sum);
  }
}
