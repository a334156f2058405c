// 3x3 convolution in the plane, over 1 or 3 planes (`taps`), stride 1, zero padding to the same size; maps [D, H, W, C], weights
// [9 taps, C, K].
import { arg, madd, nextTask, transposeFour } from './common';

/**
 * Weights in the order of the forward kernel: [K/8][C/part][9 taps][part][8], the last block filled up with zeros.
 * Arguments: w, target, C, K, flip, part, taps. With flip, what the input gradient needs: C and K change places, taps reversed.
 */
export function packWeights(thread: u32): void {
  const w: usize = arg(0);
  const target: usize = arg(1);
  const c = arg(2);
  const k = arg(3);
  const flip = arg(4) != 0;
  const part = arg(5);
  const count: u32 = 9 * arg(6);
  const rows = flip ? k : c;
  const columns = flip ? c : k;
  const blocks = (columns + 7) >> 3;
  for (let b = nextTask(); b < blocks; b = nextTask()) {
    let to = target + (<usize>(b * count) * <usize>rows << 5);
    const first = b << 3;
    const whole = first + 8 <= columns;
    for (let r0: u32 = 0; r0 < rows; r0 += part) {
      for (let tap: u32 = 0; tap < count; tap++) {
        if (whole && flip && part > 1) {
          const from: usize = w + (<usize>(((count - 1 - tap) * c + first) * k + r0) << 2), step: usize = <usize>k << 2;
          for (let r: usize = 0; r < <usize>part; r += 4) {
            transposeFour(from + (r << 2), step, to + (r << 5), 32);
            transposeFour(from + 4 * step + (r << 2), step, to + (r << 5) + 16, 32);
          }
          to += <usize>part << 5;
          continue;
        }
        for (let r = r0; r < r0 + part; r++) {
          if (whole && !flip) {
            const from: usize = w + (<usize>((tap * c + r) * k + first) << 2);
            v128.store(to, v128.load(from));
            v128.store(to, v128.load(from, 16), 16);
          } else {
            for (let j: u32 = 0; j < 8; j++) {
              const column = first + j;
              const from = flip ? ((count - 1 - tap) * c + column) * k + r : (tap * c + r) * k + column;
              store<f32>(to + (<usize>j << 2), column < columns ? load<f32>(w + (<usize>from << 2)) : 0);
            }
          }
          to += 32;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function storeBlock(to: usize, low: v128, high: v128, columns: i32): void {
  if (columns >= 8) {
    v128.store(to, low);
    v128.store(to, high, 16);
    return;
  }
  store<f32>(to, f32x4.extract_lane(low, 0));
  if (columns > 1) store<f32>(to, f32x4.extract_lane(low, 1), 4);
  if (columns > 2) store<f32>(to, f32x4.extract_lane(low, 2), 8);
  if (columns > 3) store<f32>(to, f32x4.extract_lane(low, 3), 12);
  if (columns > 4) store<f32>(to, f32x4.extract_lane(high, 0), 16);
  if (columns > 5) store<f32>(to, f32x4.extract_lane(high, 1), 20);
  if (columns > 6) store<f32>(to, f32x4.extract_lane(high, 2), 24);
}

/**
 * Channels are packed in parts of 8, 4 or 1, so that the six voxels of a tile lie at constant distances and one pointer
 * serves them all. T stands for the part: f64 for 8, f32 for 4, u8 for 1; side<T>() is a voxel's bytes.
 */
// @ts-ignore: decorator
@inline
function side<T>(): usize {
  return sizeof<T>() * 4;
}

/**
 * 6 voxels side by side x 8 output channels, into `out` as [6][8].
 * `p`: the first voxel's window in the first packed part; `jump`: bytes from one part to the next.
 */
function tile<T>(p: usize, weights: usize, rowBytes: usize, planeBytes: usize, taps: usize, parts: u32, jump: usize, out: usize): void {
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0;
  let a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0;
  for (let part: u32 = 0; part < parts; part++) {
    for (let dz: usize = 0; dz < taps; dz++) {
      for (let dy: usize = 0; dy < 3; dy++) {
        let q = p + dz * planeBytes + dy * rowBytes;
        const end = q + 3 * side<T>();
        do {
          let u = v128.load(weights, 0), v = v128.load(weights, 16);
          let s = v128.load_splat<f32>(q, 0); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
          s = v128.load_splat<f32>(q, 1 * side<T>() + 0); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
          s = v128.load_splat<f32>(q, 2 * side<T>() + 0); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
          s = v128.load_splat<f32>(q, 3 * side<T>() + 0); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
          s = v128.load_splat<f32>(q, 4 * side<T>() + 0); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
          s = v128.load_splat<f32>(q, 5 * side<T>() + 0); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
          weights += 32;
          q += 4;
        } while (q < end);
      }
    }
    p += jump;
  }
  v128.store(out, a0); v128.store(out, b0, 16); v128.store(out, a1, 32); v128.store(out, b1, 48);
  v128.store(out, a2, 64); v128.store(out, b2, 80); v128.store(out, a3, 96); v128.store(out, b3, 112);
  v128.store(out, a4, 128); v128.store(out, b4, 144); v128.store(out, a5, 160); v128.store(out, b5, 176);
}

/**
 * The rows that a block of output rows (z, y0 .. y0 + rows - 1) reads, zeros around: [C/part][taps][rows + 2][W + 2][part].
 */
function packParts<T>(x: usize, target: usize, z: i32, y0: i32, rows: i32, taps: i32, d: i32, h: i32, w: i32, c: i32): void {
  const voxel: usize = <usize>c << 2;
  const rowBytes: usize = (<usize>w + 2) * side<T>();
  for (let from: usize = 0; from < voxel; from += side<T>()) {
    for (let dz = 0; dz < taps; dz++) {
      const zi = z + dz - (taps >> 1);
      for (let r = 0; r < rows + 2; r++) {
        const yi = y0 + r - 1;
        if (zi < 0 || zi >= d || yi < 0 || yi >= h) {
          memory.fill(target, 0, rowBytes);
          target += rowBytes;
          continue;
        }
        let p = x + (<usize>zi * <usize>h + <usize>yi) * <usize>w * voxel + from;
        memory.fill(target, 0, side<T>());
        target += side<T>();
        const end = target + <usize>w * side<T>();
        for (; target < end; target += side<T>()) {
          if (sizeof<T>() == 1) {
            store<u32>(target, load<u32>(p));
          } else {
            v128.store(target, v128.load(p));
            if (sizeof<T>() == 8) v128.store(target, v128.load(p, 16), 16);
          }
          p += voxel;
        }
        memory.fill(target, 0, side<T>());
        target += side<T>();
      }
    }
  }
}

/**
 * The forward convolution, and with packed flipped weights the input gradient.
 * Arguments: x, packed weights, y, D, H, W, C, K, rows a block, blocks of 8 channels a group, scratch, scratch bytes a
 * thread, part, taps. The scratch of a thread begins with a tile's result (192 bytes); past the packed rows it has room for the
 * voxels that the last tile reads and does not use.
 */
export function convolve(thread: u32): void {
  const part = arg(12);
  if (part == 8) convolveParts<f64>(thread);
  else if (part == 4) convolveParts<f32>(thread);
  else convolveParts<u8>(thread);
}

function convolveParts<T>(thread: u32): void {
  const x: usize = arg(0), weights: usize = arg(1), y: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7), blockRows = arg(8), groupBlocks = arg(9);
  const taps = arg(13);
  const result: usize = <usize>arg(10) + <usize>thread * <usize>arg(11);
  const packed: usize = result + 192;
  const rowBlocks = (h + blockRows - 1) / blockRows;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const tasks = d * rowBlocks * groups;
  const parts = c / (<u32>side<T>() >> 2);
  const pitch = w + 2;
  const rowBytes: usize = <usize>pitch * side<T>();
  const blockBytes: usize = <usize>(9 * taps * c) << 5;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const group = task % groups;
    const z = task / groups / rowBlocks;
    const y0 = (task / groups) % rowBlocks * blockRows;
    const rows = min(blockRows, h - y0);
    packParts<T>(x, packed, z, y0, rows, taps, d, h, w, c);
    const planeBytes: usize = (<usize>rows + 2) * rowBytes;
    // Tiles run over whole rows, the two columns of zeros included; what falls there is not stored.
    const positions = rows * pitch - 2;
    const out: usize = y + ((<usize>z * h + y0) * w * k << 2);
    const last = min((group + 1) * groupBlocks, channelBlocks);
    for (let b = group * groupBlocks; b < last; b++) {
      const wp = weights + <usize>b * blockBytes;
      const columns = <i32>min<u32>(8, k - (b << 3));
      for (let first: u32 = 0; first < positions; first += 6) {
        tile<T>(packed + <usize>first * side<T>(), wp, rowBytes, planeBytes, taps, parts, <usize>taps * planeBytes, result);
        let row = first / pitch, column = first % pitch;
        for (let i: usize = 0; i < 6; i++) {
          if (column < w && row < rows) {
            const from = result + (i << 5);
            storeBlock(out + ((<usize>(row * w + column) * k << 2) + (<usize>b << 5)), v128.load(from), v128.load(from, 16), columns);
          }
          if (++column == pitch) {
            column = 0;
            row++;
          }
        }
      }
    }
  }
}
