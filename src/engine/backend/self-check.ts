/** Is a convolution of an engine right? One small one and its gradients, against loops over every index. */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, type Kernels } from '../../core/network/kernels.ts';

/** Largest difference from sums in double precision, relative to the largest value; the kernels' engine must be current. */
export async function convolutionError(kernels: Kernels): Promise<number> {
  const [d, h, w, c, k] = [3, 4, 5, 2, 3];
  const wave = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
  const [x, weights, dy] = [wave(d * h * w * c, 0.7), wave(27 * c * k, 1.3), wave(d * h * w * k, 0.9)];
  const expected = convolutionByLoops({ d, h, w, c, k }, x, weights, dy);
  const results = tf.tidy(() => {
    const map = tf.tensor5d(x, [1, d, h, w, c]) as FeatureMap;
    const filter = tf.tensor5d(weights, [3, 3, 3, c, k]) as ConvWeights;
    const slope = tf.tensor5d(dy, [1, d, h, w, k]) as FeatureMap;
    return [
      kernels.conv3d(map, filter),
      kernels.conv3dGradInput(slope, filter),
      kernels.conv3dGradWeights(map, slope, CUBE),
    ];
  });
  const actual: ArrayLike<number>[] = [];
  for (const tensor of results) actual.push(await tensor.data());
  tf.dispose(results);
  return Math.max(
    ...expected.map((values, i) => {
      const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      return values.reduce((most, v, j) => Math.max(most, Math.abs(v - actual[i][j])), 0) / scale;
    }),
  );
}

type Sides = Record<'d' | 'h' | 'w' | 'c' | 'k', number>;

/** [y, dx, dw] of a same-padded 3x3x3 convolution, stride 1. */
function convolutionByLoops(s: Sides, x: Float32Array, weights: Float32Array, dy: Float32Array): Float64Array[] {
  const [y, dx, dw] = [dy.length, x.length, weights.length].map((n) => new Float64Array(n));
  const { d, h, w, c, k } = s;
  const inside = (i: number, n: number) => i >= 0 && i < n;
  for (let out = 0; out < d * h * w; out++) {
    const [oz, oy, ox] = [Math.floor(out / (h * w)), Math.floor(out / w) % h, out % w];
    for (let tap = 0; tap < 27; tap++) {
      const [z, yy, xx] = [oz + Math.floor(tap / 9) - 1, oy + (Math.floor(tap / 3) % 3) - 1, ox + (tap % 3) - 1];
      if (!inside(z, d) || !inside(yy, h) || !inside(xx, w)) continue;
      const from = ((z * h + yy) * w + xx) * c;
      for (let i = 0; i < c; i++) {
        for (let o = 0; o < k; o++) {
          const weight = (tap * c + i) * k + o;
          y[out * k + o] += x[from + i] * weights[weight];
          dx[from + i] += dy[out * k + o] * weights[weight];
          dw[weight] += dy[out * k + o] * x[from + i];
        }
      }
    }
  }
  return [y, dx, dw];
}
