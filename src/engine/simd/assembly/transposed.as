// Transposed convolution whose kernel and stride are the factors fd, fh, fw: each voxel becomes a block. x [D, H, W, C],
// weights [C, fd fh, fw K], y [fd D, fh H, fw W, K]. The blocks' rows of fw K floats lie side by side in y, so that each row of
// x is fd fh matrix products in place.
import { arg, nextTask } from './common';
import { tile } from './matmul';

/** Address of the row of y that row (z, y) of x makes by factor `ab`. */
// @ts-ignore: decorator
@inline
function rowOf(out: usize, row: u32, ab: u32, h: u32, fd: u32, fh: u32, bytes: usize): usize {
  const z = row / h, y = row % h;
  return out + <usize>((z * fd + ab / fh) * (h * fh) + y * fh + ab % fh) * bytes;
}

/** y. Arguments: x, weights, y, D, H, W, C, fd, fh, floats of a block's row (fw K). */
export function transposedConv(thread: u32): void {
  const x: usize = arg(0), weights: usize = arg(1), out: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), fd = arg(7), fh = arg(8), n = arg(9);
  const side: usize = <usize>c << 2, block: usize = <usize>n << 2, pitch: usize = <usize>(fd * fh) * block;
  for (let task = nextTask(); task < d * h; task = nextTask()) {
    const from = x + <usize>task * <usize>w * side;
    for (let ab: u32 = 0; ab < fd * fh; ab++) {
      const to = rowOf(out, task, ab, h, fd, fh, <usize>w * block);
      for (let j: u32 = 0; j < n; j += 8) {
        const b = weights + <usize>ab * block + (<usize>j << 2);
        for (let i: u32 = 0; i < w; i += 4)
          tile(to + <usize>i * block + (<usize>j << 2), block, min(4, w - i), min(8, n - j), false, from + <usize>i * side, side, 4, b, pitch, c);
      }
    }
  }
}

/** dx. Arguments: dy, weights turned round [fd fh, fw K, C], dx, then as above. */
export function transposedConvInput(thread: u32): void {
  const dy: usize = arg(0), weights: usize = arg(1), dx: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), fd = arg(7), fh = arg(8), n = arg(9);
  const side: usize = <usize>c << 2, block: usize = <usize>n << 2;
  for (let task = nextTask(); task < d * h; task = nextTask()) {
    const to = dx + <usize>task * <usize>w * side;
    for (let ab: u32 = 0; ab < fd * fh; ab++) {
      const from = rowOf(dy, task, ab, h, fd, fh, <usize>w * block);
      const b = weights + <usize>(ab * n) * side;
      for (let j: u32 = 0; j < c; j += 8) {
        for (let i: u32 = 0; i < w; i += 4)
          tile(to + <usize>i * side + (<usize>j << 2), side, min(4, w - i), min(8, c - j), ab > 0, from + <usize>i * block, block, 4, b + (<usize>j << 2), side, n);
      }
    }
  }
}

/**
 * Partial sums of dw, a set for each slab of rows of x, so that the result does not depend on the threads.
 * Arguments: x, dy, partials [slabs][C][fd fh fw K], then as above, slabs.
 */
export function transposedConvWeights(thread: u32): void {
  const x: usize = arg(0), dy: usize = arg(1), partials: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), fd = arg(7), fh = arg(8), n = arg(9), slabs = arg(10);
  const side: usize = <usize>c << 2, block: usize = <usize>n << 2, pitch: usize = <usize>(fd * fh) * block;
  for (let task = nextTask(); task < slabs * fd * fh; task = nextTask()) {
    const slab = task / (fd * fh), ab = task % (fd * fh);
    const first = <u32>(<u64>(d * h) * slab / slabs), last = <u32>(<u64>(d * h) * (slab + 1) / slabs);
    const sums = partials + <usize>slab * <usize>c * pitch + <usize>ab * block;
    for (let row = first; row < last; row++) {
      const a = x + <usize>row * <usize>w * side;
      const b = rowOf(dy, row, ab, h, fd, fh, <usize>w * block);
      for (let j: u32 = 0; j < n; j += 8) {
        for (let i: u32 = 0; i < c; i += 4)
          tile(sums + <usize>i * pitch + (<usize>j << 2), pitch, min(4, c - i), min(8, n - j), row > first, a + (<usize>i << 2), 4, side, b + (<usize>j << 2), block, w);
      }
    }
  }
}
