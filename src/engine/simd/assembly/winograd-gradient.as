// The weight gradient of the convolution over 1 or 3 planes (`taps`) by Winograd's F(4x4, 3x3) in the plane, the transpose of the forward form:
//   dw = G' [sum over tiles (B' x B) . (A dy A')] G.   C is a multiple of 4.
import { arg, madd, nextTask, splatAt } from './common';
import { gradientLine, transformInput, weightGradientLine } from './winograd-transforms';

/** E = A dy A' of the tiles of a block, [tiles][channels/4][36][4], for `channels` channels from channel k0; zeros outside the map. */
export function transformGradient(dy: usize, e: usize, scratch: usize, z0: i32, planes: i32, ty0: i32, rows: i32, h: i32, w: i32, k: i32, k0: i32, channels: i32): void {
  const side: usize = <usize>channels << 2;
  const tilesX = (w + 3) >> 2;
  const patch = scratch + 576;
  const whole = (k & 3) == 0 && k0 + channels <= k;
  for (let z = z0; z < z0 + planes; z++) {
    for (let ty = ty0; ty < ty0 + rows; ty++) {
      for (let tx = 0; tx < tilesX; tx++) {
        let from = dy + ((((<usize>z * h + 4 * ty) * w + 4 * tx) * k + k0) << 2);
        let pitch = <usize>(w * k) << 2, step = <usize>k << 2;
        const high = min<i32>(4, h - 4 * ty), wide = min<i32>(4, w - 4 * tx);
        if (!whole || high < 4 || wide < 4) {
          memory.fill(patch, 0, 16 * side);
          for (let i = 0; i < high; i++) {
            for (let j = 0; j < wide; j++) memory.copy(patch + <usize>(4 * i + j) * side, from + <usize>i * pitch + <usize>j * step, <usize>min(channels, k - k0) << 2);
          }
          from = patch;
          step = side;
          pitch = 4 * side;
        }
        for (let b: usize = 0; b < side; b += 16) {
          for (let j: usize = 0; j < 4; j++) gradientLine(from + b + j * step, pitch, scratch + (j << 4), 64);
          for (let i: usize = 0; i < 6; i++) gradientLine(scratch + (i << 6), 16, e + i * 96, 16);
          e += 576;
        }
      }
    }
  }
}

/** Adds `n` tiles' products of 2 input channels on three planes with 8 output channels to `sums`, rows `tap` bytes apart. */
function six(sums: usize, tap: usize, q: usize, side: usize, plane: usize, e: usize, step: usize, n: u32): void {
  const r1 = sums + tap, r2 = r1 + tap;
  let a0 = v128.load(sums), b0 = v128.load(sums, 16), a1 = v128.load(sums, 32), b1 = v128.load(sums, 48);
  let a2 = v128.load(r1), b2 = v128.load(r1, 16), a3 = v128.load(r1, 32), b3 = v128.load(r1, 48);
  let a4 = v128.load(r2), b4 = v128.load(r2, 16), a5 = v128.load(r2, 32), b5 = v128.load(r2, 48);
  let q1 = q + plane, q2 = q1 + plane;
  const end = q + <usize>n * side;
  while (q < end) {
    const u = v128.load(e), v = v128.load(e, 576);
    let s = splatAt(q); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
    s = v128.load_splat<f32>(q, 4); a1 = madd(s, u, a1); b1 = madd(s, v, b1);
    s = splatAt(q1); a2 = madd(s, u, a2); b2 = madd(s, v, b2);
    s = v128.load_splat<f32>(q1, 4); a3 = madd(s, u, a3); b3 = madd(s, v, b3);
    s = splatAt(q2); a4 = madd(s, u, a4); b4 = madd(s, v, b4);
    s = v128.load_splat<f32>(q2, 4); a5 = madd(s, u, a5); b5 = madd(s, v, b5);
    q += side;
    q1 += side;
    q2 += side;
    e += step;
  }
  v128.store(sums, a0); v128.store(sums, b0, 16); v128.store(sums, a1, 32); v128.store(sums, b1, 48);
  v128.store(r1, a2); v128.store(r1, b2, 16); v128.store(r1, a3, 32); v128.store(r1, b3, 48);
  v128.store(r2, a4); v128.store(r2, b4, 16); v128.store(r2, a5, 32); v128.store(r2, b5, 48);
}

/** Adds `n` tiles' products of 4 input channels on one plane with 8 output channels to `sums`. */
function four(sums: usize, q: usize, side: usize, e: usize, step: usize, n: u32): void {
  let a0 = v128.load(sums), b0 = v128.load(sums, 16), a1 = v128.load(sums, 32), b1 = v128.load(sums, 48);
  let a2 = v128.load(sums, 64), b2 = v128.load(sums, 80), a3 = v128.load(sums, 96), b3 = v128.load(sums, 112);
  const end = q + <usize>n * side;
  while (q < end) {
    const u = v128.load(e), v = v128.load(e, 576);
    let s = splatAt(q); a0 = madd(s, u, a0); b0 = madd(s, v, b0);
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
 * Partial sums, one set a slab of blocks, so that the result does not depend on which thread took which task.
 * Arguments: x, dy, partials [slabs][K/8][36][taps][C][8], D, H, W, C, K, rows of tiles and planes a block, slabs, blocks of 8
 * channels a group, scratch, scratch bytes a thread, bytes of U, taps. The scratch of a thread: 1024 + 144 max(C, channels a
 * group) for the transforms, U, E.
 */
export function winogradGradient(thread: u32): void {
  const x: usize = arg(0), dy: usize = arg(1), partials: usize = arg(2);
  const d = arg(3), h = arg(4), w = arg(5), c = arg(6), k = arg(7);
  const tileRows = arg(8), depth = arg(9), slabs = arg(10), groupBlocks = arg(11);
  const scratch: usize = <usize>arg(12) + <usize>thread * <usize>arg(13);
  const taps = arg(15), reach = taps >> 1;
  const side: usize = <usize>c << 2, tile: usize = 36 * side;
  const tilesX = (w + 3) >> 2, tilesY = (h + 3) >> 2;
  const strips = (tilesY + tileRows - 1) / tileRows;
  const blocks = (d + depth - 1) / depth * strips;
  const channelBlocks = (k + 7) >> 3;
  const groups = (channelBlocks + groupBlocks - 1) / groupBlocks;
  const u = scratch + 1024 + 36 * max<usize>(side, <usize>groupBlocks << 5), e = u + <usize>arg(14);
  const tap: usize = <usize>c << 5, point: usize = <usize>taps * tap, block: usize = 36 * point;
  for (let task = nextTask(); task < slabs * groups; task = nextTask()) {
    const slab = task / groups, first = task % groups * groupBlocks;
    const count = min(groupBlocks, channelBlocks - first);
    const sums: usize = partials + (<usize>slab * channelBlocks + first) * block;
    memory.fill(sums, 0, <usize>count * block);
    const from = <u32>(<u64>blocks * slab / slabs), to = <u32>(<u64>blocks * (slab + 1) / slabs);
    for (let at = from; at < to; at++) {
      const ty0 = at % strips * tileRows, z0 = at / strips * depth;
      const rows = min(tileRows, tilesY - ty0), planes = min(depth, d - z0);
      transformInput(x, u, scratch, <i32>z0 - reach, planes + 2 * reach, ty0, rows, d, h, w, c);
      transformGradient(dy, e, scratch, z0, planes, ty0, rows, h, w, k, first << 3, count << 3);
      const tiles = rows * tilesX, step: usize = 1152 * <usize>count;
      const plane: usize = <usize>tiles * tile;
      // Four points share the cache lines of U and E.
      for (let quad: usize = 0; quad < 36; quad += 4) {
        for (let i: usize = 0; i < <usize>c; i += 4) {
          for (let p = quad; p < quad + 4; p++) {
            const q = u + i * 144 + (p << 4);
            for (let b: usize = 0; b < <usize>count; b++) {
              const into = sums + b * block + p * point + (i << 5);
              const from = e + b * 1152 + (p << 4);
              if (taps == 1) four(into, q, tile, from, step, planes * tiles);
              else {
                six(into, tap, q, tile, plane, from, step, planes * tiles);
                six(into + 64, tap, q + 8, tile, plane, from, step, planes * tiles);
              }
            }
          }
        }
      }
    }
  }
}

/** dw = G' (sum of the slabs) G. Arguments: partials, dw [27, C, K], C, K, slabs, scratch, scratch bytes a thread (1024), taps. */
export function winogradGradientEnd(thread: u32): void {
  const partials: usize = arg(0), dw: usize = arg(1);
  const c = arg(2), k = arg(3), slabs = arg(4);
  const scratch: usize = <usize>arg(5) + <usize>thread * <usize>arg(6);
  const taps = arg(7);
  const blocks = (k + 7) >> 3;
  const tap: usize = <usize>c << 5, point = <usize>taps * tap, slab = <usize>blocks * 36 * point;
  const lines = scratch + 576;
  for (let task = nextTask(); task < blocks * taps; task = nextTask()) {
    const b = task / taps, dz = task % taps;
    for (let i: u32 = 0; i < c; i++) {
      for (let half: u32 = 0; half < 2; half++) {
        let from: usize = partials + <usize>b * 36 * point + <usize>dz * tap + (<usize>i << 5) + (<usize>half << 4);
        for (let p: usize = 0; p < 36; p++) {
          let sum = v128.load(from);
          for (let s: u32 = 1; s < slabs; s++) sum = f32x4.add(sum, v128.load(from + <usize>s * slab));
          v128.store(scratch + (p << 4), sum);
          from += point;
        }
        for (let j: usize = 0; j < 6; j++) weightGradientLine(scratch + (j << 4), 96, lines + (j << 4), 96);
        const first = (b << 3) + (half << 2);
        for (let row: u32 = 0; row < 3; row++) {
          weightGradientLine(lines + <usize>row * 96, 16, scratch, 16);
          for (let column: u32 = 0; column < 3; column++) {
            const to: usize = dw + (<usize>(((dz * 3 + row) * 3 + column) * c + i) * k + first << 2);
            const value = scratch + (<usize>column << 4);
            if (first + 4 <= k) v128.store(to, v128.load(value));
            else for (let j: u32 = 0; j < 4 && first + j < k; j++) store<f32>(to + (<usize>j << 2), load<f32>(value + (<usize>j << 2)));
          }
        }
      }
    }
  }
}
