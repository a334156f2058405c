// The supervised loss of one image, four voxels at a time: softmax, cross-entropy and Dice in one pass over the logits. Maps are [C][n].
import { arg, madd, nextTask } from './common';
import { exp4, log4 } from './math';

// @ts-ignore: decorator
@inline
function loadUpTo(at: usize, count: u32): v128 {
  if (count >= 4) return v128.load(at);
  let v = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(at));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(at, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(at, 8));
  return v;
}

// @ts-ignore: decorator
@inline
function storeUpTo(at: usize, v: v128, count: u32): void {
  if (count >= 4) {
    v128.store(at, v);
    return;
  }
  store<f32>(at, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(v, 2), 8);
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, v: v128): void {
  v128.store(at, f32x4.add(v128.load(at), v));
}

/** The largest logit of each lane; NaN stays. */
// @ts-ignore: decorator
@inline
function largest(z: usize, classes: u32, map: usize, count: u32): v128 {
  let most = loadUpTo(z, count);
  for (let c: u32 = 1; c < classes; c++) most = f32x4.max(most, loadUpTo(z + c * map, count));
  return most;
}

/**
 * Sums over the voxels of each chunk, four lanes each: [chunks][2 + 4 C][4], namely drawn voxels, cross-entropy, and of each class
 * q y, q^2 and y^2 with q = m softmax(z), m = sum_c y; the last C are scratch.
 * Arguments: z [C][n], y [C][n], sums, C, n, voxels a chunk (a multiple of 4).
 */
export function supervisedSums(thread: u32): void {
  const z: usize = arg(0), y: usize = arg(1), out: usize = arg(2);
  const classes = arg(3), n = arg(4), chunk = arg(5);
  const map: usize = <usize>n << 2;
  const chunks = (n + chunk - 1) / chunk;
  const room: usize = <usize>(2 + 4 * classes) << 4;
  for (let task = nextTask(); task < chunks; task = nextTask()) {
    const sums: usize = out + task * room;
    const scratch: usize = sums + ((2 + 3 * classes) << 4);
    memory.fill(sums, 0, room);
    let drawn = f32x4.splat(0), entropy = f32x4.splat(0);
    const end = min(n, (task + 1) * chunk);
    for (let v = task * chunk; v < end; v += 4) {
      const count = end - v;
      const zv: usize = z + (<usize>v << 2), yv: usize = y + (<usize>v << 2);
      const most = largest(zv, classes, map, count);
      let total = f32x4.splat(0), mask = f32x4.splat(0), own = f32x4.splat(0);
      for (let c: u32 = 0; c < classes; c++) {
        const centred = f32x4.sub(loadUpTo(zv + c * map, count), most);
        const e = exp4(centred);
        const yc = loadUpTo(yv + c * map, count);
        v128.store(scratch + (c << 4), e);
        total = f32x4.add(total, e);
        mask = f32x4.add(mask, yc);
        own = madd(centred, yc, own);
      }
      // Lanes beyond the map have no mask, and so no part in any sum.
      drawn = f32x4.add(drawn, mask);
      entropy = f32x4.add(entropy, f32x4.sub(f32x4.mul(log4(total), mask), own));
      const share = f32x4.div(mask, total);
      for (let c: u32 = 0; c < classes; c++) {
        const q = f32x4.mul(v128.load(scratch + (c << 4)), share);
        const yc = loadUpTo(yv + c * map, count);
        const at: usize = sums + ((2 + 3 * c) << 4);
        addTo(at, f32x4.mul(q, yc));
        addTo(at + 16, f32x4.mul(q, q));
        addTo(at + 32, f32x4.mul(yc, yc));
      }
    }
    v128.store(sums, drawn);
    v128.store(sums, entropy, 16);
  }
}

/**
 * dz = dy (p (dp - sum_c p dp) + a (p m - y)), dp_c = s_c m (m p_c f_c - y_c).
 * Arguments: z [C][n], y [C][n], factors [a, then s and f of each class], dy, dz [C][n], C, n, voxels a chunk (a multiple of 4).
 */
export function supervisedGrad(thread: u32): void {
  const z: usize = arg(0), y: usize = arg(1), factors: usize = arg(2), dy = v128.load_splat<f32>(arg(3)), dz: usize = arg(4);
  const classes = arg(5), n = arg(6), chunk = arg(7);
  const map: usize = <usize>n << 2;
  const chunks = (n + chunk - 1) / chunk;
  const a = v128.load_splat<f32>(factors);
  for (let task = nextTask(); task < chunks; task = nextTask()) {
    const end = min(n, (task + 1) * chunk);
    for (let v = task * chunk; v < end; v += 4) {
      const count = end - v;
      const zv: usize = z + (<usize>v << 2), yv: usize = y + (<usize>v << 2), to: usize = dz + (<usize>v << 2);
      const most = largest(zv, classes, map, count);
      let total = f32x4.splat(0), mask = f32x4.splat(0);
      for (let c: u32 = 0; c < classes; c++) {
        const e = exp4(f32x4.sub(loadUpTo(zv + c * map, count), most));
        storeUpTo(to + c * map, e, count);
        total = f32x4.add(total, e);
        mask = f32x4.add(mask, loadUpTo(yv + c * map, count));
      }
      let dot = f32x4.splat(0);
      for (let c: u32 = 0; c < classes; c++) {
        const p = f32x4.div(loadUpTo(to + c * map, count), total);
        storeUpTo(to + c * map, p, count);
        dot = madd(p, slope(p, mask, loadUpTo(yv + c * map, count), factors, c), dot);
      }
      for (let c: u32 = 0; c < classes; c++) {
        const p = loadUpTo(to + c * map, count), yc = loadUpTo(yv + c * map, count);
        const dice = f32x4.mul(p, f32x4.sub(slope(p, mask, yc, factors, c), dot));
        const entropy = f32x4.mul(a, f32x4.sub(f32x4.mul(p, mask), yc));
        storeUpTo(to + c * map, f32x4.mul(dy, f32x4.add(dice, entropy)), count);
      }
    }
  }
}

/** s m (m p f - y) of a class. */
// @ts-ignore: decorator
@inline
function slope(p: v128, mask: v128, y: v128, factors: usize, c: u32): v128 {
  const s = v128.load_splat<f32>(factors + 4 + (c << 3)), f = v128.load_splat<f32>(factors + 8 + (c << 3));
  return f32x4.mul(f32x4.mul(s, mask), f32x4.sub(f32x4.mul(f32x4.mul(mask, p), f), y));
}
