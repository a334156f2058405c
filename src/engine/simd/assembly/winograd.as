// The convolution over 1 or 3 planes (`taps`; stride 1, zero padding) by Winograd's F(4x4, 3x3) in the plane; C is a multiple of 4.
import { arg, madd, nextTask, splatAt, transposeFour } from './common';
import { transformInput, weightLine, writeTile } from './winograd-transforms';

/** Tiles whose products are kept before the output transform: [36][ROWS][8] floats stay in the first-level cache. */
export const ROWS: u32 = 12;
const PRODUCTS: usize = 36 * 12 * 32;

/**
 * The taps of plane dz of `some` (up to four) rows from r and four columns from `first` to `at`, [rows][9][4], zeros past the last column.
 * Of w [9 taps, rows, columns]; with flip of w [9 taps, columns, rows], taps reversed.
 */
export function readTaps(w: usize, at: usize, r: u32, some: u32, first: u32, rows: u32, columns: u32, dz: u32, taps: u32, flip: bool): void {
  const whole = first + 4 <= columns;
  const tapBytes: usize = <usize>rows * columns << 2;
  for (let tap: u32 = 0; tap < 9; tap++) {
    const t = flip ? 9 * taps - 1 - (dz * 9 + tap) : dz * 9 + tap;
    const from: usize = w + <usize>t * tapBytes;
    if (flip && whole && some == 4) transposeFour(from + (<usize>(first * rows + r) << 2), <usize>rows << 2, at, 144);
    else {
      for (let i: u32 = 0; i < some; i++) {
        const line = at + <usize>i * 144;
        if (!flip && whole) v128.store(line, v128.load(from + (<usize>((r + i) * columns + first) << 2)));
        else {
          for (let j: u32 = 0; j < 4; j++) {
            const column = first + j;
            const index = flip ? column * rows + r + i : (r + i) * columns + column;
            store<f32>(line + (<usize>j << 2), column < columns ? load<f32>(from + (<usize>index << 2)) : 0);
          }
        }
      }
    }
    at += 16;
  }
}

/**
 * V = G w G' of every depth tap: [K/8][36][taps][C][8], the last block filled up with zeros.
 * Arguments: w [27, C, K], V, C, K of w, flip, scratch, scratch bytes a thread (1024), taps. With flip, what the input gradient
 * needs: C and K change places, taps reversed.
 */
export function winogradWeights(thread: u32): void {
  const w: usize = arg(0), v: usize = arg(1);
  const c = arg(2), k = arg(3), flip = arg(4) != 0;
  const scratch: usize = <usize>arg(5) + <usize>thread * <usize>arg(6);
  const taps = arg(7);
  const rows = flip ? k : c, columns = flip ? c : k;
  const blocks = (columns + 7) >> 3;
  const point: usize = 32 * <usize>(taps * rows);
  const lines = scratch + 576;
  for (let task = nextTask(); task < blocks * taps; task = nextTask()) {
    const b = task / taps, dz = task % taps;
    const to: usize = v + <usize>b * 36 * point + <usize>dz * <usize>rows * 32;
    for (let r: u32 = 0; r < rows; r += 4) {
      const some = min<u32>(4, rows - r);
      for (let half: u32 = 0; half < 2; half++) {
        const first = (b << 3) + (half << 2);
        readTaps(w, scratch, r, some, first, rows, columns, dz, taps, flip);
        for (let i: u32 = 0; i < some; i++) {
          const from = scratch + <usize>i * 144, out = to + (<usize>(r + i) << 5) + (<usize>half << 4);
          for (let j: usize = 0; j < 3; j++) weightLine(from + (j << 4), 48, lines + (j << 4), 48);
          for (let j: usize = 0; j < 6; j++) weightLine(lines + j * 48, 16, out + j * 6 * point, point);
        }
      }
    }
  }
}

/**
 * Products of 6 tiles x 8 output channels at one point, summed over `taps` planes and C channels, into `out` [6][8].
 * `q0`: the first tile's values, 576 bytes from channels to channels, `side` from tile to tile, `plane` from plane to plane.
 */
function six(q0: usize, side: usize, plane: usize, taps: u32, w: usize, out: usize): void {
  let q1 = q0 + side, q2 = q1 + side, q3 = q2 + side, q4 = q3 + side, q5 = q4 + side;
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0;
  let a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0;
  const jump = plane - side;
  for (let dz: u32 = 0; dz < taps; dz++) {
    const end = q0 + side;
    do {
      let u = v128.load(w), v = v128.load(w, 16);
      let s = splatAt(q0); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
      s = splatAt(q1); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
      s = splatAt(q2); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
      s = splatAt(q3); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
      s = splatAt(q4); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
      s = splatAt(q5); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
      u = v128.load(w, 32); v = v128.load(w, 48);
      s = v128.load_splat<f32>(q0, 4); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
      s = v128.load_splat<f32>(q1, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
      s = v128.load_splat<f32>(q2, 4); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
      s = v128.load_splat<f32>(q3, 4); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
      s = v128.load_splat<f32>(q4, 4); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
      s = v128.load_splat<f32>(q5, 4); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
      u = v128.load(w, 64); v = v128.load(w, 80);
      s = v128.load_splat<f32>(q0, 8); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
      s = v128.load_splat<f32>(q1, 8); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
      s = v128.load_splat<f32>(q2, 8); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
      s = v128.load_splat<f32>(q3, 8); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
      s = v128.load_splat<f32>(q4, 8); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
      s = v128.load_splat<f32>(q5, 8); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
      u = v128.load(w, 96); v = v128.load(w, 112);
      s = v128.load_splat<f32>(q0, 12); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
      s = v128.load_splat<f32>(q1, 12); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
      s = v128.load_splat<f32>(q2, 12); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
      s = v128.load_splat<f32>(q3, 12); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
      s = v128.load_splat<f32>(q4, 12); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
      s = v128.load_splat<f32>(q5, 12); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
      q0 += 576; q1 += 576; q2 += 576; q3 += 576; q4 += 576; q5 += 576;
      w += 128;
    } while (q0 < end);
    q0 += jump; q1 += jump; q2 += jump; q3 += jump; q4 += jump; q5 += jump;
  }
  v128.store(out, a0); v128.store(out, b0, 16); v128.store(out, a1, 32); v128.store(out, b1, 48);
  v128.store(out, a2, 64); v128.store(out, b2, 80); v128.store(out, a3, 96); v128.store(out, b3, 112);
  v128.store(out, a4, 128); v128.store(out, b4, 144); v128.store(out, a5, 160); v128.store(out, b5, 176);
}

/**
 * Arguments: x, V, y, D, H, W, C, K, rows of tiles a task, planes a task, blocks of 8 channels a group, scratch, scratch
 * bytes a thread, taps. The scratch of a thread: 1024 + 144 C for the transforms, the products
 * (13,824), U with room for the six tiles that the last product reads past its end.
 */
export function winograd(thread: u32): void {
  const x: usize = arg(0), weights: usize = arg(1), y: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7);
  const tileRows = arg(8), depth = arg(9), groupBlocks = arg(10);
  const scratch: usize = <usize>arg(11) + <usize>thread * <usize>arg(12);
  const taps = arg(13), reach = taps >> 1;
  const side: usize = <usize>c << 2, outSide: usize = <usize>k << 2, tile: usize = 36 * side;
  const products = scratch + 1024 + 36 * side, u = products + PRODUCTS;
  const tilesX = (w + 3) >> 2, tilesY = (h + 3) >> 2;
  const strips = (tilesY + tileRows - 1) / tileRows;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const tasks = (d + depth - 1) / depth * strips * groups;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    const group = task % groups;
    const ty0 = task / groups % strips * tileRows, z0 = task / groups / strips * depth;
    const rows = min(tileRows, tilesY - ty0), planes = min(depth, d - z0);
    transformInput(x, u, scratch, <i32>z0 - reach, planes + 2 * reach, ty0, rows, d, h, w, c);
    const tiles = rows * tilesX, total = planes * tiles;
    const plane: usize = <usize>tiles * tile;
    const last = min((group + 1) * groupBlocks, channelBlocks);
    for (let first: u32 = 0; first < total; first += ROWS) {
      const count = min(ROWS, total - first);
      for (let b = group * groupBlocks; b < last; b++) {
        let q = u + <usize>first * tile, out = products;
        let v: usize = weights + <usize>b * 36 * 32 * <usize>(taps * c);
        for (let p = 0; p < 36; p++) {
          six(q, tile, plane, taps, v, out);
          if (count > 6) six(q + 6 * tile, tile, plane, taps, v, out + 192);
          q += 16;
          v += 32 * <usize>(taps * c);
          out += ROWS << 5;
        }
        for (let i: u32 = 0; i < count; i++) {
          const at = first + i;
          const z = z0 + at / tiles, ty = ty0 + at % tiles / tilesX, tx = at % tiles % tilesX;
          const to: usize = y + ((((<usize>z * h + 4 * ty) * w + 4 * tx) * k + (b << 3)) << 2);
          const high = min<i32>(4, <i32>h - 4 * ty), wide = min<i32>(4, <i32>w - 4 * tx);
          const from = products + (<usize>i << 5);
          const channels = <i32>k - <i32>(b << 3);
          writeTile(from, ROWS << 5, scratch, to, <usize>w * outSide, outSide, high, wide, min<i32>(4, channels));
          if (channels > 4) writeTile(from + 16, ROWS << 5, scratch, to + 16, <usize>w * outSide, outSide, high, wide, min<i32>(4, channels - 4));
        }
      }
    }
  }
}
