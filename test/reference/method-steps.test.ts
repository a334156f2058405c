import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { methodByName } from '../../src/core/methods/index.ts';
import type { Batch } from '../../src/core/methods/method.ts';
import { discriminatorShapes } from '../../src/core/network/discriminator.ts';
import type { Weights } from '../../src/core/network/tape.ts';
import { unetShapes } from '../../src/core/network/unet3d.ts';
import { type MethodName, type Processes, resolveOptions } from '../../src/core/options.ts';
import { Random } from '../../src/core/random.ts';
import { imageTensor, maskTensors, type TwoStreamSampler } from '../../src/core/train/batch.ts';
import { trainStep } from '../../src/core/train/loop.ts';
import { copyOf, zerosLike } from '../../src/core/train/optimiser.ts';
import { disposeState, momentsOf, type TrainState } from '../../src/core/train/state.ts';
import { testKernels } from './engine.ts';
import {
  drawMask,
  hashedDiscriminatorWeight,
  hashedWeight,
  loadGolden,
  type MaskShape,
  noise,
  type Triple,
} from './golden.ts';

interface Facts {
  width: number;
  sides: Triple;
  steps: number;
  lambdaMax: number;
  beta: number;
  alpha: number;
  masks: Record<string, MaskShape[][][]>;
  cases: {
    method: MethodName;
    options: { processes?: Processes; mean_teacher?: boolean };
    losses: Record<string, number>[];
  }[];
}

const golden = loadGolden<Facts>('method-steps');
const { width, sides, steps, lambdaMax, beta, alpha } = golden.facts;
const [depth, height, breadth] = sides;
const size: Triple = [breadth, height, depth];
const voxels = depth * height * breadth;
const CLASSES = 2;
/**
 * DTML's slope of 1500 turns a float32 rounding of its distances into a visible difference of the gradient: its distance
 * network's weights were seen up to 2.05e-2 away from the float64 ones. The losses of all steps, which depend on these
 * weights, are held to 1e-4 like everyone's.
 */
const TOLERANCE: Record<string, number> = { student: 1e-3, teacher: 1e-3, discriminator: 1e-3, distance: 5e-2 };
const { name: engine, kernels } = await testKernels();

/** Golden draws: noise where the loop draws clip(0.1 N(0, 1), -.2, .2), and .9, .8 where it draws the mixing. */
class Script extends Random {
  private values: Float32Array = new Float32Array(0);
  private at = 0;
  private uniforms = 0;

  load(values: Float32Array): void {
    this.values = values;
    this.at = 0;
  }

  override normal(): number {
    return this.values[this.at++] * 10;
  }

  override uniform(): number {
    return this.uniforms++ % 2 === 0 ? 0.9 : 0.8;
  }
}

function batchOf(t: number): Batch {
  const masks = golden.facts.masks[CLASSES][t].map((shapes) => drawMask(size, shapes));
  const grey = noise(4 * voxels, 5000 + t);
  const images = masks.map((mask, k) =>
    imageTensor(
      Float32Array.from(mask, (label, v) => Math.fround(0.4) * grey[k * voxels + v] + Math.fround(0.6) * label),
      size,
    ),
  );
  const labelled = maskTensors(masks.slice(0, 2), size, CLASSES);
  return { labelled: { images: images.slice(0, 2), ...labelled }, unlabelled: { images: images.slice(2) } };
}

const unet = (seed: number): Weights =>
  Object.fromEntries(
    unetShapes({ width, inputChannels: 1, classes: CLASSES }).map(([name, shape], i) => [
      name,
      tf.tensor(hashedWeight(shape, i, seed), shape),
    ]),
  );
const discriminator = (seed: number): Weights =>
  Object.fromEntries(
    discriminatorShapes(CLASSES).map(([name, shape], i, all) => {
      const [, weightShape] = all[name.endsWith('.bias') ? i - 1 : i];
      return [name, tf.tensor(hashedDiscriminatorWeight(shape, weightShape, seed + i), shape)];
    }),
  );

golden.facts.cases.forEach(({ method: name, options: given, losses }, n) => {
  test(`three training steps equal PyTorch's: ${name} ${JSON.stringify(given)} (${engine})`, async () => {
    const method = methodByName(name);
    const options = resolveOptions({
      ...{ method: name, steps, width, lambdaMax, beta, alpha, dropout: 0 },
      ...{ processes: given.processes, meanTeacherTerm: given.mean_teacher ? 'on' : 'off' },
    });
    const student = unet(0);
    const script = new Script(0);
    const state: TrainState = {
      step: 0,
      networks: {},
      velocities: {},
      dropout: new Random(0),
      noise: script,
      skipped: {},
    };
    for (const [network, kind] of Object.entries(method.networks)) {
      const weights = {
        student: () => student,
        teacher: () => copyOf(student),
        distance: () => unet(300),
        discriminator: () => discriminator(400),
      };
      state.networks[network] = weights[network as keyof typeof weights]();
      for (const moment of momentsOf(network, kind)) state.velocities[moment] = zerosLike(state.networks[network]);
    }
    for (let t = 0; t < losses.length; t++) {
      script.load(name === 'ua-mt' ? noise(18 * voxels, 5200 + t, 0.2) : noise(2 * voxels, 5100 + t, 0.2));
      const sampler = { next: () => batchOf(t) } as TwoStreamSampler;
      const report = await trainStep(method, state, sampler, { options, kernels });
      const { lambda, learningRate, ...terms } = losses[t];
      assert.ok(Math.abs(report.lambda - lambda) < 1e-12 && Math.abs(report.learningRate - learningRate) < 1e-12);
      for (const [term, expected] of Object.entries(terms)) {
        const difference = Math.abs(report.losses[term] / expected - 1);
        assert.ok(difference <= 1e-4, `step ${t}, ${term}: ${report.losses[term]}, PyTorch ${expected}`);
      }
    }
    for (const [network, weights] of Object.entries(state.networks)) {
      for (const key of golden.names(`${n}/${network}/`))
        golden.equal(key, weights[key.slice(`${n}/${network}/`.length)].dataSync(), TOLERANCE[network]);
    }
    disposeState(state);
  });
});
