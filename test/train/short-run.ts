/** A run of a few steps on made-up patches. */
import * as tf from '@tensorflow/tfjs';
import { planNetwork } from '../../src/core/network/plan.ts';
import type { SettledOptions, TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import { train } from '../../src/core/train/loop.ts';
import { testKernels } from '../reference/engine.ts';
import { labelled, unlabelled } from './helpers.ts';

export const { name: engine, kernels } = await testKernels();

export const SETTLED = { patch: [16, 16, 16], spacing: 'native' } as const;

/** Runs to the end, or cancels before step `stopBefore`; gives the losses of each step and the last checkpoint. */
export async function run(
  given: Partial<TrainingOptions>,
  checkpoint?: Uint8Array,
  stopBefore = Number.POSITIVE_INFINITY,
  others = unlabelled,
  from?: Uint8Array,
) {
  const options: SettledOptions = {
    ...resolveOptions({
      network: 'unet',
      width: 2,
      steps: 4,
      checkpointEvery: 100,
      validateEvery: 100,
      prototypeFeatures: 'decoder-1/4',
      ...given,
    }),
    ...SETTLED,
    ...(given.network === 'planned' && { plan: planNetwork([1, 1, 1], SETTLED.patch, 2) }),
  };
  const losses: Record<string, number>[] = [];
  const tensors: number[] = [];
  let saved = new Uint8Array(0) as Uint8Array;
  const { outcome } = await train({
    options,
    classes: ['background', 'ball'],
    labelled,
    unlabelled: others,
    kernels,
    resumeFrom: checkpoint && decodeCheckpoint(checkpoint),
    startFrom: from && decodeCheckpoint(from),
    hooks: {
      mayContinue: async ({ step }) => (step >= stopBefore ? 'cancel' : 'go'),
      onStep: (report) => {
        losses.push(report.losses);
        tensors.push(tf.memory().numTensors);
      },
      onCheckpoint: async (bytes) => {
        saved = bytes;
      },
    },
  });
  return { losses, tensors, saved, outcome };
}
