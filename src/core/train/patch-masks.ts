/** What a network sees in patches that lie as tensors. */
import * as tf from '@tensorflow/tfjs';
import { channelsFirst } from '../network/channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import { networkByName } from '../network/networks.ts';
import { Tape, type Weights } from '../network/tape.ts';
import type { TrainingOptions, WithPlan } from '../options.ts';
import { argMax } from '../predict/arg-max.ts';

/**
 * The class of each voxel of each patch, x fastest; neither gradient nor dropout.
 * @param images each [1, D, H, W, channels]
 */
export async function patchMasks(
  images: readonly FeatureMap[],
  weights: Weights,
  kernels: Kernels,
  { network, plan }: Pick<TrainingOptions, 'network'> & WithPlan,
): Promise<Uint8Array[]> {
  const masks: Uint8Array[] = [];
  for (const image of images) {
    const tape = new Tape(kernels, weights, false);
    const { logits, features } = networkByName(network, plan).forward(tape, image, {
      features: 'bottleneck',
      dropout: null,
    });
    const maps = tf.tidy(() => channelsFirst(logits));
    const values = (await maps.data()) as Float32Array;
    const voxels = values.length / maps.shape[0];
    masks.push(argMax(Array.from({ length: maps.shape[0] }, (_, c) => values.subarray(c * voxels, (c + 1) * voxels))));
    tf.dispose([logits, features, maps]);
  }
  return masks;
}
