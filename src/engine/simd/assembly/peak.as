// How fast this machine multiplies and adds: what other kernels are measured against.
import { arg, madd, nextTask } from './common';

/** 1000 times twelve products that do not wait for each other, 12 x 8 operations. `at`: 14 vectors; the first 12 are the sums. */
function chains(at: usize): void {
  const x = v128.load(at, 192), y = v128.load(at, 208);
  let a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48), e = v128.load(at, 64), f = v128.load(at, 80);
  let g = v128.load(at, 96), h = v128.load(at, 112), i = v128.load(at, 128), j = v128.load(at, 144), k = v128.load(at, 160), l = v128.load(at, 176);
  for (let n = 0; n < 1000; n++) {
    a = madd(x, y, a); b = madd(x, y, b); c = madd(x, y, c); d = madd(x, y, d); e = madd(x, y, e); f = madd(x, y, f);
    g = madd(x, y, g); h = madd(x, y, h); i = madd(x, y, i); j = madd(x, y, j); k = madd(x, y, k); l = madd(x, y, l);
  }
  v128.store(at, a); v128.store(at, b, 16); v128.store(at, c, 32); v128.store(at, d, 48); v128.store(at, e, 64); v128.store(at, f, 80);
  v128.store(at, g, 96); v128.store(at, h, 112); v128.store(at, i, 128); v128.store(at, j, 144); v128.store(at, k, 160); v128.store(at, l, 176);
}

/** Arguments: tasks, values (224 bytes a thread). */
export function peak(thread: u32): void {
  const tasks = arg(0);
  const at: usize = arg(1) + <usize>thread * 224;
  for (let task = nextTask(); task < tasks; task = nextTask()) chains(at);
}
