/** What a step's gradients do to the networks: the optimiser's updates, then those of the moving averages. */
import type * as tf from '@tensorflow/tfjs';
import type { Method } from '../methods/method.ts';
import type { Kernels } from '../network/kernels.ts';
import type { TrainingOptions } from '../options.ts';
import { adamUpdate, clippingFactor, emaUpdate, sgdUpdate } from './optimiser.ts';
import { emaDecayAt } from './schedules.ts';
import { momentsOf, type TrainState } from './state.ts';

/** Adam's learning rate for an adversary (method section 5). */
const ADVERSARY_RATE = 1e-4;
/** AdamW's decay of the second moment. */
const ADAMW_BETA2 = 0.999;

/**
 * Updates the networks of `state` in place; the gradients stay the caller's.
 * @param gradients by network, then by weight
 */
export async function updateNetworks(
  method: Method,
  state: TrainState,
  gradients: Record<string, Map<string, tf.Tensor>>,
  learningRate: number,
  options: TrainingOptions,
  kernels: Kernels,
): Promise<void> {
  const { networks } = state;
  const step = state.step - state.first;
  for (const [name, sums] of Object.entries(gradients)) {
    const kind = method.networks[name];
    const [first, second] = momentsOf(name, kind, options.optimiser).map((moment) => state.velocities[moment]);
    if (kind === 'adversary') {
      adamUpdate(networks[name], first, second, sums, { learningRate: ADVERSARY_RATE, updates: step }, kernels);
      continue;
    }
    const { weightDecay } = options;
    const gradientScale = await clippingFactor(sums, options.clipNorm, kernels);
    if (options.optimiser === 'adamw') {
      const rule = { learningRate, updates: step, beta2: ADAMW_BETA2, weightDecay, gradientScale };
      adamUpdate(networks[name], first, second, sums, rule, kernels);
    } else {
      const rule = { ...options, learningRate, nesterov: options.nesterov === 'on', gradientScale };
      sgdUpdate(networks[name], first, sums, rule, kernels);
    }
  }
  const decay = emaDecayAt(step, options.emaDecay);
  for (const [name, kind] of Object.entries(method.networks))
    if (kind === 'ema') emaUpdate(networks[name], networks.student, decay, gradients.student.keys(), kernels);
}
