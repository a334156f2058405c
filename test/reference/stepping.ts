/** What the golden training steps share: their batches, their scripted draws, their start, and the comparison. */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { methodByName } from '../../src/core/methods/index.ts';
import type { Batch } from '../../src/core/methods/method.ts';
import { discriminatorShapes } from '../../src/core/network/discriminator.ts';
import type { FeatureMap, Kernels } from '../../src/core/network/kernels.ts';
import type { Weights } from '../../src/core/network/tape.ts';
import { unetShapes } from '../../src/core/network/unet3d.ts';
import { PAPER_READING, type TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { Random } from '../../src/core/random.ts';
import { imageTensor, maskTensors } from '../../src/core/train/batch.ts';
import { trainStep } from '../../src/core/train/loop.ts';
import { copyOf, zerosLike } from '../../src/core/train/optimiser.ts';
import { disposeState, momentsOf, type TrainState } from '../../src/core/train/state.ts';
import {
  drawMask,
  type Golden,
  hashedDiscriminatorWeight,
  hashedWeight,
  type MaskShape,
  noise,
  type Triple,
} from './golden.ts';

export interface StepFacts {
  width: number;
  /** D, H, W */
  sides: Triple;
  steps: number;
  lambdaMax: number;
  beta: number;
  alpha: number;
  /** 1 where it is absent. */
  inputChannels?: number;
  /** By number of classes, step and image. */
  masks: Record<string, MaskShape[][][]>;
}

/** Golden draws: noise where kernels add clip(0.1 N(0, 1), -.2, .2), and .9, .8, .9, ... in each step where it draws the mixing or a box. */
class Script extends Random {
  private values: Float32Array = new Float32Array(0);
  private at = 0;
  private uniforms = 0;

  load(values: Float32Array): void {
    this.values = values;
    this.at = 0;
    this.uniforms = 0;
  }

  readonly addNoise = (image: FeatureMap): FeatureMap => {
    const values = this.values.subarray(this.at, this.at + image.size);
    this.at += image.size;
    return tf.tidy(() => tf.add(image, tf.tensor5d(values, image.shape)));
  };

  override uniform(): number {
    return this.uniforms++ % 2 === 0 ? 0.9 : 0.8;
  }
}

/** How much of the label each channel shows (golden_steps.py). */
const SHOWN = [1, 0.5, 0];

/** Two labelled and two unlabelled patches of step t: channel c of the image = 0.4 noise + 0.6 SHOWN[c] label. */
function batchOf(
  { sides: [depth, height, breadth], masks, inputChannels: channels = 1 }: StepFacts,
  t: number,
  classes: number,
): Batch {
  const size: Triple = [breadth, height, depth];
  const voxels = depth * height * breadth;
  const drawn = masks[classes][t].map((shapes) => drawMask(size, shapes));
  const grey = noise(4 * voxels * channels, 5000 + t);
  const images = drawn.map((mask, k) => {
    // The channels of an image one after another; those of the noise side by side.
    const image = new Float32Array(channels * voxels);
    mask.forEach((label, v) => {
      for (let c = 0; c < channels; c++)
        image[c * voxels + v] =
          Math.fround(0.4) * grey[(k * voxels + v) * channels + c] + Math.fround(Math.fround(0.6) * SHOWN[c]) * label;
    });
    return imageTensor(image, size);
  });
  const labelled = maskTensors(drawn.slice(0, 2), size, classes);
  return { labelled: { images: images.slice(0, 2), ...labelled }, unlabelled: { images: images.slice(2) } };
}

const unet = (width: number, classes: number, seed: number, inputChannels = 1): Weights =>
  Object.fromEntries(
    unetShapes({ width, inputChannels, classes }).map(([name, shape], i) => [
      name,
      tf.tensor(hashedWeight(shape, i, seed), shape),
    ]),
  );

/** Its last layer is small: with outputs of order 1 a handful of voxels would carry the whole gradient (golden_steps.py). */
const distanceNetwork = (width: number, classes: number): Weights => {
  const weights = unet(width, classes, 300);
  for (const name of ['out.weight', 'out.bias']) weights[name] = tf.mul(weights[name], 0.01);
  return weights;
};

const discriminator = (classes: number, seed: number): Weights =>
  Object.fromEntries(
    discriminatorShapes(classes).map(([name, shape], i, all) => {
      const [, weightShape] = all[name.endsWith('.bias') ? i - 1 : i];
      return [name, tf.tensor(hashedDiscriminatorWeight(shape, weightShape, seed + i), shape)];
    }),
  );

/**
 * Runs the steps of golden case n, holding every loss to 1e-4 of PyTorch's and the weights after the last step to
 * `tolerance(network)`.
 */
export async function checkSteps(
  golden: Golden<StepFacts>,
  n: number,
  given: Partial<TrainingOptions>,
  classes: number,
  losses: Record<string, number | null>[],
  kernels: Kernels,
  tolerance: (network: string) => number,
): Promise<void> {
  const { width, sides, steps, lambdaMax, beta, alpha, inputChannels = 1 } = golden.facts;
  const values = sides[0] * sides[1] * sides[2] * inputChannels;
  const options = resolveOptions({
    ...PAPER_READING,
    steps,
    width,
    learningRate: 0.01,
    lambdaMax,
    beta,
    alpha,
    dropout: 0,
    ...given,
  });
  const method = methodByName(options.method);
  const student = unet(width, classes, 0, inputChannels);
  const start: Record<string, () => Weights> = {
    student: () => student,
    teacher: () => copyOf(student),
    distance: () => distanceNetwork(width, classes),
    discriminator: () => discriminator(classes, 400),
  };
  const script = new Script(0);
  const state: TrainState = {
    step: 0,
    first: 0,
    finished: [],
    networks: {},
    velocities: {},
    dropout: new Random(0),
    noise: script,
    skipped: {},
    memory: {},
  };
  for (const [network, kind] of Object.entries(method.networks)) {
    state.networks[network] = start[network]();
    for (const moment of momentsOf(network, kind)) state.velocities[moment] = zerosLike(state.networks[network]);
  }
  for (const [t, expectedLosses] of losses.entries()) {
    // UA-MT's nine noise maps, its target's first; one map for every other method.
    script.load(options.method === 'ua-mt' ? noise(18 * values, 5200 + t, 0.2) : noise(2 * values, 5100 + t, 0.2));
    const sampler = {
      ...{ hasUnlabelled: true, foregroundShare: 0 },
      ...{ next: async () => batchOf(golden.facts, t, classes), ahead() {}, remember() {} },
    };
    const report = await trainStep(method, state, sampler, {
      options,
      kernels: { ...kernels, addNoise: script.addNoise },
    });
    const { lambda, learningRate, ...terms } = expectedLosses as Record<string, number>;
    assert.ok(Math.abs(report.lambda - lambda) < 1e-12 && Math.abs(report.learningRate - learningRate) < 1e-12);
    for (const [term, expected] of Object.entries(terms)) {
      const difference = Math.abs(report.losses[term] / expected - 1);
      assert.ok(difference <= 1e-4, `step ${t}, ${term}: ${report.losses[term]}, PyTorch ${expected}`);
    }
  }
  for (const [network, weights] of Object.entries(state.networks)) {
    for (const key of golden.names(`${n}/${network}/`))
      golden.equal(key, await weights[key.slice(`${n}/${network}/`.length)].data(), tolerance(network));
  }
  disposeState(state);
}
