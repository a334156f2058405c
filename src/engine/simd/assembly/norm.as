// Instance normalisation of one map [N voxels, C], with ReLU or with scale, shift and leaky ReLU. Sums go by chunks of voxels, added up in
// float64 by the caller, so that they depend neither on the number of threads nor on their order.
import { arg, madd, nextTask } from './common';

/** Arguments: x, partials [chunks][2][C], N, C, voxels a chunk. Sums of x - x[0] and of its square. */
export function normSums(thread: u32): void {
  const x: usize = arg(0), partials: usize = arg(1);
  const n = arg(2), c = arg(3), chunk = arg(4);
  const side: usize = <usize>c << 2;
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const from = x + <usize>(task * chunk) * side, to = x + <usize>min(n, (task + 1) * chunk) * side;
    const out: usize = partials + <usize>task * 2 * side;
    let i: usize = 0;
    for (; i + 16 <= side; i += 16) {
      const shift = v128.load(x + i);
      let s = f32x4.splat(0), q = s;
      for (let p = from; p < to; p += side) {
        const v = f32x4.sub(v128.load(p + i), shift);
        s = f32x4.add(s, v);
        q = madd(v, v, q);
      }
      v128.store(out + i, s);
      v128.store(out + side + i, q);
    }
    for (; i < side; i += 4) {
      const shift = load<f32>(x + i);
      let s: f32 = 0, q: f32 = 0;
      for (let p = from; p < to; p += side) {
        const v = load<f32>(p + i) - shift;
        s += v;
        q += v * v;
      }
      store<f32>(out + i, s);
      store<f32>(out + side + i, q);
    }
  }
}

/** y = max(0, (x - mean) scale). Arguments: x, y, mean [C], scale [C], N, C, voxels a chunk. */
export function normRelu(thread: u32): void {
  const x: usize = arg(0), y: usize = arg(1), mean: usize = arg(2), scale: usize = arg(3);
  const n = arg(4), c = arg(5), chunk = arg(6);
  const side: usize = <usize>c << 2;
  const zero = f32x4.splat(0);
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const end = <usize>min(n, (task + 1) * chunk) * side;
    for (let p = <usize>(task * chunk) * side; p < end; p += side) {
      let i: usize = 0;
      for (; i + 16 <= side; i += 16) {
        const v = f32x4.mul(f32x4.sub(v128.load(x + p + i), v128.load(mean + i)), v128.load(scale + i));
        v128.store(y + p + i, f32x4.max(v, zero));
      }
      for (; i < side; i += 4) {
        const v = (load<f32>(x + p + i) - load<f32>(mean + i)) * load<f32>(scale + i);
        store<f32>(y + p + i, max<f32>(v, 0));
      }
    }
  }
}

/** Sums of dn and dn n, dn = dy where y > 0 (there n = y). Arguments: dy, y, partials [chunks][2][C], N, C, voxels a chunk. */
export function normGradSums(thread: u32): void {
  const dy: usize = arg(0), y: usize = arg(1), partials: usize = arg(2);
  const n = arg(3), c = arg(4), chunk = arg(5);
  const side: usize = <usize>c << 2;
  const zero = f32x4.splat(0);
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const from = <usize>(task * chunk) * side, to = <usize>min(n, (task + 1) * chunk) * side;
    const out: usize = partials + <usize>task * 2 * side;
    let i: usize = 0;
    for (; i + 16 <= side; i += 16) {
      let s = zero, q = zero;
      for (let p = from + i; p < to; p += side) {
        const v = v128.load(y + p);
        const g = v128.and(v128.load(dy + p), f32x4.gt(v, zero));
        s = f32x4.add(s, g);
        q = madd(g, v, q);
      }
      v128.store(out + i, s);
      v128.store(out + side + i, q);
    }
    for (; i < side; i += 4) {
      let s: f32 = 0, q: f32 = 0;
      for (let p = from + i; p < to; p += side) {
        const v = load<f32>(y + p);
        if (v > 0) {
          s += load<f32>(dy + p);
          q += load<f32>(dy + p) * v;
        }
      }
      store<f32>(out + i, s);
      store<f32>(out + side + i, q);
    }
  }
}

/**
 * dx = (dn - mean(dn) - n mean(dn n)) scale, n = (x - mean) scale.
 * Arguments: dy, y, x, dx, mean, scale, mean of dn, mean of dn n, N, C, voxels a chunk.
 */
export function normGrad(thread: u32): void {
  const dy: usize = arg(0), y: usize = arg(1), x: usize = arg(2), dx: usize = arg(3);
  const mean: usize = arg(4), scale: usize = arg(5), m1: usize = arg(6), m2: usize = arg(7);
  const n = arg(8), c = arg(9), chunk = arg(10);
  const side: usize = <usize>c << 2;
  const zero = f32x4.splat(0);
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const end = <usize>min(n, (task + 1) * chunk) * side;
    for (let p = <usize>(task * chunk) * side; p < end; p += side) {
      let i: usize = 0;
      for (; i + 16 <= side; i += 16) {
        const at = p + i;
        const g = v128.and(v128.load(dy + at), f32x4.gt(v128.load(y + at), zero));
        const s = v128.load(scale + i);
        const v = f32x4.mul(f32x4.sub(v128.load(x + at), v128.load(mean + i)), s);
        const r = f32x4.sub(f32x4.sub(g, v128.load(m1 + i)), f32x4.mul(v, v128.load(m2 + i)));
        v128.store(dx + at, f32x4.mul(r, s));
      }
      for (; i < side; i += 4) {
        const at = p + i;
        const g: f32 = load<f32>(y + at) > 0 ? load<f32>(dy + at) : 0;
        const s = load<f32>(scale + i);
        const v = (load<f32>(x + at) - load<f32>(mean + i)) * s;
        store<f32>(dx + at, (g - load<f32>(m1 + i) - v * load<f32>(m2 + i)) * s);
      }
    }
  }
}

const LEAK: f32 = 0.01;

/** y = f((x - mean) inverse scale + shift), f(z) = max(z, 0.01 z). Arguments: x, y, mean, inverse, scale, shift [C], N, C, voxels a chunk. */
export function normLeaky(thread: u32): void {
  const x: usize = arg(0), y: usize = arg(1), mean: usize = arg(2), inverse: usize = arg(3), scale: usize = arg(4), shift: usize = arg(5);
  const n = arg(6), c = arg(7), chunk = arg(8);
  const side: usize = <usize>c << 2;
  const leak = f32x4.splat(LEAK);
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const end = <usize>min(n, (task + 1) * chunk) * side;
    for (let p = <usize>(task * chunk) * side; p < end; p += side) {
      let i: usize = 0;
      for (; i + 16 <= side; i += 16) {
        const v = f32x4.mul(f32x4.sub(v128.load(x + p + i), v128.load(mean + i)), v128.load(inverse + i));
        const z = madd(v, v128.load(scale + i), v128.load(shift + i));
        v128.store(y + p + i, f32x4.max(z, f32x4.mul(z, leak)));
      }
      for (; i < side; i += 4) {
        const v = (load<f32>(x + p + i) - load<f32>(mean + i)) * load<f32>(inverse + i);
        const z = v * load<f32>(scale + i) + load<f32>(shift + i);
        store<f32>(y + p + i, max<f32>(z, z * LEAK));
      }
    }
  }
}

/**
 * Sums of g and g n, g = dy where y > 0 and 0.01 dy elsewhere, n = (x - mean) inverse.
 * Arguments: dy, y, x, mean, inverse, partials [chunks][2][C], N, C, voxels a chunk.
 */
export function normLeakySums(thread: u32): void {
  const dy: usize = arg(0), y: usize = arg(1), x: usize = arg(2), mean: usize = arg(3), inverse: usize = arg(4), partials: usize = arg(5);
  const n = arg(6), c = arg(7), chunk = arg(8);
  const side: usize = <usize>c << 2;
  const zero = f32x4.splat(0), leak = f32x4.splat(LEAK);
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const from = <usize>(task * chunk) * side, to = <usize>min(n, (task + 1) * chunk) * side;
    const out: usize = partials + <usize>task * 2 * side;
    let i: usize = 0;
    for (; i + 16 <= side; i += 16) {
      const m = v128.load(mean + i), r = v128.load(inverse + i);
      let s = zero, q = zero;
      for (let p = from + i; p < to; p += side) {
        const slope = v128.load(dy + p);
        const g = v128.bitselect(slope, f32x4.mul(slope, leak), f32x4.gt(v128.load(y + p), zero));
        s = f32x4.add(s, g);
        q = madd(g, f32x4.mul(f32x4.sub(v128.load(x + p), m), r), q);
      }
      v128.store(out + i, s);
      v128.store(out + side + i, q);
    }
    for (; i < side; i += 4) {
      const m = load<f32>(mean + i), r = load<f32>(inverse + i);
      let s: f32 = 0, q: f32 = 0;
      for (let p = from + i; p < to; p += side) {
        const slope = load<f32>(dy + p);
        const g: f32 = load<f32>(y + p) > 0 ? slope : slope * LEAK;
        s += g;
        q += g * (load<f32>(x + p) - m) * r;
      }
      store<f32>(out + i, s);
      store<f32>(out + side + i, q);
    }
  }
}

/**
 * dx = (g - mean(g) - n mean(g n)) factor, factor = scale inverse; g and n as above.
 * Arguments: dy, y, x, dx, mean, inverse, factor, mean of g, mean of g n, N, C, voxels a chunk.
 */
export function normLeakyGrad(thread: u32): void {
  const dy: usize = arg(0), y: usize = arg(1), x: usize = arg(2), dx: usize = arg(3);
  const mean: usize = arg(4), inverse: usize = arg(5), factor: usize = arg(6), m1: usize = arg(7), m2: usize = arg(8);
  const n = arg(9), c = arg(10), chunk = arg(11);
  const side: usize = <usize>c << 2;
  const zero = f32x4.splat(0), leak = f32x4.splat(LEAK);
  for (let task = nextTask(); task * chunk < n; task = nextTask()) {
    const end = <usize>min(n, (task + 1) * chunk) * side;
    for (let p = <usize>(task * chunk) * side; p < end; p += side) {
      let i: usize = 0;
      for (; i + 16 <= side; i += 16) {
        const at = p + i;
        const slope = v128.load(dy + at);
        const g = v128.bitselect(slope, f32x4.mul(slope, leak), f32x4.gt(v128.load(y + at), zero));
        const v = f32x4.mul(f32x4.sub(v128.load(x + at), v128.load(mean + i)), v128.load(inverse + i));
        const r = f32x4.sub(f32x4.sub(g, v128.load(m1 + i)), f32x4.mul(v, v128.load(m2 + i)));
        v128.store(dx + at, f32x4.mul(r, v128.load(factor + i)));
      }
      for (; i < side; i += 4) {
        const at = p + i;
        const slope = load<f32>(dy + at);
        const g: f32 = load<f32>(y + at) > 0 ? slope : slope * LEAK;
        const v = (load<f32>(x + at) - load<f32>(mean + i)) * load<f32>(inverse + i);
        store<f32>(dx + at, (g - load<f32>(m1 + i) - v * load<f32>(m2 + i)) * load<f32>(factor + i));
      }
    }
  }
}
