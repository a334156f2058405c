// Max-pool of a map [D, H, W, C] over blocks of 1 or 2 voxels along each axis. An axis that is not pooled has a step of 0 to
// its second voxel: the block's first voxels are read twice, which a maximum does not notice.
import { arg, nextTask } from './common';

/** Arguments: x, y, sides d, h, w of y, C, voxels of a block along depth, height, width. A task is one row of the output. */
export function maxPool(thread: u32): void {
  const x: usize = arg(0), y: usize = arg(1);
  const d = arg(2), h = arg(3), w = arg(4), c = arg(5), fd = arg(6), fh = arg(7), fw = arg(8);
  const side: usize = <usize>c << 2;
  const pitch: usize = <usize>(fw * w) * side, slice: usize = <usize>(fh * h) * pitch;
  const next: usize = fw == 2 ? side : 0, row: usize = fh == 2 ? pitch : 0, plane: usize = fd == 2 ? slice : 0;
  for (let task = nextTask(); task < d * h; task = nextTask()) {
    let from: usize = x + <usize>(fd * (task / h)) * slice + <usize>(fh * (task % h)) * pitch;
    let to: usize = y + <usize>task * <usize>w * side;
    for (let i: u32 = 0; i < w; i++) {
      let j: usize = 0;
      for (; j + 16 <= side; j += 16) {
        const p = from + j;
        const a = f32x4.max(f32x4.max(v128.load(p), v128.load(p + next)), f32x4.max(v128.load(p + row), v128.load(p + row + next)));
        const q = p + plane;
        const b = f32x4.max(f32x4.max(v128.load(q), v128.load(q + next)), f32x4.max(v128.load(q + row), v128.load(q + row + next)));
        v128.store(to + j, f32x4.max(a, b));
      }
      for (; j < side; j += 4) {
        const p = from + j;
        const a = max<f32>(max<f32>(load<f32>(p), load<f32>(p + next)), max<f32>(load<f32>(p + row), load<f32>(p + row + next)));
        const q = p + plane;
        const b = max<f32>(max<f32>(load<f32>(q), load<f32>(q + next)), max<f32>(load<f32>(q + row), load<f32>(q + row + next)));
        store<f32>(to + j, max<f32>(a, b));
      }
      from += <usize>fw * side;
      to += side;
    }
  }
}

/** The gradient goes to the first maximum of each block, in memory order. Arguments: dy, x, y, dx, then as `maxPool`. */
export function maxPoolGrad(thread: u32): void {
  const dy: usize = arg(0), x: usize = arg(1), y: usize = arg(2), dx: usize = arg(3);
  const d = arg(4), h = arg(5), w = arg(6), c = arg(7), fd = arg(8), fh = arg(9), fw = arg(10);
  const side: usize = <usize>c << 2;
  const row: usize = <usize>(fw * w) * side, plane: usize = <usize>(fh * h) * row;
  const single: u32 = (fd == 1 ? 4 : 0) | (fh == 1 ? 2 : 0) | (fw == 1 ? 1 : 0);
  for (let task = nextTask(); task < d * h; task = nextTask()) {
    let from: usize = <usize>(fd * (task / h)) * plane + <usize>(fh * (task % h)) * row;
    let to: usize = <usize>task * <usize>w * side;
    for (let i: u32 = 0; i < w; i++) {
      let j: usize = 0;
      for (; j + 16 <= side; j += 16) {
        let left = v128.load(dy + to + j);
        const top = v128.load(y + to + j);
        for (let o: u32 = 0; o < 8; o++) {
          if (o & single) continue;
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
          if (o & single) continue;
          const p = from + j + (o & 4 ? plane : 0) + (o & 2 ? row : 0) + (o & 1 ? side : 0);
          const hit = !given && load<f32>(x + p) == top;
          store<f32>(dx + p, hit ? left : 0);
          given = given || hit;
        }
      }
      from += <usize>fw * side;
      to += side;
    }
  }
}
