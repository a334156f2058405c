// Batched matrix product of small or thin matrices, any transposition.
import { arg, madd, nextTask, splatAt } from './common';

/**
 * out[b, i, j] = sum over p of A[b, i, p] B[b, p, j]. A task is a stretch of rows of one product, or where the sum is long
 * and the product small, the whole of a slab of p (summed by sumSlabs afterwards).
 * Arguments: A, B, out, batches, M, N, P, then strides in floats: A batch, row, column, B batch, row, column; rows a task,
 * slabs of p, floats of one slab's result.
 */
export function matMul(thread: u32): void {
  const batches = arg(3), m = arg(4), n = arg(5), p = arg(6);
  const aBatch: usize = <usize>arg(7) << 2, aRow: usize = <usize>arg(8) << 2, aColumn: usize = <usize>arg(9) << 2;
  const bBatch: usize = <usize>arg(10) << 2, bRow: usize = <usize>arg(11) << 2, bColumn: usize = <usize>arg(12) << 2;
  const rowsPerTask = arg(13), slabs = arg(14);
  const stretches = (m + rowsPerTask - 1) / rowsPerTask;
  const tasks = batches * stretches * slabs;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const slab = task % slabs;
    const stretch = task / slabs % stretches;
    const batch = task / slabs / stretches;
    const first = <u32>(<u64>p * slab / slabs), count = <u32>(<u64>p * (slab + 1) / slabs) - first;
    const a0: usize = <usize>arg(0) + <usize>batch * aBatch + <usize>first * aColumn;
    const b0: usize = <usize>arg(1) + <usize>batch * bBatch + <usize>first * bRow;
    const end = min(m, (stretch + 1) * rowsPerTask);
    for (let i = stretch * rowsPerTask; i < end; i++) {
      const out: usize = <usize>arg(2) + ((<usize>slab * arg(15) + (<usize>batch * m + i) * n) << 2);
      const a = a0 + <usize>i * aRow;
      let j: u32 = 0;
      if (bColumn == 4) {
        for (; j + 4 <= n; j += 4) {
          let sum = f32x4.splat(0);
          let q = a, r = b0 + (<usize>j << 2);
          for (let k: u32 = 0; k < count; k++) {
            sum = madd(splatAt(q), v128.load(r), sum);
            q += aColumn;
            r += bRow;
          }
          v128.store(out + (<usize>j << 2), sum);
        }
      }
      for (; j < n; j++) {
        let sum: f32 = 0;
        let q = a, r = b0 + <usize>j * bColumn;
        for (let k: u32 = 0; k < count; k++) {
          sum += load<f32>(q) * load<f32>(r);
          q += aColumn;
          r += bRow;
        }
        store<f32>(out + (<usize>j << 2), sum);
      }
    }
  }
}
