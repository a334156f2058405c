// How fast this machine multiplies and adds: what other kernels are measured against.
import { arg, madd, nextTask } from './common';

/** Twelve chains of products that do not wait for each other, 1000 times 12 x 8 operations a task. Arguments: tasks, out (16 bytes a thread). */
export function peak(thread: u32): void {
  const tasks = arg(0);
  const x = f32x4.splat(0.999), y = f32x4.splat(0.001);
  let a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  for (let task = nextTask(); task < tasks; task = nextTask()) {
    for (let n = 0; n < 1000; n++) {
      a = madd(a, x, y); b = madd(b, x, y); c = madd(c, x, y); d = madd(d, x, y); e = madd(e, x, y); f = madd(f, x, y);
      g = madd(g, x, y); h = madd(h, x, y); i = madd(i, x, y); j = madd(j, x, y); k = madd(k, x, y); l = madd(l, x, y);
    }
  }
  const sum = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  v128.store(arg(1) + <usize>thread * 16, f32x4.add(sum, f32x4.add(f32x4.add(i, j), f32x4.add(k, l))));
}
