// What all kernels share. A job is one call of an exported function by every thread at once; the threads share its tasks
// through a counter. The first bytes of the memory, as ../machine.ts lays them out:
//   0 job number, 4 helpers at work, 8 next task, 12 kernel, 64... arguments (32-bit words)

const COUNTER: usize = 8;
const ARGUMENTS: usize = 64;

/** Argument i of the running job. */
// @ts-ignore: decorator
@inline
export function arg(i: usize): u32 {
  return load<u32>(ARGUMENTS + (i << 2));
}

/** Takes the next task of the running job. */
// @ts-ignore: decorator
@inline
export function nextTask(): u32 {
  return atomic.add<u32>(COUNTER, 1);
}

/** a * b + c, in one rounding where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function splatAt(address: usize): v128 {
  return v128.load_splat<f32>(address);
}

/** The 4x4 floats whose rows begin at `from`, `step` bytes apart, turned round: rows to `to`, `toStep` bytes apart. */
// @ts-ignore: decorator
@inline
export function transposeFour(from: usize, step: usize, to: usize, toStep: usize): void {
  const a = v128.load(from), b = v128.load(from + step), c = v128.load(from + 2 * step), d = v128.load(from + 3 * step);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + toStep, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * toStep, v128.shuffle<f32>(ef, gh, 0, 1, 4, 5));
  v128.store(to + 3 * toStep, v128.shuffle<f32>(ef, gh, 2, 3, 6, 7));
}

/**
 * Copies the rows that a block of output rows (z, y0 .. y0 + rows - 1) of a convolution over `taps` planes reads into `target`, zeros
 * around: [taps][rows + 2][W + 2][C]. Rows outside the map are zero.
 */
export function packBlock(x: usize, target: usize, z: i32, y0: i32, rows: i32, taps: i32, d: i32, h: i32, w: i32, c: i32): void {
  const side: usize = <usize>c << 2;
  const row: usize = <usize>w * side;
  for (let dz = 0; dz < taps; dz++) {
    const zi = z + dz - (taps >> 1);
    for (let r = 0; r < rows + 2; r++) {
      const yi = y0 + r - 1;
      if (zi < 0 || zi >= d || yi < 0 || yi >= h) {
        memory.fill(target, 0, row + 2 * side);
      } else {
        memory.fill(target, 0, side);
        memory.copy(target + side, x + (<usize>zi * <usize>h + <usize>yi) * row, row);
        memory.fill(target + side + row, 0, side);
      }
      target += row + 2 * side;
    }
  }
}
