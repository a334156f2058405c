/** L_s and its gradient in one pass each over the voxels of an image. */
import type * as tf from '@tensorflow/tfjs';
import { SMOOTH } from '../../../core/loss/dice.ts';
import {
  SUPERVISED_LOSS,
  SUPERVISED_LOSS_GRAD,
  type SupervisedLossAttributes,
} from '../../../core/loss/supervised-kernel.ts';
import { bits, groupsFor } from '../program.ts';
import { LOSS_THREADS, supervisedEnd, supervisedGrad, supervisedSums } from '../wgsl/loss.ts';
import { type Op, type Ops, sizeOf } from './op.ts';

/** Voxels a thread adds, at least; chunks of an image, at most. */
const PER_THREAD = 8;
const CHUNKS = 512;

const supervisedLoss: Op = (backend, inputs, { of }: SupervisedLossAttributes) => {
  const maps = Object.values(inputs) as tf.TensorInfo[];
  const images = maps.length / 2;
  const classes = maps[0].shape[0];
  const parts = maps.slice(0, images).map(({ shape }) => {
    const n = sizeOf(shape) / classes;
    const chunk = Math.max(LOSS_THREADS * PER_THREAD, Math.ceil(n / CHUNKS));
    return { n, chunk, chunks: Math.ceil(n / chunk) };
  });
  const rows = parts.reduce((sum, { chunks }) => sum + chunks, 0);
  const partials = backend.make([rows, 2 + 3 * classes]);
  let first = 0;
  for (const [k, { n, chunk, chunks }] of parts.entries()) {
    const reads = [maps[k], maps[images + k]];
    backend.run(supervisedSums(classes), reads, [partials], [n, chunk, chunks, first], chunks);
    first += chunks;
  }
  const out = [backend.make([]), backend.make([1 + 2 * classes])];
  backend.run(supervisedEnd(classes), [partials], out, [rows, bits(SMOOTH), of === 'all' ? 1 : 0], 1);
  backend.drop(partials);
  return out;
};

const supervisedLossGrad: Op = (backend, { dy, logits, oneHot, factors }) => {
  const out = backend.make(logits.shape);
  const classes = logits.shape[0];
  const n = sizeOf(logits.shape) / classes;
  backend.run(supervisedGrad(classes), [logits, oneHot, factors, dy], [out], [n], groupsFor(n));
  return out;
};

export const lossOps: Ops = { [SUPERVISED_LOSS]: supervisedLoss, [SUPERVISED_LOSS_GRAD]: supervisedLossGrad };
