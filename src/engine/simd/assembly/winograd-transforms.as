// Winograd's minimal filtering F(4x4, 3x3) in the plane, at the points 0, +-5/8, +-3/2 and infinity: 36 products a tile of 4x4
// outputs where the plain form takes 144. These points make its rounding errors about as small as the plain form's.
// With a = 5/8, b = 3/2 (Lavin and Gray, 2015; Barabasz et al., 2018):
//   y = A' [(G w G') . (B' x B)] A,   x 6x6, w 3x3, y 4x4.
// Depth stays direct: three such planes are added up before the last step.
import { madd } from './common';

/** What vectors are multiplied with. Loaded where used: a constant in the code takes V8 three instructions each time. */
const CONSTANTS: usize = memory.data<f32>([
  0.87890625, -2.640625, -2.25, 0.625, -0.390625, 1.5, 0.390625, 2.25, 0.244140625, 3.375,
  // G: 1/q; (1, +-a, a^2) / (2 a^2 (a^2 - b^2)); (1, +-b, b^2) / (2 b^2 (b^2 - a^2)); infinity.
  1 / 0.87890625,
  1 / (2 * 0.390625 * (0.390625 - 2.25)), 0.625 / (2 * 0.390625 * (0.390625 - 2.25)),
  1 / (2 * 2.25 * (2.25 - 0.390625)), 1.5 / (2 * 2.25 * (2.25 - 0.390625)),
]);

/** Bytes between the results of a line: columns of a tile lie in rows of six. */
// @ts-ignore: decorator
@inline
function apart<T>(): usize {
  return sizeof<T>() == 16 ? 16 : 96;
}

/**
 * 6 vectors through B', `step` bytes apart, to `to`. T says which pass, so that the other distances are constants: f32 the
 * columns of a tile (96 bytes apart at `to`), v128 its rows (16 bytes apart at both). The constants are arguments, so that they stay in
 * registers from line to line: q = a^2 b^2, s = -(a^2 + b^2), -b^2, a, -a^2, b.
 */
// @ts-ignore: decorator
@inline
function inputLine<T>(p: usize, step: usize, to: usize, q: v128, s: v128, mb: v128, ka: v128, ma: v128, kb: v128): void {
  let d0 = v128.load(p), d1 = d0, d2 = d0, d3 = d0, d4 = d0, d5 = d0;
  if (sizeof<T>() == 16) {
    d1 = v128.load(p, 16); d2 = v128.load(p, 32); d3 = v128.load(p, 48); d4 = v128.load(p, 64); d5 = v128.load(p, 80);
  } else {
    d1 = v128.load(p + step); d2 = v128.load(p + 2 * step); d3 = v128.load(p + 3 * step);
    d4 = v128.load(p + 4 * step); d5 = v128.load(p + 5 * step);
  }
  v128.store(to, madd(q, d0, madd(s, d2, d4)));
  v128.store(to, madd(q, d1, madd(s, d3, d5)), 5 * apart<T>() + 0);
  const evenA = madd(mb, d2, d4), oddA = f32x4.mul(ka, madd(mb, d1, d3));
  v128.store(to, f32x4.add(evenA, oddA), 1 * apart<T>() + 0);
  v128.store(to, f32x4.sub(evenA, oddA), 2 * apart<T>() + 0);
  const evenB = madd(ma, d2, d4), oddB = f32x4.mul(kb, madd(ma, d1, d3));
  v128.store(to, f32x4.add(evenB, oddB), 3 * apart<T>() + 0);
  v128.store(to, f32x4.sub(evenB, oddB), 4 * apart<T>() + 0);
}

/** 6 vectors through A', to 4 vectors. The constants, in registers from line to line: a, b and their squares and cubes. */
// @ts-ignore: decorator
@inline
function outputLine(p: usize, step: usize, to: usize, toStep: usize, a: v128, b: v128, aa: v128, bb: v128, aaa: v128, bbb: v128): void {
  const m1 = v128.load(p + step), m2 = v128.load(p + 2 * step), m3 = v128.load(p + 3 * step), m4 = v128.load(p + 4 * step);
  const sa = f32x4.add(m1, m2), da = f32x4.sub(m1, m2), sb = f32x4.add(m3, m4), db = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(v128.load(p), f32x4.add(sa, sb)));
  v128.store(to + toStep, madd(a, da, f32x4.mul(b, db)));
  v128.store(to + 2 * toStep, madd(aa, sa, f32x4.mul(bb, sb)));
  v128.store(to + 3 * toStep, madd(aaa, da, madd(bbb, db, v128.load(p + 5 * step))));
}

/**
 * One tile's products, 36 points `point` bytes apart, of 4 channels -> up to 4x4 voxels of up to 4 channels at y, `pitch` bytes from row to
 * row, `side` from voxel to voxel. `lines`: 448 bytes of scratch.
 */
export function writeTile(products: usize, point: usize, lines: usize, y: usize, pitch: usize, side: usize, rows: i32, columns: i32, channels: i32): void {
  const a = v128.load_splat<f32>(CONSTANTS, 12), b = v128.load_splat<f32>(CONSTANTS, 20);
  const aa = v128.load_splat<f32>(CONSTANTS, 24), bb = v128.load_splat<f32>(CONSTANTS, 28);
  const aaa = v128.load_splat<f32>(CONSTANTS, 32), bbb = v128.load_splat<f32>(CONSTANTS, 36);
  for (let j: usize = 0; j < 6; j++) {
    outputLine(products, 6 * point, lines + (j << 4), 96, a, b, aa, bb, aaa, bbb);
    products += point;
  }
  if (columns == 4 && channels == 4) {
    for (let i = 0; i < rows; i++) {
      outputLine(lines, 16, y, side, a, b, aa, bb, aaa, bbb);
      lines += 96;
      y += pitch;
    }
    return;
  }
  const row = lines + 384;
  for (let i = 0; i < rows; i++) {
    outputLine(lines, 16, row, 16, a, b, aa, bb, aaa, bbb);
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < channels; k++) store<f32>(y + <usize>j * side + (<usize>k << 2), load<f32>(row + (<usize>j << 4) + (<usize>k << 2)));
    }
    lines += 96;
    y += pitch;
  }
}

/** 4 vectors through A, to 6 vectors: the transpose of outputLine. */
// @ts-ignore: decorator
@inline
export function gradientLine(p: usize, step: usize, to: usize, toStep: usize): void {
  const y0 = v128.load(p), y1 = v128.load(p + step), y2 = v128.load(p + 2 * step), y3 = v128.load(p + 3 * step);
  v128.store(to, y0);
  const evenA = madd(v128.load_splat<f32>(CONSTANTS, 24), y2, y0);
  const oddA = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 12), madd(v128.load_splat<f32>(CONSTANTS, 24), y3, y1));
  v128.store(to + toStep, f32x4.add(evenA, oddA));
  v128.store(to + 2 * toStep, f32x4.sub(evenA, oddA));
  const evenB = madd(v128.load_splat<f32>(CONSTANTS, 28), y2, y0);
  const oddB = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 20), madd(v128.load_splat<f32>(CONSTANTS, 28), y3, y1));
  v128.store(to + 3 * toStep, f32x4.add(evenB, oddB));
  v128.store(to + 4 * toStep, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * toStep, y3);
}

/** 3 vectors through G, to 6 vectors. */
// @ts-ignore: decorator
@inline
export function weightLine(p: usize, step: usize, to: usize, toStep: usize): void {
  const g0 = v128.load(p), g1 = v128.load(p + step), g2 = v128.load(p + 2 * step);
  v128.store(to, f32x4.mul(g0, v128.load_splat<f32>(CONSTANTS, 40)));
  const evenA = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 44), madd(v128.load_splat<f32>(CONSTANTS, 24), g2, g0)), oddA = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 48), g1);
  v128.store(to + toStep, f32x4.add(evenA, oddA));
  v128.store(to + 2 * toStep, f32x4.sub(evenA, oddA));
  const evenB = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 52), madd(v128.load_splat<f32>(CONSTANTS, 28), g2, g0)), oddB = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 56), g1);
  v128.store(to + 3 * toStep, f32x4.add(evenB, oddB));
  v128.store(to + 4 * toStep, f32x4.sub(evenB, oddB));
  v128.store(to + 5 * toStep, g2);
}

/** 6 vectors through G', to 3 vectors: the transpose of weightLine. */
// @ts-ignore: decorator
@inline
export function weightGradientLine(p: usize, step: usize, to: usize, toStep: usize): void {
  const m1 = v128.load(p + step), m2 = v128.load(p + 2 * step), m3 = v128.load(p + 3 * step), m4 = v128.load(p + 4 * step);
  const sa = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 44), f32x4.add(m1, m2)), da = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 48), f32x4.sub(m1, m2));
  const sb = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 52), f32x4.add(m3, m4)), db = f32x4.mul(v128.load_splat<f32>(CONSTANTS, 56), f32x4.sub(m3, m4));
  v128.store(to, madd(v128.load_splat<f32>(CONSTANTS, 40), v128.load(p), f32x4.add(sa, sb)));
  v128.store(to + toStep, f32x4.add(da, db));
  v128.store(to + 2 * toStep, madd(v128.load_splat<f32>(CONSTANTS, 24), sa, madd(v128.load_splat<f32>(CONSTANTS, 28), sb, v128.load(p + 5 * step))));
}

/**
 * Transforms the input tiles that `rows` rows of tiles from tile row ty0 read, of planes z0 .. z0 + planes - 1 (zeros
 * outside the map): U[planes * rows * tilesX][C/4][36][4], so that all stores of a tile lie at constant distances.
 * `scratch`: 576 bytes, then a patch of 36 C floats.
 */
export function transformInput(x: usize, u: usize, scratch: usize, z0: i32, planes: i32, ty0: i32, rows: i32, d: i32, h: i32, w: i32, c: i32): void {
  const side: usize = <usize>c << 2;
  const tilesX = (w + 3) >> 2;
  const patch = scratch + 576;
  for (let plane = 0; plane < planes; plane++) {
    const z = z0 + plane;
    if (z < 0 || z >= d) {
      memory.fill(u, 0, <usize>(rows * tilesX) * 36 * side);
      u += <usize>(rows * tilesX) * 36 * side;
      continue;
    }
    const map = x + <usize>z * <usize>h * <usize>w * side;
    for (let ty = ty0; ty < ty0 + rows; ty++) {
      for (let tx = 0; tx < tilesX; tx++) {
        const y = 4 * ty - 1, xx = 4 * tx - 1;
        let from = map + (<usize>y * <usize>w + <usize>xx) * side;
        let pitch = <usize>w * side;
        if (y < 0 || xx < 0 || y + 6 > h || xx + 6 > w) {
          copyPatch(map, patch, y, xx, h, w, side);
          from = patch;
          pitch = 6 * side;
        }
        transformTile(from, pitch, side, u, scratch);
        u += 36 * side;
      }
    }
  }
}

function transformTile(from: usize, pitch: usize, side: usize, u: usize, scratch: usize): void {
  const q = v128.load_splat<f32>(CONSTANTS, 0), s = v128.load_splat<f32>(CONSTANTS, 4);
  const mb = v128.load_splat<f32>(CONSTANTS, 8), ka = v128.load_splat<f32>(CONSTANTS, 12);
  const ma = v128.load_splat<f32>(CONSTANTS, 16), kb = v128.load_splat<f32>(CONSTANTS, 20);
  const end = from + side;
  while (from < end) {
    for (let j: usize = 0; j < 6; j++) inputLine<f32>(from + j * side, pitch, scratch + (j << 4), q, s, mb, ka, ma, kb);
    for (let i: usize = 0; i < 576; i += 96) inputLine<v128>(scratch + i, 16, u + i, q, s, mb, ka, ma, kb);
    from += 16;
    u += 576;
  }
}

/** The 6x6 voxels from (y, x), zeros outside. */
function copyPatch(map: usize, patch: usize, y: i32, x: i32, h: i32, w: i32, side: usize): void {
  for (let i = y; i < y + 6; i++) {
    for (let j = x; j < x + 6; j++) {
      if (i < 0 || i >= h || j < 0 || j >= w) memory.fill(patch, 0, side);
      else {
        const from = map + (<usize>i * <usize>w + <usize>j) * side;
        for (let b: usize = 0; b < side; b += 16) v128.store(patch + b, v128.load(from + b));
      }
      patch += side;
    }
  }
}
