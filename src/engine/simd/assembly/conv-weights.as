// Weight gradient of the convolution over 1 or 3 planes (`taps`): dW[tap, c, k] = sum over voxels of x[voxel + tap, c] dy[voxel, k].
import { arg, madd, nextTask, packBlock, splatAt } from './common';

/**
 * Adds, for `rows` rows of `w` voxels, 6 (or 3) window entries x 8 channels to `sums`. `q`: first voxel's window entries,
 * `e`: its dy; entries and channels lie side by side, 8 channels to a row of `sums`.
 */
function six(sums: usize, sumRow: usize, q: usize, rowBytes: usize, side: usize, e: usize, es: usize, rows: u32, w: u32): void {
  const r1 = sums + sumRow, r2 = r1 + sumRow, r3 = r2 + sumRow, r4 = r3 + sumRow, r5 = r4 + sumRow;
  let a0 = v128.load(sums), b0 = v128.load(sums, 16), a1 = v128.load(r1), b1 = v128.load(r1, 16);
  let a2 = v128.load(r2), b2 = v128.load(r2, 16), a3 = v128.load(r3), b3 = v128.load(r3, 16);
  let a4 = v128.load(r4), b4 = v128.load(r4, 16), a5 = v128.load(r5), b5 = v128.load(r5, 16);
  for (let r: u32 = 0; r < rows; r++) {
    let p = q + <usize>r * rowBytes;
    const end = e + <usize>w * es;
    while (e < end) {
      const u = v128.load(e), v = v128.load(e, 16);
      let s = splatAt(p); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
      s = v128.load_splat<f32>(p, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
      s = v128.load_splat<f32>(p, 8); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
      s = v128.load_splat<f32>(p, 12); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
      s = v128.load_splat<f32>(p, 16); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
      s = v128.load_splat<f32>(p, 20); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
      p += side;
      e += es;
    }
  }
  v128.store(sums, a0); v128.store(sums, b0, 16); v128.store(r1, a1); v128.store(r1, b1, 16);
  v128.store(r2, a2); v128.store(r2, b2, 16); v128.store(r3, a3); v128.store(r3, b3, 16);
  v128.store(r4, a4); v128.store(r4, b4, 16); v128.store(r5, a5); v128.store(r5, b5, 16);
}

function three(sums: usize, sumRow: usize, q: usize, rowBytes: usize, side: usize, e: usize, es: usize, rows: u32, w: u32): void {
  const r1 = sums + sumRow, r2 = r1 + sumRow;
  let a0 = v128.load(sums), b0 = v128.load(sums, 16), a1 = v128.load(r1), b1 = v128.load(r1, 16);
  let a2 = v128.load(r2), b2 = v128.load(r2, 16);
  for (let r: u32 = 0; r < rows; r++) {
    let p = q + <usize>r * rowBytes;
    const end = e + <usize>w * es;
    while (e < end) {
      const u = v128.load(e), v = v128.load(e, 16);
      let s = splatAt(p); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
      s = v128.load_splat<f32>(p, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
      s = v128.load_splat<f32>(p, 8); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
      p += side;
      e += es;
    }
  }
  v128.store(sums, a0); v128.store(sums, b0, 16); v128.store(r1, a1); v128.store(r1, b1, 16);
  v128.store(r2, a2); v128.store(r2, b2, 16);
}

/**
 * Partial sums, one set a slab of row blocks, so that the result does not depend on which thread took which task.
 * Arguments: x, dy, partials [slabs][9 taps C][Kp], D, H, W, C, K, rows a block, slabs, blocks of 8 channels a group,
 * scratch, scratch bytes a thread (packed x, then packed dy where K is no multiple of 8), taps.
 */
export function convolveWeights(thread: u32): void {
  const x: usize = arg(0), dy: usize = arg(1), partials: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7), blockRows = arg(8), slabs = arg(9), groupBlocks = arg(10);
  const scratch: usize = <usize>arg(11) + <usize>thread * <usize>arg(12);
  const taps = arg(13), entries: u32 = 9 * taps * c;
  const rowBlocks = (h + blockRows - 1) / blockRows;
  const blocks = d * rowBlocks;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const window: u32 = 3 * c;
  const side: usize = <usize>c << 2;
  const rowBytes: usize = (<usize>w + 2) * side;
  const sumRow: usize = <usize>channelBlocks << 5;
  const packedDy: usize = scratch + <usize>taps * (<usize>blockRows + 2) * rowBytes;
  const even = (k & 7) == 0;
  for (let task = nextTask(); task < slabs * groups; task = nextTask()) {
    const slab = task / groups;
    const first = task % groups * groupBlocks;
    const last = min(first + groupBlocks, channelBlocks);
    const sums: usize = partials + <usize>(slab * entries) * sumRow;
    for (let row: u32 = 0; row < entries; row++) memory.fill(sums + <usize>row * sumRow + (<usize>first << 5), 0, <usize>(last - first) << 5);
    const from = <u32>(<u64>blocks * slab / slabs), to = <u32>(<u64>blocks * (slab + 1) / slabs);
    for (let block = from; block < to; block++) {
      const z = block / rowBlocks, y0 = block % rowBlocks * blockRows;
      const rows = min(blockRows, h - y0);
      packBlock(x, scratch, z, y0, rows, taps, d, h, w, c);
      let e: usize = dy + ((<usize>z * h + y0) * w * k << 2);
      if (!even) {
        widen(e, packedDy, rows * w, k, channelBlocks << 3);
        e = packedDy;
      }
      const planeBytes: usize = (<usize>rows + 2) * rowBytes;
      for (let t: u32 = 0; t < 3 * taps; t++) {
        const q: usize = scratch + <usize>(t / 3) * planeBytes + <usize>(t % 3) * rowBytes;
        for (let b = first; b < last; b++) {
          const eb = e + (<usize>b << 5);
          const es: usize = even ? <usize>k << 2 : sumRow;
          const at = sums + <usize>(t * window) * sumRow + (<usize>b << 5);
          let j: u32 = 0;
          for (; j + 6 <= window; j += 6) six(at + <usize>j * sumRow, sumRow, q + (<usize>j << 2), rowBytes, side, eb, es, rows, w);
          if (j < window) three(at + <usize>j * sumRow, sumRow, q + (<usize>j << 2), rowBytes, side, eb, es, rows, w);
        }
      }
    }
  }
}

/** [n, k] -> [n, wide], zeros to the right. */
function widen(from: usize, to: usize, n: u32, k: u32, wide: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    memory.copy(to, from, <usize>k << 2);
    memory.fill(to + (<usize>k << 2), 0, <usize>(wide - k) << 2);
    from += <usize>k << 2;
    to += <usize>wide << 2;
  }
}

/** Sums the slabs and drops the padding. Arguments: partials, dw [rows][K], rows, K, Kp, slabs. */
export function sumSlabs(thread: u32): void {
  const partials: usize = arg(0), dw: usize = arg(1);
  const rows = arg(2), k = arg(3), wide = arg(4), slabs = arg(5);
  const slabBytes: usize = <usize>rows * wide << 2;
  const chunk: u32 = 64;
  for (let task = nextTask(); task * chunk < rows; task = nextTask()) {
    const end = min(rows, (task + 1) * chunk);
    for (let row = task * chunk; row < end; row++) {
      let from = partials + (<usize>(row * wide) << 2), to = dw + (<usize>(row * k) << 2);
      for (let j: u32 = 0; j < k; j += 4) {
        // What a vector reads past a row is not stored.
        let sum = v128.load(from);
        for (let s: u32 = 1; s < slabs; s++) sum = f32x4.add(sum, v128.load(from + <usize>s * slabBytes));
        if (j + 4 <= k) v128.store(to, sum);
        else {
          store<f32>(to, f32x4.extract_lane(sum, 0));
          if (j + 1 < k) store<f32>(to, f32x4.extract_lane(sum, 1), 4);
          if (j + 2 < k) store<f32>(to, f32x4.extract_lane(sum, 2), 8);
        }
        from += 16;
        to += 16;
      }
    }
  }
}
