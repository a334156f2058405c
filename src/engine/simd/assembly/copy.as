// Copies between two layouts: transposition, slices, tiles, padding.
import { arg, nextTask } from './common';

const CHUNK: u32 = 16384;

// @ts-ignore: decorator
@inline
function row(p: usize, sp: usize, q: usize, sq: usize, n: u32): void {
  let i: u32 = 0;
  if (sp == 4 && sq == 4) {
    for (; i + 4 <= n; i += 4) {
      v128.store(q, v128.load(p));
      p += 16;
      q += 16;
    }
  }
  for (; i < n; i++) {
    store<u32>(q, load<u32>(p));
    p += sp;
    q += sq;
  }
}

/**
 * Copies words row by row. Arguments: from, to, rows, n a row, strides inside a row (from, to), then of the five axes that
 * number the rows, fastest first: sizes of the first four, strides of from, strides of to. Strides in words, from's may be negative.
 */
export function copyStrided(thread: u32): void {
  const rows = arg(2), n = arg(3);
  const sp: usize = arg(4) << 2, sq: usize = arg(5) << 2;
  const pieces = (n + CHUNK - 1) / CHUNK;
  const rowsATask = max<u32>(1, CHUNK / n);
  const tasks = (rows + rowsATask - 1) / rowsATask * pieces;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const first = task % pieces * CHUNK;
    const end = min(rows, (task / pieces + 1) * rowsATask);
    for (let r = task / pieces * rowsATask; r < end; r++) {
      let p: usize = <usize>arg(0) + <usize>first * sp, q: usize = <usize>arg(1) + <usize>first * sq;
      let rest = r;
      for (let axis: usize = 0; axis < 5; axis++) {
        const side = axis < 4 ? arg(6 + axis) : rest + 1;
        const c = rest % side;
        rest /= side;
        p += <usize>(c * arg(10 + axis)) << 2;
        q += <usize>(c * arg(15 + axis)) << 2;
      }
      row(p, sp, q, sq, min(CHUNK, n - first));
    }
  }
}
