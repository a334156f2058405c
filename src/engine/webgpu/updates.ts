/** Updates of all weights, several a dispatch. */
import * as tf from '@tensorflow/tfjs';
import type { AdamRow, UpdateKernels } from '../../core/network/kernels.ts';
import type { WebgpuBackend } from './backend.ts';
import { bits, groupsFor } from './program.ts';
import { ADAM_BUFFERS, adam, weightedSums } from './wgsl/update.ts';

/** A group of a dispatch binds eight buffers at least; with more than 24 shaders grow, and few dispatches are left to save. */
const [LEAST_BUFFERS, MOST_BUFFERS] = [8, 24];

/** Most terms of one weighted sum. */
const SUM_TERMS = LEAST_BUFFERS - 1;

const foursOf = ({ shape }: tf.TensorInfo): number => Math.ceil(tf.util.sizeFromShape(shape) / 4);
const tensorOf = (info: tf.TensorInfo): tf.Tensor => tf.engine().makeTensorFromTensorInfo(info);

export function updateKernels(backend: WebgpuBackend): UpdateKernels {
  const { maxStorageBuffersPerShaderStage: offered = LEAST_BUFFERS } = backend.gpu.facts.limits;
  const most = Math.min(MOST_BUFFERS, Math.max(LEAST_BUFFERS, offered));

  /** Rows of tensors in lists that one dispatch each has buffers for, with the words that say where each ends. */
  function* dispatches<T>(rows: readonly T[], buffersOfOne: number, first: (row: T) => tf.TensorInfo) {
    const many = Math.max(1, Math.floor(most / buffersOfOne));
    for (let at = 0; at < rows.length; at += many) {
      const some = rows.slice(at, at + many);
      let end = 0;
      const ends = some.map((row) => {
        end += foursOf(first(row));
        return end;
      });
      yield { some, words: [end, ...ends], groups: groupsFor(end) };
    }
  }

  /** The same values, to write over: the tensor's own where no other has them, else a copy. */
  const toOverwrite = (info: tf.TensorInfo): tf.TensorInfo => {
    if (backend.isAlone(info)) return backend.share(info, info.shape);
    const copy = backend.make(info.shape);
    const fours = foursOf(info);
    backend.run(weightedSums(1, 1), [info], [copy], [fours, fours, bits(1)], groupsFor(fours));
    return copy;
  };

  return {
    weightedSums(factors, sums) {
      const terms = factors.length;
      if (terms < 1 || terms > SUM_TERMS)
        throw new Error(`A weighted sum must have 1 to ${SUM_TERMS} terms, got ${terms}.`);
      const rows = sums.map((of) => ({ of, out: backend.make(of[0].shape) }));
      for (const { some, words, groups } of dispatches(rows, terms + 1, ({ out }) => out)) {
        const reads = some.flatMap(({ of }) => [...of]);
        const program = weightedSums(some.length, terms);
        backend.run(
          program,
          reads,
          some.map(({ out }) => out),
          [...words, ...factors.map(bits)],
          groups,
        );
      }
      return rows.map(({ out }) => tensorOf(out));
    },
    adam(given, { gradientScale, beta1, beta2, correction1, correction2, kept, learningRate, epsilon }) {
      const moments = [beta1, 1 - beta1, beta2, 1 - beta2, correction1, correction2];
      const factors = [gradientScale, ...moments, kept, learningRate, epsilon].map(bits);
      const rows = given.map(({ theta, first, second, gradient }) => ({
        gradient,
        out: [theta, first, second].map(toOverwrite),
      }));
      for (const { some, words, groups } of dispatches(rows, ADAM_BUFFERS, ({ gradient }) => gradient)) {
        const reads = some.map(({ gradient }) => gradient);
        backend.run(
          adam(some.length),
          reads,
          some.flatMap(({ out }) => out),
          [...words, ...factors],
          groups,
        );
      }
      return rows.map(({ out }): Omit<AdamRow, 'gradient'> => {
        const [theta, first, second] = out.map(tensorOf);
        return { theta, first, second };
      });
    },
  };
}
