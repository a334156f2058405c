/** Ops on class maps [C, D, H, W], one pass each (src/core/network/channels.ts). */
import type * as tf from '@tensorflow/tfjs';
import { ONE_HOT_ARG_MAX, SOFTMAX_CHANNELS, SOFTMAX_CHANNELS_GRAD } from '../../../core/network/channels.ts';
import { groupsFor, type Program } from '../program.ts';
import { largestClass, softmaxOfClasses, softmaxOfClassesGrad } from '../wgsl/channels.ts';
import { type Op, type Ops, sizeOf } from './op.ts';

const perVoxel =
  (program: Program, ...names: string[]): Op =>
  (backend, inputs) => {
    const maps = names.map((name) => inputs[name] as tf.TensorInfo);
    const [{ shape }] = maps;
    const out = backend.make(shape);
    const n = sizeOf(shape) / shape[0];
    backend.run(program, maps, [out], [n, shape[0]], groupsFor(n));
    return out;
  };

export const channelOps: Ops = {
  [SOFTMAX_CHANNELS]: perVoxel(softmaxOfClasses, 'z'),
  [SOFTMAX_CHANNELS_GRAD]: perVoxel(softmaxOfClassesGrad, 'p', 'dp'),
  [ONE_HOT_ARG_MAX]: perVoxel(largestClass, 'z'),
};
