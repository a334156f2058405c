/** Smooth random fields: the texture, the folds and the noise of a phantom. */
import type { Random } from './random.ts';

/** A smooth field with values in about [-1, 1] whose features are one unit of its argument wide. */
export type Field = (x: number, y: number, z: number) => number;

const SIDE = 32;
const MASK = SIDE - 1;

/** Value noise: random numbers on a periodic 32^3 lattice, blended with 3t^2 - 2t^3. */
export function smoothField(random: Random): Field {
  const lattice = new Float32Array(SIDE ** 3);
  for (let i = 0; i < lattice.length; i++) lattice[i] = random.range(-1, 1);
  return (x, y, z) => {
    const i = Math.floor(x);
    const j = Math.floor(y);
    const k = Math.floor(z);
    const u = fade(x - i);
    const v = fade(y - j);
    const w = fade(z - k);
    const i0 = i & MASK;
    const i1 = (i + 1) & MASK;
    const j0 = (j & MASK) * SIDE;
    const j1 = ((j + 1) & MASK) * SIDE;
    const k0 = (k & MASK) * SIDE * SIDE;
    const k1 = ((k + 1) & MASK) * SIDE * SIDE;
    const near = mix(
      mix(lattice[i0 + j0 + k0], lattice[i1 + j0 + k0], u),
      mix(lattice[i0 + j1 + k0], lattice[i1 + j1 + k0], u),
      v,
    );
    const far = mix(
      mix(lattice[i0 + j0 + k1], lattice[i1 + j0 + k1], u),
      mix(lattice[i0 + j1 + k1], lattice[i1 + j1 + k1], u),
      v,
    );
    return mix(near, far, w);
  };
}

const fade = (t: number) => t * t * (3 - 2 * t);
const mix = (a: number, b: number, t: number) => a + (b - a) * t;
export const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
/** 0 below `low`, 1 above `high`, smooth between. */
export const smoothstep = (low: number, high: number, value: number) => fade(clamp((value - low) / (high - low), 0, 1));

/**
 * Normal noise of unit deviation, blurred in plane with [w 1 w] along i and j (edges wrap): the short correlation that a CT's
 * reconstruction filter leaves.
 * @param size voxels along i, j, k
 */
export function correlatedNoise(random: Random, size: readonly [number, number, number], w: number): Float32Array {
  const [ni, nj, nk] = size;
  const white = new Float32Array(ni * nj * nk);
  for (let n = 0; n < white.length; n++) white[n] = random.normal();
  const rows = alongAxis(white, 1, ni, w);
  const plane = alongAxis(rows, ni, nj, w);
  const gain = 1 / (1 + 2 * w * w); // each axis multiplies the variance by 1 + 2w^2
  for (let n = 0; n < plane.length; n++) plane[n] *= gain;
  return plane;
}

function alongAxis(source: Float32Array, stride: number, length: number, w: number): Float32Array {
  const result = new Float32Array(source.length);
  for (let n = 0; n < source.length; n++) {
    const at = Math.floor(n / stride) % length;
    const before = source[at > 0 ? n - stride : n + (length - 1) * stride];
    const after = source[at < length - 1 ? n + stride : n - (length - 1) * stride];
    result[n] = source[n] + w * (before + after);
  }
  return result;
}
