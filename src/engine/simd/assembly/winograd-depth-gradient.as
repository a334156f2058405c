// The weight gradient of the 3x3x3 convolution by Winograd's F(2x4x4, 3x3x3), the transpose of ./winograd-depth.as: in depth
//   e = dy0, dy0 + dy1, dy0 - dy1, -dy1;   dw0 = s0 + (s1 + s2)/2, dw1 = (s1 - s2)/2, dw2 = (s1 + s2)/2 + s3,
// s = sums over tiles of d e, with d as there. C is a multiple of 4.
import { arg, madd, nextTask } from './common';
import { transformGradient } from './winograd-gradient';
import { transformInput, weightGradientLine } from './winograd-transforms';

const PLANE: usize = 576;

/** Adds `n` tiles' products of 4 input channels with 8 output channels to `sums`; q and e: rows of `side` and `step` bytes. */
function four(sums: usize, q: usize, side: usize, e: usize, step: usize, n: u32): void {
  let a0 = v128.load(sums), b0 = v128.load(sums, 16), a1 = v128.load(sums, 32), b1 = v128.load(sums, 48);
  let a2 = v128.load(sums, 64), b2 = v128.load(sums, 80), a3 = v128.load(sums, 96), b3 = v128.load(sums, 112);
  const end = q + <usize>n * side;
  while (q < end) {
    const u = v128.load(e), v = v128.load(e, 16);
    let s = v128.load_splat<f32>(q); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
    s = v128.load_splat<f32>(q, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
    s = v128.load_splat<f32>(q, 8); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
    s = v128.load_splat<f32>(q, 12); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
    q += side;
    e += step;
  }
  v128.store(sums, a0); v128.store(sums, b0, 16); v128.store(sums, a1, 32); v128.store(sums, b1, 48);
  v128.store(sums, a2, 64); v128.store(sums, b2, 80); v128.store(sums, a3, 96); v128.store(sums, b3, 112);
}

/**
 * Four points of a pair of planes of one tile through depth: from u [planes][tiles][C/4][36][4] at the first point of the first plane, `plane`
 * bytes from plane to plane, to 16 rows, [4 points][4][tiles][C] with `row` bytes from row to row.
 */
function inputPoints(u: usize, plane: usize, side: usize, to: usize, row: usize): void {
  const end = to + side;
  while (to < end) {
    let out = to;
    for (let p: usize = 0; p < 64; p += 16) {
      const at = u + p;
      const x0 = v128.load(at), x1 = v128.load(at + plane), x2 = v128.load(at + 2 * plane), x3 = v128.load(at + 3 * plane);
      v128.store(out, f32x4.sub(x0, x2));
      v128.store(out + row, f32x4.add(x1, x2));
      v128.store(out + 2 * row, f32x4.sub(x2, x1));
      v128.store(out + 3 * row, f32x4.sub(x1, x3));
      out += 4 * row;
    }
    u += PLANE;
    to += 16;
  }
}

/** As inputPoints, of the two planes of dy. */
function gradientPoints(e: usize, plane: usize, side: usize, to: usize, row: usize): void {
  const end = to + side;
  while (to < end) {
    let out = to;
    for (let p: usize = 0; p < 64; p += 16) {
      const y0 = v128.load(e + p), y1 = v128.load(e + p + plane);
      v128.store(out, y0);
      v128.store(out + row, f32x4.add(y0, y1));
      v128.store(out + 2 * row, f32x4.sub(y0, y1));
      v128.store(out + 3 * row, f32x4.neg(y1));
      out += 4 * row;
    }
    e += PLANE;
    to += 16;
  }
}

/**
 * Partial sums, one set a slab of blocks, so that the result does not depend on which thread took which task.
 * Arguments: x, dy, partials [slabs][K/8][36][4][C + 2][8], D, H, W, C, K, rows of tiles and planes (even) a block, slabs, blocks of 8
 * channels a group, scratch, scratch bytes a thread. The scratch of a thread: 1024 + 144 max(C, channels a group) for the transforms; with
 * t tiles a plane and p planes a block, 144 C t (p + 2) for x and 144 channels t p for dy; four points of both, 16 (2 C t p + 64) and alike.
 */
export function winogradDepthGradient(thread: u32): void {
  const x: usize = arg(0), dy: usize = arg(1), partials: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7);
  const tileRows = arg(8), depth = arg(9), slabs = arg(10), groupBlocks = arg(11);
  const scratch: usize = <usize>arg(12) + <usize>thread * <usize>arg(13);
  const side: usize = <usize>c << 2, tile: usize = 36 * side;
  const tilesX = (w + 3) >> 2, tilesY = (h + 3) >> 2;
  const strips = (tilesY + tileRows - 1) / tileRows;
  const blocks = (d + depth - 1) / depth * strips;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const most = <usize>(tileRows * tilesX * depth), channels: usize = <usize>groupBlocks << 5;
  const u = scratch + 1024 + 36 * max<usize>(side, channels);
  const e = u + <usize>(tileRows * tilesX * (depth + 2)) * tile;
  const q = e + most * 36 * channels;
  const point: usize = (side << 3) + 64, pointSums: usize = 4 * point, block: usize = 36 * pointSums;
  for (let task = nextTask(); task < slabs * groups; task = nextTask()) {
    const slab = task / groups, first = task % groups * groupBlocks;
    const count = min(groupBlocks, channelBlocks - first);
    const step: usize = <usize>count << 5;
    const sums: usize = partials + (<usize>slab * channelBlocks + first) * block;
    memory.fill(sums, 0, <usize>count * block);
    const from = <u32>(<u64>blocks * slab / slabs), to = <u32>(<u64>blocks * (slab + 1) / slabs);
    for (let at = from; at < to; at++) {
      const ty0 = at % strips * tileRows, z0 = at / strips * depth;
      const rows = min(tileRows, tilesY - ty0), planes = min(depth, d - z0), pairs = (planes + 1) >> 1;
      const tiles = rows * tilesX, n = pairs * tiles;
      transformInput(x, u, scratch, <i32>z0 - 1, 2 * pairs + 2, ty0, rows, d, h, w, c);
      transformGradient(dy, e, scratch, z0, planes, ty0, rows, h, w, k, first << 3, count << 3);
      const plane: usize = <usize>tiles * tile, slopes: usize = <usize>tiles * 36 * step;
      if (planes & 1) memory.fill(e + <usize>planes * slopes, 0, slopes);
      // A line of the cache more a row, so that rows do not share their places in it.
      const row: usize = <usize>n * side + 64, slopeRow: usize = <usize>n * step + 64;
      const g = q + 16 * row;
      // Four points share the cache lines of what was transformed.
      for (let quad: usize = 0; quad < 36; quad += 4) {
        for (let i: u32 = 0; i < n; i++) {
          const pair = i / tiles, t = i % tiles;
          inputPoints(u + 2 * <usize>pair * plane + <usize>t * tile + (quad << 4), plane, side, q + <usize>i * side, row);
          gradientPoints(e + 2 * <usize>pair * slopes + <usize>t * 36 * step + (quad << 4), slopes, step, g + <usize>i * step, slopeRow);
        }
        for (let j: usize = 0; j < 16; j++) {
          const into = sums + (quad << 2) * point + j * point;
          for (let b: usize = 0; b < <usize>count; b++) {
            for (let i: usize = 0; i < side; i += 16) {
              four(into + b * block + (i << 3), q + j * row + i, side, g + j * slopeRow + (b << 5), step, n);
            }
          }
        }
      }
    }
  }
}

/** dw from the slabs' sums. Arguments: partials, dw [27, C, K], C, K, slabs, scratch, scratch bytes a thread (4096). */
export function winogradDepthGradientEnd(thread: u32): void {
  const partials: usize = arg(0), dw: usize = arg(1);
  const c = arg(2), k = arg(3), slabs = arg(4);
  const scratch: usize = <usize>arg(5) + <usize>thread * <usize>arg(6);
  const blocks = (k + 7) >> 3, stretches = (c + 15) >> 4;
  const point: usize = (<usize>c << 5) + 64, slab = <usize>blocks * 144 * point;
  const lines = scratch + 4 * PLANE, row = lines + 288;
  const half = f32x4.splat(0.5);
  for (let task = nextTask(); task < blocks * stretches; task = nextTask()) {
    const b = task / stretches, end = min(c, (task % stretches + 1) << 4);
    for (let i = task % stretches << 4; i < end; i++) {
      for (let side: u32 = 0; side < 2; side++) {
        let from: usize = partials + <usize>b * 144 * point + (<usize>i << 5) + (<usize>side << 4);
        for (let p: usize = 0; p < PLANE; p += 16) {
          for (let at = scratch + p; at < scratch + 4 * PLANE; at += PLANE) {
            let sum = v128.load(from);
            for (let s: u32 = 1; s < slabs; s++) sum = f32x4.add(sum, v128.load(from + <usize>s * slab));
            v128.store(at, sum);
            from += point;
          }
          const at = scratch + p;
          const s1 = v128.load(at, 576), s2 = v128.load(at, 1152);
          const even = f32x4.mul(half, f32x4.add(s1, s2));
          v128.store(at, f32x4.add(v128.load(at), even));
          v128.store(at, f32x4.mul(half, f32x4.sub(s1, s2)), 576);
          v128.store(at, f32x4.add(even, v128.load(at, 1728)), 1152);
        }
        const first = (b << 3) + (side << 2);
        for (let dz: u32 = 0; dz < 3; dz++) {
          const plane = scratch + <usize>dz * PLANE;
          for (let j: usize = 0; j < 6; j++) weightGradientLine(plane + (j << 4), 96, lines + (j << 4), 96);
          for (let y: u32 = 0; y < 3; y++) {
            weightGradientLine(lines + <usize>y * 96, 16, row, 16);
            for (let column: u32 = 0; column < 3; column++) {
              const to: usize = dw + (<usize>(((dz * 3 + y) * 3 + column) * c + i) * k + first << 2);
              const value = row + (<usize>column << 4);
              if (first + 4 <= k) v128.store(to, v128.load(value));
              else for (let j: u32 = 0; j < 4 && first + j < k; j++) store<f32>(to + (<usize>j << 2), load<f32>(value + (<usize>j << 2)));
            }
          }
        }
      }
    }
  }
}
