// Element-wise kernels for large tensors of equal size.
import { arg, nextTask } from './common';

const CHUNK: u32 = 16384;

/** out = a * scale + shift. Arguments: a, out, n, scale (bits of a float), shift (bits). */
export function scaleAdd(thread: u32): void {
  const a: usize = arg(0), out: usize = arg(1);
  const n = arg(2);
  const scale = reinterpret<f32>(arg(3)), shift = reinterpret<f32>(arg(4));
  const scales = f32x4.splat(scale), shifts = f32x4.splat(shift);
  for (let task = nextTask(); task * CHUNK < n; task = nextTask()) {
    let i: usize = <usize>(task * CHUNK) << 2;
    const end: usize = <usize>min(n, (task + 1) * CHUNK) << 2;
    const whole = end - ((end - i) & 15);
    for (; i < whole; i += 16) v128.store(out + i, f32x4.add(f32x4.mul(v128.load(a + i), scales), shifts));
    for (; i < end; i += 4) store<f32>(out + i, load<f32>(a + i) * scale + shift);
  }
}

/** Copies rows of bytes between two strides. Arguments: from, to, rows, bytes a row, stride of from, stride of to (bytes). */
export function copyRows(thread: u32): void {
  const from: usize = arg(0), to: usize = arg(1);
  const rows = arg(2);
  const bytes: usize = arg(3), fromStride: usize = arg(4), toStride: usize = arg(5);
  for (let task = nextTask(); task * 1024 < rows; task = nextTask()) {
    const end = min(rows, (task + 1) * 1024);
    for (let row = task * 1024; row < end; row++) {
      const p = from + <usize>row * fromStride, q = to + <usize>row * toStride;
      let i: usize = 0;
      if (bytes > 512) {
        memory.copy(q, p, bytes);
        i = bytes;
      }
      for (; i + 16 <= bytes; i += 16) v128.store(q + i, v128.load(p + i));
      for (; i + 4 <= bytes; i += 4) store<u32>(q + i, load<u32>(p + i));
      for (; i < bytes; i++) store<u8>(q + i, load<u8>(p + i));
    }
  }
}
