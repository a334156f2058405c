// Max-pool 2x2x2, stride 2, of a map [D, H, W, C] with even sides.
import { arg, nextTask } from './common';

/** Arguments: x, y, D/2, H/2, W/2, C. A task is one row of the output. */
export function maxPool(thread: u32): void {
  const x: usize = arg(0), y: usize = arg(1);
  const d = arg(2), h = arg(3), w = arg(4), c = arg(5);
  const side: usize = <usize>c << 2;
  const row: usize = 2 * <usize>w * side, plane: usize = 2 * <usize>h * row;
  for (let task = nextTask(); task < d * h; task = nextTask()) {
    let from: usize = x + 2 * <usize>(task / h) * plane + 2 * <usize>(task % h) * row;
    let to: usize = y + <usize>task * <usize>w * side;
    for (let i: u32 = 0; i < w; i++) {
      let j: usize = 0;
      for (; j + 16 <= side; j += 16) {
        const p = from + j;
        const a = f32x4.max(f32x4.max(v128.load(p), v128.load(p + side)), f32x4.max(v128.load(p + row), v128.load(p + row + side)));
        const q = p + plane;
        const b = f32x4.max(f32x4.max(v128.load(q), v128.load(q + side)), f32x4.max(v128.load(q + row), v128.load(q + row + side)));
        v128.store(to + j, f32x4.max(a, b));
      }
      for (; j < side; j += 4) {
        const p = from + j;
        const a = max<f32>(max<f32>(load<f32>(p), load<f32>(p + side)), max<f32>(load<f32>(p + row), load<f32>(p + row + side)));
        const q = p + plane;
        const b = max<f32>(max<f32>(load<f32>(q), load<f32>(q + side)), max<f32>(load<f32>(q + row), load<f32>(q + row + side)));
        store<f32>(to + j, max<f32>(a, b));
      }
      from += 2 * side;
      to += side;
    }
  }
}

/** The gradient goes to the first maximum of each block, in memory order. Arguments: dy, x, y, dx, D/2, H/2, W/2, C. */
export function maxPoolGrad(thread: u32): void {
  const dy: usize = arg(0), x: usize = arg(1), y: usize = arg(2), dx: usize = arg(3);
  const d = arg(4), h = arg(5), w = arg(6), c = arg(7);
  const side: usize = <usize>c << 2;
  const row: usize = 2 * <usize>w * side, plane: usize = 2 * <usize>h * row;
  for (let task = nextTask(); task < d * h; task = nextTask()) {
    let from: usize = 2 * <usize>(task / h) * plane + 2 * <usize>(task % h) * row;
    let to: usize = <usize>task * <usize>w * side;
    for (let i: u32 = 0; i < w; i++) {
      let j: usize = 0;
      for (; j + 16 <= side; j += 16) {
        let left = v128.load(dy + to + j);
        const top = v128.load(y + to + j);
        for (let o: u32 = 0; o < 8; o++) {
          const p = from + j + (o & 4 ? plane : 0) + (o & 2 ? row : 0) + (o & 1 ? side : 0);
          const hit = f32x4.eq(v128.load(x + p), top);
          v128.store(dx + p, v128.and(left, hit));
          left = v128.andnot(left, hit);
        }
      }
      for (; j < side; j += 4) {
        let left = load<f32>(dy + to + j);
        const top = load<f32>(y + to + j);
        let given = false;
        for (let o: u32 = 0; o < 8; o++) {
          const p = from + j + (o & 4 ? plane : 0) + (o & 2 ? row : 0) + (o & 1 ? side : 0);
          const hit = !given && load<f32>(x + p) == top;
          store<f32>(dx + p, hit ? left : 0);
          given = given || hit;
        }
      }
      from += 2 * side;
      to += side;
    }
  }
}
