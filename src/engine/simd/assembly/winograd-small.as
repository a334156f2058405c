// The 3x3x3 convolution and its weight gradient by Winograd's F(2x2x2, 3x3x3) for the smallest maps, at the points 0, +-1 and infinity on
// all axes: 64 products a tile of 2x2x2 outputs where the plain form takes 216, about as exact. C is a multiple of 4.
import { arg, madd, nextTask } from './common';
import { readTaps } from './winograd';

/** 4 vectors through B', `step` bytes apart, in place: d0 - d2, d1 + d2, d2 - d1, d1 - d3. */
// @ts-ignore: decorator
@inline
function inputLine(p: usize, step: usize): void {
  const d0 = v128.load(p), d1 = v128.load(p + step), d2 = v128.load(p + 2 * step), d3 = v128.load(p + 3 * step);
  v128.store(p, f32x4.sub(d0, d2));
  v128.store(p + step, f32x4.add(d1, d2));
  v128.store(p + 2 * step, f32x4.sub(d2, d1));
  v128.store(p + 3 * step, f32x4.sub(d1, d3));
}

/** 4 vectors through A', to 2: m0 + m1 + m2, m1 - m2 - m3. */
// @ts-ignore: decorator
@inline
function outputLine(p: usize, step: usize): void {
  const m1 = v128.load(p + step), m2 = v128.load(p + 2 * step);
  v128.store(p, f32x4.add(v128.load(p), f32x4.add(m1, m2)));
  v128.store(p + step, f32x4.sub(f32x4.sub(m1, m2), v128.load(p + 3 * step)));
}

/** 2 vectors through A, to 4: the transpose of outputLine. */
// @ts-ignore: decorator
@inline
function gradientLine(p: usize, step: usize): void {
  const y0 = v128.load(p), y1 = v128.load(p + step);
  v128.store(p + step, f32x4.add(y0, y1));
  v128.store(p + 2 * step, f32x4.sub(y0, y1));
  v128.store(p + 3 * step, f32x4.neg(y1));
}

/** 3 vectors through G, to 4: g0, (g0 + g1 + g2)/2, (g0 - g1 + g2)/2, g2. */
// @ts-ignore: decorator
@inline
function weightLine(p: usize, step: usize): void {
  const g0 = v128.load(p), g1 = v128.load(p + step), g2 = v128.load(p + 2 * step);
  const half = f32x4.splat(0.5), even = f32x4.mul(half, f32x4.add(g0, g2)), odd = f32x4.mul(half, g1);
  v128.store(p + step, f32x4.add(even, odd));
  v128.store(p + 2 * step, f32x4.sub(even, odd));
  v128.store(p + 3 * step, g2);
}

/** 4 vectors through G', to 3: the transpose of weightLine. */
// @ts-ignore: decorator
@inline
function weightGradientLine(p: usize, step: usize): void {
  const s1 = v128.load(p + step), s2 = v128.load(p + 2 * step), half = f32x4.splat(0.5);
  const even = f32x4.mul(half, f32x4.add(s1, s2));
  v128.store(p, f32x4.add(v128.load(p), even));
  v128.store(p + step, f32x4.mul(half, f32x4.sub(s1, s2)));
  v128.store(p + 2 * step, f32x4.add(even, v128.load(p + 3 * step)));
}

/**
 * The tiles of a map through B' (x: boxes of 4x4x4 that overlap by two) or A (`slopes`: boxes of 2x2x2), zeros outside the map. Point p of four
 * channels, the first or second of eight, goes to target + p `point` + tile `side` + eights `eight` + second `four`. Arguments: map, target,
 * D, H, W, C, slopes, point, side, eight, four (bytes), scratch, scratch bytes a thread (1024). Channels past the last are zeros.
 */
export function smallTiles(thread: u32): void {
  const map: usize = arg(0), target: usize = arg(1);
  const d = <i32>arg(2), h = <i32>arg(3), w = <i32>arg(4), c = arg(5);
  const slopes = arg(6) != 0;
  const point: usize = arg(7), side: usize = arg(8), eight: usize = arg(9), four: usize = arg(10);
  const box: usize = <usize>arg(11) + <usize>thread * <usize>arg(12);
  const tilesX = (w + 1) >> 1, tilesY = (h + 1) >> 1, tilesZ = (d + 1) >> 1;
  const n = slopes ? 2 : 4, before = slopes ? 0 : 1;
  for (let tile = nextTask(); tile < <u32>(tilesX * tilesY * tilesZ); tile = nextTask()) {
    const z0 = 2 * <i32>(tile / (tilesX * tilesY)) - before, y0 = 2 * <i32>(tile / tilesX % tilesY) - before, x0 = 2 * <i32>(tile % tilesX) - before;
    for (let first: u32 = 0; first < c; first += 4) {
      const channels = min<u32>(4, c - first);
      for (let z = 0; z < n; z++) for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) {
        const zi = z0 + z, yi = y0 + y, xi = x0 + x;
        const to = box + (<usize>(16 * z + 4 * y + x) << 4);
        if (zi < 0 || zi >= d || yi < 0 || yi >= h || xi < 0 || xi >= w) {
          v128.store(to, f32x4.splat(0));
          continue;
        }
        const from = map + (((<usize>(zi * h + yi) * w + xi) * c + first) << 2);
        if (channels == 4) v128.store(to, v128.load(from));
        else {
          v128.store(to, f32x4.splat(0));
          for (let j: u32 = 0; j < channels; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
        }
      }
      // Axis by axis; of a box of 2x2x2 only the lines that hold something.
      const lines = <usize>n;
      for (let z: usize = 0; z < lines; z++) for (let y: usize = 0; y < lines; y++) through(box + (z << 8) + (y << 6), 16, slopes);
      for (let z: usize = 0; z < lines; z++) for (let x: usize = 0; x < 4; x++) through(box + (z << 8) + (x << 4), 64, slopes);
      for (let i: usize = 0; i < 16; i++) through(box + (i << 4), 256, slopes);
      let to = target + <usize>tile * side + <usize>(first >> 3) * eight + <usize>(first >> 2 & 1) * four;
      for (let p: usize = 0; p < 1024; p += 16) {
        v128.store(to, v128.load(box + p));
        to += point;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function through(p: usize, step: usize, slopes: bool): void {
  if (slopes) gradientLine(p, step);
  else inputLine(p, step);
}

/**
 * Weights of the products, [K/8][64][C + 2][8], the last block filled up with zeros; a line of the cache more a point, so that points do
 * not share their places in it. Arguments: w [27, C, K], target, C, K of w, flip, scratch,
 * scratch bytes a thread (3072). With flip, what the input gradient needs: C and K change places, taps reversed.
 */
export function smallWeights(thread: u32): void {
  const w: usize = arg(0), target: usize = arg(1);
  const c = arg(2), k = arg(3), flip = arg(4) != 0;
  const taps: usize = <usize>arg(5) + <usize>thread * <usize>arg(6), box = taps + 1728;
  const rows = flip ? k : c, columns = flip ? c : k;
  const blocks = (columns + 7) >> 3, stretches = (rows + 31) >> 5;
  const point: usize = (<usize>rows << 5) + 64;
  for (let task = nextTask(); task < blocks * stretches; task = nextTask()) {
    const b = task / stretches, end = min(rows, (task % stretches + 1) << 5);
    for (let r = task % stretches << 5; r < end; r += 4) {
      const some = min<u32>(4, end - r);
      for (let half: u32 = 0; half < 2; half++) {
        for (let dz: u32 = 0; dz < 3; dz++) readTaps(w, taps + <usize>dz * 576, r, some, (b << 3) + (half << 2), rows, columns, dz, 3, flip);
        for (let i: u32 = 0; i < some; i++) {
          for (let z: usize = 0; z < 3; z++) {
            for (let y: usize = 0; y < 3; y++) {
              const from = taps + z * 576 + <usize>i * 144 + y * 48, to = box + (z << 8) + (y << 6);
              v128.store(to, v128.load(from));
              v128.store(to, v128.load(from, 16), 16);
              v128.store(to, v128.load(from, 32), 32);
              weightLine(to, 16);
            }
            for (let x: usize = 0; x < 4; x++) weightLine(box + (z << 8) + (x << 4), 64);
          }
          let to = target + <usize>b * 64 * point + (<usize>(r + i) << 5) + (<usize>half << 4);
          for (let p: usize = 0; p < 256; p += 16) weightLine(box + p, 256);
          for (let p: usize = 0; p < 1024; p += 16) {
            v128.store(to, v128.load(box + p));
            to += point;
          }
        }
      }
    }
  }
}

/** Products of 6 tiles x 8 output channels at one point into `out`, [6][8]. One channel a pass, see ./winograd-depth.as. */
function six(q0: usize, side: usize, w: usize, out: usize): void {
  const q1 = q0 + side, q2 = q1 + side, q3 = q2 + side, q4 = q3 + side, q5 = q4 + side;
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0;
  let a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0;
  for (let i: usize = 0; i < side; i += 4) {
    const u = v128.load(w), v = v128.load(w, 16);
    let s = v128.load_splat<f32>(q0 + i); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
    s = v128.load_splat<f32>(q1 + i); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
    s = v128.load_splat<f32>(q2 + i); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
    s = v128.load_splat<f32>(q3 + i); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
    s = v128.load_splat<f32>(q4 + i); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
    s = v128.load_splat<f32>(q5 + i); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
    w += 32;
  }
  v128.store(out, a0); v128.store(out, b0, 16); v128.store(out, a1, 32); v128.store(out, b1, 48);
  v128.store(out, a2, 64); v128.store(out, b2, 80); v128.store(out, a3, 96); v128.store(out, b3, 112);
  v128.store(out, a4, 128); v128.store(out, b4, 144); v128.store(out, a5, 160); v128.store(out, b5, 176);
}

/**
 * y from the tiles of x, [64][tiles][C] with `point` bytes from point to point and room for five tiles more at the end.
 * Arguments: tiles, weights, y, D, H, W, C, K, point, scratch, scratch bytes a thread ([64][6][8] floats, 1024 bytes).
 */
export function smallProducts(thread: u32): void {
  const tiles: usize = arg(0), weights: usize = arg(1), y: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7);
  const point: usize = arg(8);
  const sums: usize = <usize>arg(9) + <usize>thread * <usize>arg(10), box = sums + 12288;
  const tilesX = (w + 1) >> 1, tilesY = (h + 1) >> 1, count = tilesX * tilesY * ((d + 1) >> 1);
  const side: usize = <usize>c << 2, step = (side << 3) + 64;
  for (let b = nextTask(); b < (k + 7) >> 3; b = nextTask()) {
    for (let first: u32 = 0; first < count; first += 6) {
      let at = tiles + <usize>first * side, v = weights + <usize>b * 64 * step;
      for (let out = sums; out < box; out += 192) {
        six(at, side, v, out);
        at += point;
        v += step;
      }
      for (let i = first; i < min(count, first + 6); i++) {
        const z0 = 2 * (i / (tilesX * tilesY)), y0 = 2 * (i / tilesX % tilesY), x0 = 2 * (i % tilesX);
        for (let half: u32 = 0; half < 2; half++) {
          const channel = (b << 3) + (half << 2);
          if (channel >= k) break;
          const from = sums + (<usize>(i - first) << 5) + (<usize>half << 4);
          for (let p: usize = 0; p < 64; p++) v128.store(box + (p << 4), v128.load(from + p * 192));
          for (let p: usize = 0; p < 256; p += 16) outputLine(box + p, 256);
          for (let z: usize = 0; z < 2; z++) {
            for (let x: usize = 0; x < 4; x++) outputLine(box + (z << 8) + (x << 4), 64);
            for (let row: usize = 0; row < 2; row++) outputLine(box + (z << 8) + (row << 6), 16);
          }
          const channels = min<u32>(4, k - channel);
          for (let z: u32 = 0; z < min<u32>(2, d - z0); z++) for (let r: u32 = 0; r < min<u32>(2, h - y0); r++) for (let x: u32 = 0; x < min<u32>(2, w - x0); x++) {
            const value = box + (<usize>(16 * z + 4 * r + x) << 4);
            const to = y + (((<usize>((z0 + z) * h + y0 + r) * w + x0 + x) * k + channel) << 2);
            if (channels == 4) v128.store(to, v128.load(value));
            else for (let j: u32 = 0; j < channels; j++) store<f32>(to + (<usize>j << 2), load<f32>(value + (<usize>j << 2)));
          }
        }
      }
    }
  }
}

/**
 * dw from the tiles of x, [C/4][64][tiles][4], and of dy, [K/8][64][tiles][8]: the sums of a block of 4 and 8 channels stay in the first-level
 * cache until they are dw. Arguments: tiles, slopes, dw [27, C, K], C, K, tiles a map, scratch, scratch bytes a thread (64 x 128 + 1024).
 */
export function smallGradient(thread: u32): void {
  const tiles: usize = arg(0), slopes: usize = arg(1), dw: usize = arg(2);
  const c = arg(3), k = arg(4), count: usize = arg(5);
  const sums: usize = <usize>arg(6) + <usize>thread * <usize>arg(7), box = sums + 8192;
  const quads = c >> 2;
  // Some quads a task, so that all threads have work also where blocks are few.
  const stretch: u32 = 4, stretches = (quads + stretch - 1) / stretch;
  for (let task = nextTask(); task < ((k + 7) >> 3) * stretches; task = nextTask()) {
    const b = task / stretches;
    const e0 = slopes + <usize>b * 64 * (count << 5);
    for (let quad = task % stretches * stretch; quad < min(quads, (task % stretches + 1) * stretch); quad++) {
      let q = tiles + <usize>quad * 64 * (count << 4), e = e0;
      for (let out = sums; out < box; out += 128) {
        let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0;
        const end = q + (count << 4);
        while (q < end) {
          const u = v128.load(e), v = v128.load(e, 16);
          let s = v128.load_splat<f32>(q); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
          s = v128.load_splat<f32>(q, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
          s = v128.load_splat<f32>(q, 8); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
          s = v128.load_splat<f32>(q, 12); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
          q += 16;
          e += 32;
        }
        v128.store(out, a0); v128.store(out, b0, 16); v128.store(out, a1, 32); v128.store(out, b1, 48);
        v128.store(out, a2, 64); v128.store(out, b2, 80); v128.store(out, a3, 96); v128.store(out, b3, 112);
      }
      for (let i: u32 = 0; i < 8; i++) {
        const row = quad * 4 + (i >> 1), first = (b << 3) + ((i & 1) << 2);
        if (first >= k) continue;
        for (let p: usize = 0; p < 64; p++) v128.store(box + (p << 4), v128.load(sums + (p << 7) + (<usize>i << 4)));
        for (let p: usize = 0; p < 256; p += 16) weightGradientLine(box + p, 256);
        for (let z: u32 = 0; z < 3; z++) {
          const plane = box + (<usize>z << 8);
          for (let x: usize = 0; x < 64; x += 16) weightGradientLine(plane + x, 64);
          for (let y: u32 = 0; y < 3; y++) {
            weightGradientLine(plane + (<usize>y << 6), 16);
            for (let x: u32 = 0; x < 3; x++) {
              const to: usize = dw + (<usize>(((z * 3 + y) * 3 + x) * c + row) * k + first << 2);
              const value = plane + (<usize>(4 * y + x) << 4);
              if (first + 4 <= k) v128.store(to, v128.load(value));
              else for (let j: u32 = 0; j < k - first; j++) store<f32>(to + (<usize>j << 2), load<f32>(value + (<usize>j << 2)));
            }
          }
        }
      }
    }
  }
}
