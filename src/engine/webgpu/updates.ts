/** Updates of all weights: one dispatch each. */
import * as tf from '@tensorflow/tfjs';
import type { UpdateKernels } from '../../core/network/kernels.ts';
import type { WebgpuBackend } from './backend.ts';
import { bits, groupsFor } from './program.ts';
import { SUM_TERMS, weightedSum } from './wgsl/elementwise.ts';
import { adam, pairedSums } from './wgsl/update.ts';

const foursOf = ({ shape }: tf.TensorInfo): number => Math.ceil(tf.util.sizeFromShape(shape) / 4);
const tensorOf = (info: tf.TensorInfo): tf.Tensor => tf.engine().makeTensorFromTensorInfo(info);

export function updateKernels(backend: WebgpuBackend): UpdateKernels {
  return {
    weightedSums(factors, sums) {
      const terms = factors.length;
      if (terms < 1 || terms > SUM_TERMS)
        throw new Error(`A weighted sum must have 1 to ${SUM_TERMS} terms, got ${terms}.`);
      const out = sums.map(([first]) => backend.make(first.shape));
      const words = factors.map(bits);
      for (let n = 0; n < sums.length; ) {
        const [one, other] = [foursOf(out[n]), n + 1 < sums.length ? foursOf(out[n + 1]) : 0];
        if (terms === 2 && other > 0) {
          const reads = [...sums[n], ...sums[n + 1]];
          backend.run(pairedSums, reads, out.slice(n, n + 2), [one + other, one, ...words], groupsFor(one + other));
          n += 2;
        } else {
          backend.run(weightedSum(terms), [...sums[n]], [out[n]], [one, ...words], groupsFor(one));
          n += 1;
        }
      }
      return out.map(tensorOf);
    },
    adam(rows, { gradientScale, beta1, beta2, correction1, correction2, kept, learningRate, epsilon }) {
      const moments = [beta1, 1 - beta1, beta2, 1 - beta2, correction1, correction2];
      const factors = [gradientScale, ...moments, kept, learningRate, epsilon].map(bits);
      return rows.map((row) => {
        const out = [row.theta, row.first, row.second].map(({ shape }) => backend.make(shape));
        const fours = foursOf(row.theta);
        const reads = [row.theta, row.first, row.second, row.gradient];
        backend.run(adam, reads, out, [fours, ...factors], groupsFor(fours));
        const [theta, first, second] = out.map(tensorOf);
        return { theta, first, second };
      });
    },
  };
}
