/** Changes of intensity, each a pure function of one channel of a patch (x fastest): what a second scanner would do to it. */
import type { Random } from '../random.ts';
import type { Sides } from './patch-source.ts';

interface Moments {
  min: number;
  max: number;
  mean: number;
  /** Standard deviation over n - 1 voxels. */
  deviation: number;
}

function momentsOf(image: Float32Array): Moments {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < image.length; i++) {
    const v = image[i];
    if (v < min) min = v;
    if (v > max) max = v;
    sum += v;
  }
  const mean = sum / image.length;
  let squares = 0;
  for (let i = 0; i < image.length; i++) squares += (image[i] - mean) * (image[i] - mean);
  return { min, max, mean, deviation: Math.sqrt(squares / Math.max(1, image.length - 1)) };
}

/** v' = factor v */
export function brightness(image: Float32Array, factor: number): Float32Array {
  const bright = new Float32Array(image.length);
  for (let i = 0; i < image.length; i++) bright[i] = factor * image[i];
  return bright;
}

/** v' = mean + factor (v - mean), kept between the smallest and the largest v. */
export function contrast(image: Float32Array, factor: number): Float32Array {
  const { min, max, mean } = momentsOf(image);
  const spread = new Float32Array(image.length);
  for (let i = 0; i < image.length; i++) spread[i] = Math.min(max, Math.max(min, mean + factor * (image[i] - mean)));
  return spread;
}

/**
 * v' = min + range ((v - min) / range)^gamma, then mean and standard deviation as before. `inverted`: the same of -v, so that
 * bright voxels are spread where else dark ones are. Gamma > 0.
 */
export function gamma(image: Float32Array, exponent: number, inverted = false): Float32Array {
  const before = momentsOf(image);
  const range = before.max - before.min;
  if (range === 0) return image.slice();
  const dark = inverted ? before.max : before.min;
  const bent = new Float32Array(image.length);
  for (let i = 0; i < image.length; i++) bent[i] = (Math.abs(image[i] - dark) / range) ** exponent;
  const after = momentsOf(bent);
  const scale = ((inverted ? -1 : 1) * before.deviation) / (after.deviation || 1);
  for (let i = 0; i < bent.length; i++) bent[i] = (bent[i] - after.mean) * scale + before.mean;
  return bent;
}

/** v' = v + N(0, deviation^2), each voxel alone. */
export function gaussianNoise(image: Float32Array, deviation: number, random: Random): Float32Array {
  const noisy = new Float32Array(image.length);
  const bits = random.bits(2 * Math.ceil(image.length / 2));
  for (let i = 0; i < image.length; i += 2) {
    // Box-Muller: a radius and an angle give two independent values.
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - (bits[i] >>> 0) / 4294967296));
    const angle = (2 * Math.PI * (bits[i + 1] >>> 0)) / 4294967296;
    noisy[i] = image[i] + radius * Math.cos(angle);
    noisy[i + 1] = image[i + 1] + radius * Math.sin(angle); // one beyond an odd end is not written
  }
  return noisy;
}

/** Convolution with a Gaussian along each axis, cut at 3 sigma (voxels; 0 leaves an axis), the border repeated. */
export function gaussianBlur(image: Float32Array, sides: Sides, sigmas: readonly number[]): Float32Array {
  const strides = [1, sides[0], sides[0] * sides[1]];
  return sigmas.reduce((from, sigma, axis) => {
    const reach = Math.ceil(3 * sigma);
    if (reach === 0 || sides[axis] === 1) return from;
    const weights = Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-0.5 * ((n - reach) / sigma) ** 2));
    const total = weights.reduce((a, b) => a + b);
    return convolve(
      from,
      sides[axis],
      strides[axis],
      weights.slice(reach).map((w) => w / total),
    );
  }, image);
}

/** @param half the kernel's weights from its centre outwards */
function convolve(from: Float32Array, count: number, stride: number, half: readonly number[]): Float32Array {
  const into = new Float32Array(from.length);
  const block = stride * count;
  for (let base = 0; base < from.length; base += block) {
    for (let n = 0; n < count; n++) {
      const row = base + n * stride;
      for (let s = 0; s < stride; s++) into[row + s] = half[0] * from[row + s];
      for (let d = 1; d < half.length; d++) {
        const before = base + Math.max(0, n - d) * stride;
        const after = base + Math.min(count - 1, n + d) * stride;
        const w = half[d];
        for (let s = 0; s < stride; s++) into[row + s] += w * (from[before + s] + from[after + s]);
      }
    }
  }
  return into;
}

/** Read at `scale` times the voxels along each axis (nearest), and back to the patch's own (trilinear). */
export function lowResolution(image: Float32Array, sides: Sides, scale: readonly number[]): Float32Array {
  const [x, y, z] = sides.map((count, axis) => coarseAxis(count, scale[axis]));
  const into = new Float32Array(image.length);
  const [sy, sz] = [sides[0], sides[0] * sides[1]];
  for (let k = 0, o = 0; k < sides[2]; k++) {
    for (let j = 0; j < sides[1]; j++) {
      const a = y.before[j] * sy + z.before[k] * sz;
      const b = y.after[j] * sy + z.before[k] * sz;
      const c = y.before[j] * sy + z.after[k] * sz;
      const d = y.after[j] * sy + z.after[k] * sz;
      const [fy, fz] = [y.share[j], z.share[k]];
      const [wa, wb, wc, wd] = [(1 - fy) * (1 - fz), fy * (1 - fz), (1 - fy) * fz, fy * fz];
      for (let i = 0; i < sides[0]; i++, o++) {
        const [p, q, fx] = [x.before[i], x.after[i], x.share[i]];
        const low = wa * image[a + p] + wb * image[b + p] + wc * image[c + p] + wd * image[d + p];
        const high = wa * image[a + q] + wb * image[b + q] + wc * image[c + q] + wd * image[d + q];
        into[o] = low + fx * (high - low);
      }
    }
  }
  return into;
}

/** For each voxel along an axis: the voxels that its two coarse neighbours were read from, and the second one's share. */
function coarseAxis(count: number, scale: number): { before: Int32Array; after: Int32Array; share: Float32Array } {
  const coarse = Math.max(1, Math.round(count * scale));
  const source = (n: number) => Math.floor(((Math.min(coarse - 1, n) + 0.5) * count) / coarse);
  const at = Array.from({ length: count }, (_, i) => Math.max(0, ((i + 0.5) * coarse) / count - 0.5));
  return {
    before: Int32Array.from(at, (v) => source(Math.floor(v))),
    after: Int32Array.from(at, (v) => source(Math.floor(v) + 1)),
    share: Float32Array.from(at, (v) => v - Math.floor(v)),
  };
}
