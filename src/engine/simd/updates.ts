/** Updates of all weights together, one job of the threads each. */
import type * as tf from '@tensorflow/tfjs';
import type { AdamRow, UpdateKernels } from '../../core/network/kernels.ts';
import type { SimdBackend } from './backend.ts';
import { withScratch } from './tasks.ts';

/** Floats of one task: the same whatever the number of threads, as sums of squares are added up by task. */
const STRETCH = 16384;

/** Bits of a float, as kernels take them. */
export const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0];

export function updateKernels(backend: SimdBackend, make: (shape: number[]) => tf.Tensor): Required<UpdateKernels> {
  const { machine } = backend;

  /** Runs a kernel over stretches of tensors that lie side by side: each row's addresses, then its floats. */
  const overRows = (
    sets: readonly (readonly tf.Tensor[])[],
    run: (table: number, rows: number, work: number) => void,
  ) => {
    const words: number[] = [];
    let [rows, work] = [0, 0];
    for (const set of sets) {
      const { size } = set[0];
      const addresses = set.map((t) => backend.address(t));
      for (let from = 0; from < size; from += STRETCH, rows++)
        words.push(...addresses.map((at) => at + 4 * from), Math.min(STRETCH, size - from));
      work += size;
    }
    withScratch(backend, [4 * words.length], (table) => {
      new Int32Array(machine.heap.memory.buffer, table, words.length).set(words);
      run(table, rows, work);
    });
  };

  return {
    weightedSums(factors, sums) {
      const terms = factors.length;
      if (terms < 1 || terms > 3) throw new Error(`A weighted sum must have 1 to 3 terms, got ${terms}.`);
      const out = sums.map(([first]) => make(first.shape));
      const sets = sums.map((of, i) => [out[i], ...[0, 1, 2].map((n) => of[n] ?? of[0])]);
      overRows(sets, (table, rows, work) => {
        const bits = [0, 1, 2].map((n) => floatBits(factors[n] ?? 0));
        machine.runFor(work)('weightedSums', table, rows, terms, ...bits);
      });
      return out;
    },
    adam(given, rule) {
      const out = given.map(({ theta: { shape } }): Omit<AdamRow, 'gradient'> => {
        const [theta, first, second] = [make(shape), make(shape), make(shape)];
        return { theta, first, second };
      });
      const sets = given.map(({ theta, first, second, gradient }, i) => {
        const { theta: newTheta, first: newFirst, second: newSecond } = out[i];
        return [theta, first, second, gradient, newTheta, newFirst, newSecond];
      });
      const { gradientScale, beta1, beta2, correction1, correction2, kept, learningRate, epsilon } = rule;
      const moments = [beta1, 1 - beta1, beta2, 1 - beta2, correction1, correction2];
      const bits = [gradientScale, ...moments, kept, learningRate, epsilon].map(floatBits);
      overRows(sets, (table, rows, work) => machine.runFor(8 * work)('adam', table, rows, ...bits));
      return out;
    },
    async squaredSum(tensors) {
      let sum = 0;
      overRows(
        tensors.map((t) => [t]),
        (table, rows, work) =>
          withScratch(backend, [8 * rows], (sums) => {
            machine.runFor(work)('squareSums', table, rows, sums);
            for (const part of new Float64Array(machine.heap.memory.buffer, sums, rows)) sum += part;
          }),
      );
      return sum;
    },
  };
}
