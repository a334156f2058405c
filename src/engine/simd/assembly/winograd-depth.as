// The 3x3x3 convolution by Winograd's F(2x4x4, 3x3x3): F(4x4, 3x3) in the plane (./winograd-transforms.as) and F(2, 3) in depth, at the
// points 0, +-1 and infinity. Two planes take four products a point where direct depth takes six:
//   d = x0 - x2, x1 + x2, x2 - x1, x1 - x3;   v = g0, (g0 + g1 + g2)/2, (g0 - g1 + g2)/2, g2;   y0 = m0 + m1 + m2, y1 = m1 - m2 - m3.
// The sums over channels of all four stay in registers until they are y0 and y1. C is a multiple of 4.
import { arg, madd, nextTask } from './common';
import { readTaps, ROWS } from './winograd';
import { transformInput, weightLine, writeTile } from './winograd-transforms';

/** Bytes of a tile's 36 points of four channels in one plane. */
const PLANE: usize = 576;

/** Products of a group of tiles in one plane, [36][ROWS][8]. */
const PRODUCTS: usize = 36 * 12 * 32;

/**
 * Weights of the products, [K/8][36][2][C + 1][2][8]: first v1 and v2, then v0 and -v3 side by side; the last block filled up with zeros.
 * A line of the cache lies between, so that points do not share their places in it.
 * Arguments: w [27, C, K], target, C, K of w, flip, scratch, scratch bytes a thread (4096). With flip, what the input gradient
 * needs: C and K change places, taps reversed.
 */
export function winogradDepthWeights(thread: u32): void {
  const w: usize = arg(0), target: usize = arg(1);
  const c = arg(2), k = arg(3), flip = arg(4) != 0;
  const scratch: usize = <usize>arg(5) + <usize>thread * <usize>arg(6);
  const rows = flip ? k : c, columns = flip ? c : k;
  const blocks = (columns + 7) >> 3;
  const stretches = (rows + 31) >> 5;
  const lines = scratch + 3 * PLANE, planes = lines + 288;
  const half: usize = (<usize>rows << 6) + 64, point = 2 * half;
  for (let task = nextTask(); task < blocks * stretches; task = nextTask()) {
    const b = task / stretches, r0 = task % stretches << 5;
    const to: usize = target + <usize>b * 36 * point;
    const end = min(rows, r0 + 32);
    for (let r = r0; r < end; r += 4) {
      for (let side: u32 = 0; side < 2; side++) {
        const some = min<u32>(4, end - r);
        for (let dz: u32 = 0; dz < 3; dz++) readTaps(w, scratch + <usize>dz * PLANE, r, some, (b << 3) + (side << 2), rows, columns, dz, 3, flip);
        for (let i: u32 = 0; i < some; i++) {
          for (let at: usize = 0; at < 3 * PLANE; at += PLANE) {
            const from = scratch + at + <usize>i * 144;
            for (let j: usize = 0; j < 3; j++) weightLine(from + (j << 4), 48, lines + (j << 4), 48);
            for (let j: usize = 0; j < 6; j++) weightLine(lines + j * 48, 16, planes + at + j * 96, 16);
          }
          let out = to + (<usize>(r + i) << 6) + (<usize>side << 4);
          const h = f32x4.splat(0.5);
          for (let p: usize = 0; p < PLANE; p += 16) {
            const g0 = v128.load(planes + p), g1 = f32x4.mul(v128.load(planes + p, 576), h), g2 = v128.load(planes + p, 1152);
            const even = f32x4.mul(f32x4.add(g0, g2), h);
            v128.store(out, f32x4.add(even, g1));
            v128.store(out, f32x4.sub(even, g1), 32);
            v128.store(out + half, g0);
            v128.store(out + half, f32x4.neg(g2), 32);
            out += point;
          }
        }
      }
    }
  }
}

/**
 * The transformed planes z-1 .. z+2 of one tile, [C/4][36][4] each, through depth: to [36][2][ROWS][C][2], first d1 and d2, then d0 and d3
 * side by side. What a product reads lies in a row; `pair` and `point` are the bytes of the second and the first axis.
 */
function throughDepth(a: usize, b: usize, c: usize, d: usize, bytes: usize, to: usize, pair: usize, point: usize): void {
  const end = a + bytes;
  while (a < end) {
    let out = to;
    const quad = a + PLANE;
    while (a < quad) {
      const x0 = v128.load(a), x1 = v128.load(b), x2 = v128.load(c), x3 = v128.load(d);
      const d0 = f32x4.sub(x0, x2), d1 = f32x4.add(x1, x2), d2 = f32x4.sub(x2, x1), d3 = f32x4.sub(x1, x3);
      v128.store(out, v128.shuffle<f32>(d1, d2, 0, 4, 1, 5));
      v128.store(out, v128.shuffle<f32>(d1, d2, 2, 6, 3, 7), 16);
      v128.store(out + pair, v128.shuffle<f32>(d0, d3, 0, 4, 1, 5));
      v128.store(out + pair, v128.shuffle<f32>(d0, d3, 2, 6, 3, 7), 16);
      out += point;
      a += 16; b += 16; c += 16; d += 16;
    }
    to += 32;
  }
}

/**
 * Products of `triples` times 3 tiles x 8 output channels at all points, summed over depth and C channels, into `out` [2][36][ROWS][8].
 * `t` as throughDepth leaves it, `side` bytes a tile. A pass of the loops takes one channel: of several, the compiler would put the sums
 * of each accumulator one after the other, and they would leave the registers.
 */
function products(t: usize, side: usize, pair: usize, point: usize, triples: u32, weights: usize, half: usize, out: usize): void {
  for (let p = 0; p < 36; p++) {
    let q0 = t, o = out;
    for (let n: u32 = 0; n < triples; n++) {
      let q1 = q0 + side, q2 = q1 + side;
      const first = q0;
      let end = q1;
      let w = weights;
      let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0;
      let c0 = a0, d0 = a0, c1 = a0, d1 = a0, c2 = a0, d2 = a0;
      do {
        let u = v128.load(w), v = v128.load(w, 16);
        let s = v128.load_splat<f32>(q0); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = v128.load_splat<f32>(q1); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = v128.load_splat<f32>(q2); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        u = v128.load(w, 32); v = v128.load(w, 48);
        s = v128.load_splat<f32>(q0, 4); c0 = madd(s, u, c0); d0 = madd(s, v, d0);
        s = v128.load_splat<f32>(q1, 4); c1 = madd(s, u, c1); d1 = madd(s, v, d1);
        s = v128.load_splat<f32>(q2, 4); c2 = madd(s, u, c2); d2 = madd(s, v, d2);
        q0 += 8; q1 += 8; q2 += 8;
        w += 64;
      } while (q0 < end);
      // m1, m2 -> what y0 and y1 have of them.
      let e = f32x4.sub(a0, c0); a0 = f32x4.add(a0, c0); c0 = e;
      e = f32x4.sub(b0, d0); b0 = f32x4.add(b0, d0); d0 = e;
      e = f32x4.sub(a1, c1); a1 = f32x4.add(a1, c1); c1 = e;
      e = f32x4.sub(b1, d1); b1 = f32x4.add(b1, d1); d1 = e;
      e = f32x4.sub(a2, c2); a2 = f32x4.add(a2, c2); c2 = e;
      e = f32x4.sub(b2, d2); b2 = f32x4.add(b2, d2); d2 = e;
      q0 = first + pair; q1 = q0 + side; q2 = q1 + side;
      end = q1;
      w = weights + half;
      do {
        let u = v128.load(w), v = v128.load(w, 16);
        let s = v128.load_splat<f32>(q0); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
        s = v128.load_splat<f32>(q1); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
        s = v128.load_splat<f32>(q2); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
        u = v128.load(w, 32); v = v128.load(w, 48);
        s = v128.load_splat<f32>(q0, 4); c0 = madd(s, u, c0); d0 = madd(s, v, d0);
        s = v128.load_splat<f32>(q1, 4); c1 = madd(s, u, c1); d1 = madd(s, v, d1);
        s = v128.load_splat<f32>(q2, 4); c2 = madd(s, u, c2); d2 = madd(s, v, d2);
        q0 += 8; q1 += 8; q2 += 8;
        w += 64;
      } while (q0 < end);
      v128.store(o, a0); v128.store(o, b0, 16); v128.store(o, a1, 32); v128.store(o, b1, 48); v128.store(o, a2, 64); v128.store(o, b2, 80);
      v128.store(o, c0, 13824); v128.store(o, d0, 13840); v128.store(o, c1, 13856); v128.store(o, d1, 13872); v128.store(o, c2, 13888); v128.store(o, d2, 13904);
      q0 = first + 3 * side;
      o += 96;
    }
    weights += 2 * half;
    t += point;
    out += <usize>ROWS << 5;
  }
}

/**
 * Arguments: x, weights, y, D, H, W, C, K, rows of tiles a task, planes a task (even), blocks of 8 channels a group, scratch, scratch
 * bytes a thread. The scratch of a thread: 1024 + 144 C for the transforms, the products (27,648), four planes of a task's tiles, 576 C a
 * tile, then a group of 12 tiles through depth, 36 (192 C + 64).
 */
export function winogradDepth(thread: u32): void {
  const x: usize = arg(0), weights: usize = arg(1), y: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7);
  const tileRows = arg(8), depth = arg(9), groupBlocks = arg(10);
  const scratch: usize = <usize>arg(11) + <usize>thread * <usize>arg(12);
  const side: usize = <usize>c << 2, outSide: usize = <usize>k << 2, tile: usize = 36 * side;
  const tilesX = (w + 3) >> 2, tilesY = (h + 3) >> 2;
  const strips = (tilesY + tileRows - 1) / tileRows;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const tasks = (d + depth - 1) / depth * strips * groups;
  const sums = scratch + 1024 + tile, ring = sums + 2 * PRODUCTS;
  // A line of the cache more, so that points do not share their places in it.
  const half: usize = (<usize>c << 6) + 64, pair: usize = 2 * <usize>ROWS * side, point = 2 * pair + 64;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const group = task % groups;
    const ty0 = task / groups % strips * tileRows, z0 = task / groups / strips * depth;
    const rows = min(tileRows, tilesY - ty0);
    const tiles = rows * tilesX;
    const plane: usize = <usize>tiles * tile;
    const t = ring + 4 * <usize>(tileRows * tilesX) * tile;
    const last = min((group + 1) * groupBlocks, channelBlocks);
    const zEnd = min(z0 + depth, d);
    // Plane z lies at place (z + 1) % 4 of the ring.
    transformInput(x, ring + <usize>(z0 & 3) * plane, scratch, <i32>z0 - 1, 1, ty0, rows, d, h, w, c);
    transformInput(x, ring + <usize>((z0 + 1) & 3) * plane, scratch, z0, 1, ty0, rows, d, h, w, c);
    for (let z = z0; z < zEnd; z += 2) {
      transformInput(x, ring + <usize>((z + 2) & 3) * plane, scratch, z + 1, 1, ty0, rows, d, h, w, c);
      transformInput(x, ring + <usize>((z + 3) & 3) * plane, scratch, z + 2, 1, ty0, rows, d, h, w, c);
      const p0 = ring + <usize>(z & 3) * plane, p1 = ring + <usize>((z + 1) & 3) * plane;
      const p2 = ring + <usize>((z + 2) & 3) * plane, p3 = ring + <usize>((z + 3) & 3) * plane;
      for (let first: u32 = 0; first < tiles; first += ROWS) {
        const count = min(ROWS, tiles - first);
        for (let i: u32 = 0; i < count; i++) {
          const at = <usize>(first + i) * tile;
          throughDepth(p0 + at, p1 + at, p2 + at, p3 + at, tile, t + <usize>i * 2 * side, pair, point);
        }
        for (let b = group * groupBlocks; b < last; b++) {
          products(t, 2 * side, pair, point, (count + 2) / 3, weights + <usize>b * 72 * half, half, sums);
          const channels = <i32>k - <i32>(b << 3);
          const planes = min<u32>(2, zEnd - z);
          for (let dz: u32 = 0; dz < planes; dz++) {
            for (let i: u32 = 0; i < count; i++) {
              const at = first + i;
              const ty = ty0 + at / tilesX, tx = at % tilesX;
              const to: usize = y + ((((<usize>(z + dz) * h + 4 * ty) * w + 4 * tx) * k + (b << 3)) << 2);
              const high = min<i32>(4, <i32>h - 4 * ty), wide = min<i32>(4, <i32>w - 4 * tx);
              const from = sums + <usize>dz * PRODUCTS + (<usize>i << 5);
              writeTile(from, ROWS << 5, scratch, to, <usize>w * outSide, outSide, high, wide, min<i32>(4, channels));
              if (channels > 4) writeTile(from + 16, ROWS << 5, scratch, to + 16, <usize>w * outSide, outSide, high, wide, min<i32>(4, channels - 4));
            }
          }
        }
      }
    }
  }
}
