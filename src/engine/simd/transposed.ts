/** The transposed convolution of the simd engine. */
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap, Kernels, PerAxis } from '../../core/network/kernels.ts';
import type { SimdBackend } from './backend.ts';
import { withScratch } from './tasks.ts';

/** Sets of partial sums of a weight gradient, whatever the number of threads. */
const SLABS = 8;

export function transposedKernels(
  backend: SimdBackend,
  make: (shape: number[]) => tf.Tensor,
): NonNullable<Kernels['transposedConv']> {
  const { machine } = backend;
  const at = (t: tf.Tensor) => backend.address(t);
  /** What all three kernels are told of the small map and the factors. */
  const sidesOf = ([, d, h, w, c]: number[], [fd, fh, fw]: PerAxis, k: number) => {
    const run = machine.runFor(d * h * w * c * fd * fh * fw * k);
    return { sides: [d, h, w, c, fd, fh, fw * k], run, rows: d * h };
  };
  return {
    forward(x, w) {
      const [c, fd, fh, fw, k] = w.shape;
      const [, d, h, wide] = x.shape;
      const y = make([1, fd * d, fh * h, fw * wide, k]) as FeatureMap;
      const { sides, run } = sidesOf([1, d, h, wide, c], [fd, fh, fw], k);
      run('transposedConv', at(x), at(w), at(y), ...sides);
      return y;
    },
    gradInput(dy, w) {
      const [c, fd, fh, fw, k] = w.shape;
      const [, d, h, wide] = dy.shape;
      const dx = make([1, d / fd, h / fh, wide / fw, c]) as FeatureMap;
      const turned = tf.tidy(() => tf.transpose(w.reshape([c, fd * fh * fw * k])));
      const { sides, run } = sidesOf(dx.shape, [fd, fh, fw], k);
      run('transposedConvInput', at(dy), at(turned), at(dx), ...sides);
      turned.dispose();
      return dx;
    },
    gradWeights(x, dy, factors) {
      const [c, k] = [x.shape[4], dy.shape[4]];
      const dw = make([c, ...factors, k]) as tf.Tensor5D;
      const { sides, run, rows } = sidesOf(x.shape, factors, k);
      const slabs = Math.min(SLABS, rows);
      withScratch(backend, [slabs * dw.size * 4], (partials) => {
        run('transposedConvWeights', at(x), at(dy), partials, ...sides, slabs);
        machine.runFor(slabs * dw.size)('sumSlabs', partials, at(dw), c, dw.size / c, dw.size / c, slabs);
      });
      return dw;
    },
  };
}
