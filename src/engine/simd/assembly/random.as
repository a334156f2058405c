// The seeded generator of core/random.ts (sfc32), for long runs of numbers.
import { arg } from './common';

/**
 * A dropout mask as core/train/randomness.ts draws it: 0 or `kept`, two values from each 32 random bits. Runs on one thread.
 * Arguments: out, n, state (4 words, read and written), threshold of 65536, kept (bits of a float).
 */
export function dropoutMask(thread: u32): void {
  let to: usize = arg(0);
  const n = arg(1), state: usize = arg(2), threshold = arg(3), kept = arg(4);
  let a = load<u32>(state), b = load<u32>(state, 4), c = load<u32>(state, 8), d = load<u32>(state, 12);
  for (let i: u32 = 0; i < n; i += 2) {
    const t = a + b + d;
    d += 1;
    a = b ^ (b >>> 9);
    b = c + (c << 3);
    c = rotl<u32>(c, 21) + t;
    store<u32>(to, (t & 0xffff) >= threshold ? kept : 0);
    store<u32>(to, t >>> 16 >= threshold && i + 1 < n ? kept : 0, 4);
    to += 8;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
}
