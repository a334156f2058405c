// The hash of core/hashed.ts, for four numbers at once. Blocks of the heap are whole vectors long, so that the last vector may be whole too.
import { arg, madd, nextTask } from './common';
import { log4 } from './math';

const CHUNK: u32 = 16384;

// @ts-ignore: decorator
@inline
function mixed4(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** Hashes n to n + 3. */
// @ts-ignore: decorator
@inline
function hashed4(n: u32, first: v128, second: v128): v128 {
  const counted = i32x4.add(i32x4.splat(n), i32x4(0, 1, 2, 3));
  return mixed4(v128.xor(mixed4(v128.xor(counted, first)), second));
}

/** A dropout mask: 0 or `kept`. Arguments: out, n, key (two words), threshold of 65536, kept (bits of a float). */
export function dropoutMask(thread: u32): void {
  const out: usize = arg(0), n = arg(1);
  const first = i32x4.splat(arg(2)), second = i32x4.splat(arg(3));
  const least = i32x4.splat(arg(4) - 1), kept = i32x4.splat(arg(5));
  for (let task = nextTask(); task * CHUNK < n; task = nextTask()) {
    const end = min(n, (task + 1) * CHUNK);
    for (let i = task * CHUNK; i < end; i += 8) {
      const words = hashed4(i >> 1, first, second);
      const low = v128.and(i32x4.gt_s(v128.and(words, i32x4.splat(0xffff)), least), kept);
      const high = v128.and(i32x4.gt_s(i32x4.shr_u(words, 16), least), kept);
      const to = out + (<usize>i << 2);
      v128.store(to, v128.shuffle<i32>(low, high, 0, 4, 1, 5));
      if (i + 4 < end) v128.store(to, v128.shuffle<i32>(low, high, 2, 6, 3, 7), 16);
    }
  }
}

/** y = x + clip(0.1 N(0,1), -.2, .2). Arguments: x, y, n, key (two words). */
export function addNoise(thread: u32): void {
  const x: usize = arg(0), y: usize = arg(1), n = arg(2);
  const first = i32x4.splat(arg(3)), second = i32x4.splat(arg(4));
  const one = f32x4.splat(1);
  for (let task = nextTask(); task * CHUNK < n; task = nextTask()) {
    const end = min(n, (task + 1) * CHUNK);
    for (let i = task * CHUNK; i < end; i += 4) {
      const parts = f32x4.convert_i32x4_s(i32x4.shr_u(hashed4(i, first, second), 9));
      const u = f32x4.add(f32x4.mul(parts, f32x4.splat(2.384185791015625e-7)), f32x4.splat(-0.99999988079071044921875));
      const tail = f32x4.mul(f32x4.sub(one, u), f32x4.add(one, u));
      const w = f32x4.sub(f32x4.min(f32x4.splat(5), f32x4.neg(log4(tail))), f32x4.splat(2.5));
      let p = madd(f32x4.splat(2.81022636e-8), w, f32x4.splat(3.43273939e-7));
      p = madd(p, w, f32x4.splat(-3.5233877e-6));
      p = madd(p, w, f32x4.splat(-4.39150654e-6));
      p = madd(p, w, f32x4.splat(2.1858087e-4));
      p = madd(p, w, f32x4.splat(-1.25372503e-3));
      p = madd(p, w, f32x4.splat(-4.17768164e-3));
      p = madd(p, w, f32x4.splat(0.246640727));
      p = madd(p, w, f32x4.splat(1.50140941));
      const noise = f32x4.mul(f32x4.mul(p, u), f32x4.splat(0.14142135623730951));
      const cut = f32x4.max(f32x4.splat(-0.2), f32x4.min(f32x4.splat(0.2), noise));
      const at = <usize>i << 2;
      v128.store(y + at, f32x4.add(v128.load(x + at), cut));
    }
  }
}
