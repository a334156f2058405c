/** L_s and its gradient in one pass each over the voxels of an image. */
import type * as tf from '@tensorflow/tfjs';
import {
  endOfSupervisedLoss,
  SUPERVISED_LOSS,
  SUPERVISED_LOSS_GRAD,
  type SupervisedLossAttributes,
} from '../../../core/loss/supervised-kernel.ts';
import { type Op, type Ops, sizeOf } from './op.ts';

/** Voxels of a task: fixed, so that results do not depend on the number of threads. */
const CHUNK = 4096;
/** What a voxel of a class costs, in multiplications or so: mostly its exponential. */
const WORK = 25;

const supervisedLoss: Op = (backend, inputs, { of }: SupervisedLossAttributes) => {
  const { machine } = backend;
  const maps = Object.values(inputs) as tf.TensorInfo[];
  const images = maps.length / 2;
  const classes = maps[0].shape[0];
  const kept = 2 + 3 * classes;
  const sums = new Float64Array(kept);
  for (let k = 0; k < images; k++) {
    const n = sizeOf(maps[k].shape) / classes;
    const chunks = Math.ceil(n / CHUNK);
    const room = 4 * (kept + classes);
    const at = machine.heap.allocate(4 * chunks * room);
    const [z, y] = [maps[k], maps[images + k]].map((map) => backend.address(map));
    machine.runFor(n * classes * WORK)('supervisedSums', z, y, at, classes, n, CHUNK);
    const partials = machine.floats(at, chunks * room);
    for (let c = 0; c < chunks; c++) for (let i = 0; i < 4 * kept; i++) sums[i >> 2] += partials[c * room + i];
    machine.heap.release(at);
  }
  const { value, factors } = endOfSupervisedLoss(sums, of);
  const out = [backend.make([]), backend.make([factors.length])];
  backend.view(out[0])[0] = value;
  backend.view(out[1]).set(factors);
  return out;
};

const supervisedLossGrad: Op = (backend, { dy, logits, oneHot, factors }) => {
  const out = backend.make(logits.shape);
  const classes = logits.shape[0];
  const n = sizeOf(logits.shape) / classes;
  const at = [logits, oneHot, factors, dy, out].map((info) => backend.address(info));
  backend.machine.runFor(n * classes * WORK)('supervisedGrad', ...at, classes, n, CHUNK);
  return out;
};

export const lossOps: Ops = { [SUPERVISED_LOSS]: supervisedLoss, [SUPERVISED_LOSS_GRAD]: supervisedLossGrad };
