// Trilinear upsampling x2 (align_corners false) of a map [D, H, W, C] and its transpose. Along one axis output 2i is
// .25 x[i-1] + .75 x[i] and output 2i+1 is .75 x[i] + .25 x[i+1]; the first and the last output are the edge values.
import { arg, nextTask } from './common';

/** to[i] = (add ? to[i] : 0) + weight from[i], n floats. */
function scaleRow(to: usize, from: usize, n: usize, weight: f32, add: bool): void {
  const factor = f32x4.splat(weight);
  let i: usize = 0;
  const bytes = n << 2;
  if (add) {
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), f32x4.mul(v128.load(from + i), factor)));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i) * weight);
  } else {
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.mul(v128.load(from + i), factor));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i) * weight);
  }
}

/** to = a * wa + b * wb over one voxel's channels. */
// @ts-ignore: decorator
@inline
function mix(to: usize, a: usize, wa: f32, b: usize, wb: f32, side: usize): void {
  const fa = f32x4.splat(wa), fb = f32x4.splat(wb);
  let i: usize = 0;
  for (; i + 16 <= side; i += 16) v128.store(to + i, f32x4.add(f32x4.mul(v128.load(a + i), fa), f32x4.mul(v128.load(b + i), fb)));
  for (; i < side; i += 4) store<f32>(to + i, load<f32>(a + i) * wa + load<f32>(b + i) * wb);
}

/** The coarse sample that output o mixes in with weight .25, clamped at the edges. */
// @ts-ignore: decorator
@inline
function neighbour(o: i32, n: i32): i32 {
  const i = (o >> 1) + (o & 1 ? 1 : -1);
  return min(max(i, 0), n - 1);
}

/** Arguments: x, y, D, H, W, C of x, scratch, scratch bytes a thread (one row of x). A task is one row of y. */
export function upsample(thread: u32): void {
  const x: usize = arg(0), y: usize = arg(1);
  const d = <i32>arg(2), h = <i32>arg(3), w = <i32>arg(4);
  const c: usize = arg(5);
  const scratch: usize = <usize>arg(6) + <usize>thread * <usize>arg(7);
  const side = c << 2;
  const floats: usize = <usize>w * c;
  for (let task = <i32>nextTask(); task < 4 * d * h; task = <i32>nextTask()) {
    const oz = task / (2 * h), oy = task % (2 * h);
    const z0 = oz >> 1, z1 = neighbour(oz, d), y0 = oy >> 1, y1 = neighbour(oy, h);
    scaleRow(scratch, x + (<usize>(z0 * h + y0) * floats << 2), floats, 0.5625, false);
    scaleRow(scratch, x + (<usize>(z0 * h + y1) * floats << 2), floats, 0.1875, true);
    scaleRow(scratch, x + (<usize>(z1 * h + y0) * floats << 2), floats, 0.1875, true);
    scaleRow(scratch, x + (<usize>(z1 * h + y1) * floats << 2), floats, 0.0625, true);
    let to: usize = y + (2 * <usize>task * floats << 2);
    for (let o = 0; o < 2 * w; o++) {
      mix(to, scratch + <usize>(o >> 1) * side, 0.75, scratch + <usize>neighbour(o, w) * side, 0.25, side);
      to += side;
    }
  }
}

/** The weight with which coarse sample i enters output o of 2n; 0 where it does not. */
// @ts-ignore: decorator
@inline
function weightOf(i: i32, o: i32, n: i32): f32 {
  if (o < 0 || o >= 2 * n) return 0;
  let weight: f32 = 0;
  if (o >> 1 == i) weight += 0.75;
  if (neighbour(o, n) == i) weight += 0.25;
  return weight;
}

/** Arguments: dy, dx, D, H, W, C of dx, scratch, scratch bytes a thread (one row of dy). A task is one row of dx. */
export function upsampleGrad(thread: u32): void {
  const dy: usize = arg(0), dx: usize = arg(1);
  const d = <i32>arg(2), h = <i32>arg(3), w = <i32>arg(4);
  const c: usize = arg(5);
  const scratch: usize = <usize>arg(6) + <usize>thread * <usize>arg(7);
  const side = c << 2;
  const floats: usize = 2 * <usize>w * c;
  for (let task = <i32>nextTask(); task < d * h; task = <i32>nextTask()) {
    const z = task / h, y = task % h;
    let add = false;
    for (let oz = 2 * z - 1; oz <= 2 * z + 2; oz++) {
      const wz = weightOf(z, oz, d);
      if (wz == 0) continue;
      for (let oy = 2 * y - 1; oy <= 2 * y + 2; oy++) {
        const weight = wz * weightOf(y, oy, h);
        if (weight == 0) continue;
        scaleRow(scratch, dy + (<usize>(oz * 2 * h + oy) * floats << 2), floats, weight, add);
        add = true;
      }
    }
    let to: usize = dx + (<usize>task * <usize>w * c << 2);
    for (let i = 0; i < w; i++) {
      const first = scratch + 2 * <usize>i * side;
      const last = first + side;
      mix(to, first, weightOf(i, 2 * i, w), last, weightOf(i, 2 * i + 1, w), side);
      if (i > 0) scaleRow(to, first - side, c, 0.25, true);
      if (i + 1 < w) scaleRow(to, last + side, c, 0.25, true);
      to += side;
    }
  }
}
