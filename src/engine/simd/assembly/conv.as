// 3x3x3 convolution, stride 1, zero padding to the same size; maps [D, H, W, C], weights [27, C, K].
import { arg, madd, nextTask, packBlock, splatAt } from './common';

/**
 * Weights in the order of the forward kernel: [K/8][27][C][8], the last block filled up with zeros.
 * Arguments: w, target, C, K, flip. With flip, what the input gradient needs: [C/8][27 reversed][K][8].
 */
export function packWeights(thread: u32): void {
  const w: usize = arg(0);
  const target: usize = arg(1);
  const c = arg(2);
  const k = arg(3);
  const flip = arg(4) != 0;
  const rows = flip ? k : c;
  const columns = flip ? c : k;
  const blocks = (columns + 7) >> 3;
  for (let b = nextTask(); b < blocks; b = nextTask()) {
    let to = target + (<usize>b * 27 * <usize>rows << 5);
    for (let tap: u32 = 0; tap < 27; tap++) {
      for (let r: u32 = 0; r < rows; r++) {
        for (let j: u32 = 0; j < 8; j++) {
          const column = (b << 3) + j;
          let value: f32 = 0;
          if (column < columns) {
            const from = flip ? ((26 - tap) * c + column) * k + r : (tap * c + r) * k + column;
            value = load<f32>(w + (<usize>from << 2));
          }
          store<f32>(to, value);
          to += 4;
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

/** 6 voxels x 8 output channels: p are the windows' first voxels in the packed block, t the outputs. */
function tile(
  p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize,
  t0: usize, t1: usize, t2: usize, t3: usize, t4: usize, t5: usize,
  weights: usize, rowBytes: usize, planeBytes: usize, windowBytes: usize, columns: i32,
): void {
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0;
  let a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0;
  for (let dz: usize = 0; dz < 3; dz++) {
    for (let dy: usize = 0; dy < 3; dy++) {
      const offset = dz * planeBytes + dy * rowBytes;
      let q0 = p0 + offset, q1 = p1 + offset, q2 = p2 + offset, q3 = p3 + offset, q4 = p4 + offset, q5 = p5 + offset;
      const end = q0 + windowBytes;
      const unrolled = q0 + (windowBytes & ~15);
      while (q0 < unrolled) {
        let u = v128.load(weights), v = v128.load(weights, 16);
        let s = splatAt(q0); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = splatAt(q1); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = splatAt(q2); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        s = splatAt(q3); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
        s = splatAt(q4); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
        s = splatAt(q5); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
        u = v128.load(weights, 32); v = v128.load(weights, 48);
        s = v128.load_splat<f32>(q0, 4); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = v128.load_splat<f32>(q1, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = v128.load_splat<f32>(q2, 4); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        s = v128.load_splat<f32>(q3, 4); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
        s = v128.load_splat<f32>(q4, 4); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
        s = v128.load_splat<f32>(q5, 4); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
        u = v128.load(weights, 64); v = v128.load(weights, 80);
        s = v128.load_splat<f32>(q0, 8); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = v128.load_splat<f32>(q1, 8); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = v128.load_splat<f32>(q2, 8); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        s = v128.load_splat<f32>(q3, 8); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
        s = v128.load_splat<f32>(q4, 8); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
        s = v128.load_splat<f32>(q5, 8); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
        u = v128.load(weights, 96); v = v128.load(weights, 112);
        s = v128.load_splat<f32>(q0, 12); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = v128.load_splat<f32>(q1, 12); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = v128.load_splat<f32>(q2, 12); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        s = v128.load_splat<f32>(q3, 12); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
        s = v128.load_splat<f32>(q4, 12); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
        s = v128.load_splat<f32>(q5, 12); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
        weights += 128;
        q0 += 16; q1 += 16; q2 += 16; q3 += 16; q4 += 16; q5 += 16;
      }
      while (q0 < end) {
        const u = v128.load(weights), v = v128.load(weights, 16);
        let s = splatAt(q0); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = splatAt(q1); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = splatAt(q2); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        s = splatAt(q3); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
        s = splatAt(q4); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
        s = splatAt(q5); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
        weights += 32;
        q0 += 4; q1 += 4; q2 += 4; q3 += 4; q4 += 4; q5 += 4;
      }
    }
  }
  storeBlock(t0, a0, b0, columns); storeBlock(t1, a1, b1, columns); storeBlock(t2, a2, b2, columns);
  storeBlock(t3, a3, b3, columns); storeBlock(t4, a4, b4, columns); storeBlock(t5, a5, b5, columns);
}

/**
 * The forward convolution, and with packed flipped weights the input gradient.
 * Arguments: x, packed weights, y, D, H, W, C, K, rows a block, blocks of 8 channels a group, scratch, scratch bytes a thread.
 */
export function convolve(thread: u32): void {
  const x: usize = arg(0), weights: usize = arg(1), y: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7), blockRows = arg(8), groupBlocks = arg(9);
  const scratch: usize = <usize>arg(10) + <usize>thread * <usize>arg(11);
  const rowBlocks = (h + blockRows - 1) / blockRows;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const tasks = d * rowBlocks * groups;
  const side: usize = <usize>c << 2;
  const rowBytes: usize = (<usize>w + 2) * side;
  const blockBytes: usize = 27 * <usize>c << 5;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const group = task % groups;
    const z = task / groups / rowBlocks;
    const y0 = (task / groups) % rowBlocks * blockRows;
    const rows = min(blockRows, h - y0);
    packBlock(x, scratch, z, y0, rows, d, h, w, c);
    const planeBytes: usize = (<usize>rows + 2) * rowBytes;
    const voxels = rows * w;
    const out: usize = y + ((<usize>z * h + y0) * w * k << 2);
    const last = min((group + 1) * groupBlocks, channelBlocks);
    for (let b = group * groupBlocks; b < last; b++) {
      const wp = weights + <usize>b * blockBytes;
      const to = out + (<usize>b << 5);
      const columns = <i32>min<u32>(8, k - (b << 3));
      for (let v: u32 = 0; v < voxels; v += 6) {
        // Past the end the last voxel is computed again: the same value goes to the same place.
        const v1 = min(v + 1, voxels - 1), v2 = min(v + 2, voxels - 1), v3 = min(v + 3, voxels - 1);
        const v4 = min(v + 4, voxels - 1), v5 = min(v + 5, voxels - 1);
        const ks: usize = <usize>k << 2;
        tile(
          at(scratch, v, w, rowBytes, side), at(scratch, v1, w, rowBytes, side), at(scratch, v2, w, rowBytes, side),
          at(scratch, v3, w, rowBytes, side), at(scratch, v4, w, rowBytes, side), at(scratch, v5, w, rowBytes, side),
          to + <usize>v * ks, to + <usize>v1 * ks, to + <usize>v2 * ks, to + <usize>v3 * ks, to + <usize>v4 * ks, to + <usize>v5 * ks,
          wp, rowBytes, planeBytes, 3 * side, columns,
        );
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function at(block: usize, voxel: u32, w: u32, rowBytes: usize, side: usize): usize {
  return block + <usize>(voxel / w) * rowBytes + <usize>(voxel % w) * side;
}
