// Batched matrix product, any transposition.
import { arg, madd, nextTask, splatAt } from './common';

/** Terms of the sum a pass: 8 columns of B over them lie in the first-level cache while all rows of a task pass. */
const PASS: u32 = 256;

/** The first `count` lanes. */
// @ts-ignore: decorator
@inline
function storeLanes(to: usize, v: v128, count: u32): void {
  if (count >= 4) {
    v128.store(to, v);
    return;
  }
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}

// @ts-ignore: decorator
@inline
function lanesSum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Up to 4 rows and 8 columns of the result, added to what is there unless it is the first pass. B's columns lie side by side. */
export function tile(
  out: usize, row: usize, rows: u32, columns: u32, add: bool,
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, count: u32,
): void {
  // Rows past the end are the last one again, and not stored.
  const r1: usize = <usize>min(1, rows - 1) * aRow, r2: usize = <usize>min(2, rows - 1) * aRow, r3: usize = (rows - 1) * aRow;
  const o1: usize = <usize>min(1, rows - 1) * row, o2: usize = <usize>min(2, rows - 1) * row, o3: usize = (rows - 1) * row;
  const zero = f32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  if (add) {
    s0 = v128.load(out); s1 = v128.load(out + o1); s2 = v128.load(out + o2); s3 = v128.load(out + o3);
  }
  if (columns <= 4) {
    for (let k: u32 = 0; k < count; k++) {
      const v = v128.load(b);
      s0 = madd(splatAt(a), v, s0);
      s1 = madd(splatAt(a + r1), v, s1);
      s2 = madd(splatAt(a + r2), v, s2);
      s3 = madd(splatAt(a + r3), v, s3);
      a += aColumn;
      b += bRow;
    }
  } else {
    let t0 = zero, t1 = zero, t2 = zero, t3 = zero;
    if (add) {
      t0 = v128.load(out, 16); t1 = v128.load(out + o1, 16); t2 = v128.load(out + o2, 16); t3 = v128.load(out + o3, 16);
    }
    for (let k: u32 = 0; k < count; k++) {
      const v = v128.load(b), w = v128.load(b, 16);
      const a0 = splatAt(a), a1 = splatAt(a + r1), a2 = splatAt(a + r2), a3 = splatAt(a + r3);
      s0 = madd(a0, v, s0); t0 = madd(a0, w, t0);
      s1 = madd(a1, v, s1); t1 = madd(a1, w, t1);
      s2 = madd(a2, v, s2); t2 = madd(a2, w, t2);
      s3 = madd(a3, v, s3); t3 = madd(a3, w, t3);
      a += aColumn;
      b += bRow;
    }
    storeLanes(out + 16, t0, columns - 4);
    if (rows > 1) storeLanes(out + o1 + 16, t1, columns - 4);
    if (rows > 2) storeLanes(out + o2 + 16, t2, columns - 4);
    if (rows > 3) storeLanes(out + o3 + 16, t3, columns - 4);
  }
  storeLanes(out, s0, columns);
  if (rows > 1) storeLanes(out + o1, s1, columns);
  if (rows > 2) storeLanes(out + o2, s2, columns);
  if (rows > 3) storeLanes(out + o3, s3, columns);
}

/** Up to 4 rows and one column of the result, where the terms of A's rows and of B's columns lie side by side. */
// @ts-ignore: decorator
@inline
function dots(out: usize, row: usize, rows: u32, a: usize, aRow: usize, b: usize, count: u32): void {
  const r1: usize = <usize>min(1, rows - 1) * aRow, r2: usize = <usize>min(2, rows - 1) * aRow, r3: usize = (rows - 1) * aRow;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let k: u32 = 0;
  for (; k + 4 <= count; k += 4) {
    const v = v128.load(b);
    s0 = madd(v128.load(a), v, s0);
    s1 = madd(v128.load(a + r1), v, s1);
    s2 = madd(v128.load(a + r2), v, s2);
    s3 = madd(v128.load(a + r3), v, s3);
    a += 16;
    b += 16;
  }
  let f0 = lanesSum(s0), f1 = lanesSum(s1), f2 = lanesSum(s2), f3 = lanesSum(s3);
  for (; k < count; k++) {
    const v = load<f32>(b);
    f0 += load<f32>(a) * v;
    f1 += load<f32>(a + r1) * v;
    f2 += load<f32>(a + r2) * v;
    f3 += load<f32>(a + r3) * v;
    a += 4;
    b += 4;
  }
  store<f32>(out, f0);
  if (rows > 1) store<f32>(out + row, f1);
  if (rows > 2) store<f32>(out + 2 * row, f2);
  if (rows > 3) store<f32>(out + 3 * row, f3);
}

/**
 * out[b, i, j] = sum over p of A[b, i, p] B[b, p, j]. A task is a stretch of rows and columns of one product, or where the
 * sum is long and the product small, the whole of a slab of p (summed by sumSlabs afterwards).
 * Arguments: A, B, out, batches, M, N, P, then strides in floats: A batch, row, column, B batch, row, column; rows a task,
 * columns a task, slabs of p, floats of one slab's result. Where B's columns lie side by side, up to three floats past a row
 * of B and of the result are read.
 */
export function matMul(thread: u32): void {
  const batches = arg(3), m = arg(4), n = arg(5), p = arg(6);
  const aBatch: usize = <usize>arg(7) << 2, aRow: usize = <usize>arg(8) << 2, aColumn: usize = <usize>arg(9) << 2;
  const bBatch: usize = <usize>arg(10) << 2, bRow: usize = <usize>arg(11) << 2, bColumn: usize = <usize>arg(12) << 2;
  const rowsPerTask = arg(13), columnsPerTask = arg(14), slabs = arg(15);
  const stretches = (m + rowsPerTask - 1) / rowsPerTask;
  const strips = (n + columnsPerTask - 1) / columnsPerTask;
  const tasks = batches * stretches * strips * slabs;
  const row: usize = <usize>n << 2;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const slab = task % slabs;
    const strip = task / slabs % strips;
    const stretch = task / slabs / strips % stretches;
    const batch = task / slabs / strips / stretches;
    const first = <u32>(<u64>p * slab / slabs), count = <u32>(<u64>p * (slab + 1) / slabs) - first;
    const a0: usize = <usize>arg(0) + <usize>batch * aBatch + <usize>first * aColumn;
    const b0: usize = <usize>arg(1) + <usize>batch * bBatch + <usize>first * bRow;
    const out0: usize = <usize>arg(2) + ((<usize>slab * arg(16) + <usize>batch * m * n) << 2);
    const start = stretch * rowsPerTask, end = min(m, start + rowsPerTask);
    const left = strip * columnsPerTask, right = min(n, left + columnsPerTask);
    if (bColumn == 4) {
      let k: u32 = 0;
      do {
        const terms = min(PASS, count - k);
        for (let j = left; j < right; j += 8) {
          const b = b0 + <usize>k * bRow + (<usize>j << 2);
          for (let i = start; i < end; i += 4) {
            const out = out0 + <usize>i * row + (<usize>j << 2);
            tile(out, row, min(4, end - i), min(8, right - j), k > 0, a0 + <usize>i * aRow + <usize>k * aColumn, aRow, aColumn, b, bRow, terms);
          }
        }
        k += terms;
      } while (k < count);
    } else if (bRow == 4 && aColumn == 4) {
      for (let i = start; i < end; i += 4) {
        const a = a0 + <usize>i * aRow, out = out0 + <usize>i * row;
        for (let j = left; j < right; j++)
          dots(out + (<usize>j << 2), row, min(4, end - i), a, aRow, b0 + <usize>j * bColumn, count);
      }
    } else {
      for (let i = start; i < end; i++) {
        for (let j = left; j < right; j++) {
          let sum: f32 = 0;
          let q = a0 + <usize>i * aRow, r = b0 + <usize>j * bColumn;
          for (let k: u32 = 0; k < count; k++) {
            sum += load<f32>(q) * load<f32>(r);
            q += aColumn;
            r += bRow;
          }
          store<f32>(out0 + <usize>i * row + (<usize>j << 2), sum);
        }
      }
    }
  }
}
