// Batched matrix product of small or thin matrices, any transposition.
import { arg, madd, nextTask, splatAt } from './common';

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

/**
 * out[b, i, j] = sum over p of A[b, i, p] B[b, p, j]. A task is a stretch of rows of one product, or where the sum is long
 * and the product small, the whole of a slab of p (summed by sumSlabs afterwards).
 * Arguments: A, B, out, batches, M, N, P, then strides in floats: A batch, row, column, B batch, row, column; rows a task,
 * slabs of p, floats of one slab's result. Where B's columns lie side by side, up to three floats past a row of B are read.
 */
export function matMul(thread: u32): void {
  const batches = arg(3), m = arg(4), n = arg(5), p = arg(6);
  const aBatch: usize = <usize>arg(7) << 2, aRow: usize = <usize>arg(8) << 2, aColumn: usize = <usize>arg(9) << 2;
  const bBatch: usize = <usize>arg(10) << 2, bRow: usize = <usize>arg(11) << 2, bColumn: usize = <usize>arg(12) << 2;
  const rowsPerTask = arg(13), slabs = arg(14);
  const stretches = (m + rowsPerTask - 1) / rowsPerTask;
  const tasks = batches * stretches * slabs;
  const row: usize = <usize>n << 2;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const slab = task % slabs;
    const stretch = task / slabs % stretches;
    const batch = task / slabs / stretches;
    const first = <u32>(<u64>p * slab / slabs), count = <u32>(<u64>p * (slab + 1) / slabs) - first;
    const a0: usize = <usize>arg(0) + <usize>batch * aBatch + <usize>first * aColumn;
    const b0: usize = <usize>arg(1) + <usize>batch * bBatch + <usize>first * bRow;
    const end = min(m, (stretch + 1) * rowsPerTask);
    for (let i = stretch * rowsPerTask; i < end; i += 4) {
      const rows = min(4, end - i);
      const a = a0 + <usize>i * aRow;
      // Rows past the end are the last one again, and not stored.
      const r1: usize = <usize>min(1, rows - 1) * aRow, r2: usize = <usize>min(2, rows - 1) * aRow, r3: usize = (rows - 1) * aRow;
      const out: usize = <usize>arg(2) + ((<usize>slab * arg(15) + (<usize>batch * m + i) * n) << 2);
      if (bColumn == 4) {
        for (let j: u32 = 0; j < n; j += 4) {
          let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
          let q = a, r = b0 + (<usize>j << 2);
          for (let k: u32 = 0; k < count; k++) {
            const b = v128.load(r);
            s0 = madd(splatAt(q), b, s0);
            s1 = madd(splatAt(q + r1), b, s1);
            s2 = madd(splatAt(q + r2), b, s2);
            s3 = madd(splatAt(q + r3), b, s3);
            q += aColumn;
            r += bRow;
          }
          const to = out + (<usize>j << 2);
          storeLanes(to, s0, n - j);
          if (rows > 1) storeLanes(to + row, s1, n - j);
          if (rows > 2) storeLanes(to + 2 * row, s2, n - j);
          if (rows > 3) storeLanes(to + 3 * row, s3, n - j);
        }
        continue;
      }
      for (let j: u32 = 0; j < n; j++) {
        for (let l: u32 = 0; l < rows; l++) {
          let sum: f32 = 0;
          let q = a + <usize>l * aRow, r = b0 + <usize>j * bColumn;
          for (let k: u32 = 0; k < count; k++) {
            sum += load<f32>(q) * load<f32>(r);
            q += aColumn;
            r += bRow;
          }
          store<f32>(out + <usize>l * row + (<usize>j << 2), sum);
        }
      }
    }
  }
}
