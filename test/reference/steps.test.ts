import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { methodByName } from '../../src/core/methods/index.ts';
import type { Batch } from '../../src/core/methods/method.ts';
import { unetShapes } from '../../src/core/network/unet3d.ts';
import {
  type MethodName,
  type PrototypeFeatures,
  resolveOptions,
  type UnlabelledBranch,
} from '../../src/core/options.ts';
import { Random } from '../../src/core/random.ts';
import { imageTensor, maskTensors, type TwoStreamSampler } from '../../src/core/train/batch.ts';
import { trainStep } from '../../src/core/train/loop.ts';
import { copyOf, zerosLike } from '../../src/core/train/optimiser.ts';
import { disposeState, type TrainState } from '../../src/core/train/state.ts';
import { testKernels } from './engine.ts';
import { drawMask, hashedWeight, loadGolden, type MaskShape, noise, type Triple } from './golden.ts';

interface Facts {
  width: number;
  sides: Triple;
  steps: number;
  lambdaMax: number;
  beta: number;
  alpha: number;
  masks: Record<string, MaskShape[][][]>;
  cases: {
    name: string;
    classes: number;
    options: { method: MethodName; branch?: UnlabelledBranch; features?: PrototypeFeatures };
    losses: Record<string, number | null>[];
  }[];
}

const golden = loadGolden<Facts>('steps');
const { width, sides, steps, lambdaMax, beta, alpha } = golden.facts;
const [depth, height, breadth] = sides;
const voxels = depth * height * breadth;
const { name: engine, kernels } = await testKernels();

/** Gives the golden noise of a step where the loop draws clip(0.1 N(0, 1), -.2, .2). */
class ScriptedNoise extends Random {
  values: Float32Array = new Float32Array(0);
  private at = 0;

  script(values: Float32Array): void {
    this.values = values;
    this.at = 0;
  }

  override normal(): number {
    return this.values[this.at++] * 10;
  }
}

function batchOf(t: number, classes: number): Batch {
  const masks = golden.facts.masks[classes][t].map((shapes) => drawMask([breadth, height, depth], shapes));
  const grey = noise(4 * voxels, 5000 + t);
  const images = masks.map((mask, k) => {
    const image = Float32Array.from(
      mask,
      (label, v) => Math.fround(0.4) * grey[k * voxels + v] + Math.fround(0.6) * label,
    );
    return imageTensor(image, [breadth, height, depth]);
  });
  const labelled = maskTensors(masks.slice(0, 2), [breadth, height, depth], classes);
  return { labelled: { images: images.slice(0, 2), ...labelled }, unlabelled: { images: images.slice(2) } };
}

golden.facts.cases.forEach(({ name, classes, options: given, losses }, n) => {
  test(`five training steps equal PyTorch's: ${name} (${engine})`, async () => {
    const method = methodByName(given.method);
    const options = resolveOptions({
      ...{ method: given.method, steps, width, lambdaMax, beta, alpha, dropout: 0 },
      ...{ unlabelledBranch: given.branch, prototypeFeatures: given.features },
    });
    const shapes = unetShapes({ width, inputChannels: 1, classes });
    const student = Object.fromEntries(
      shapes.map(([key, shape], i) => [key, tf.tensor(hashedWeight(shape, i), shape)]),
    );
    const drawn = new ScriptedNoise(0);
    const state: TrainState = {
      step: 0,
      networks: { student },
      velocities: { student: zerosLike(student) },
      dropout: new Random(0),
      noise: drawn,
      skipped: {},
    };
    if ('teacher' in method.networks) state.networks.teacher = copyOf(student);
    for (let t = 0; t < losses.length; t++) {
      drawn.script(noise(2 * voxels, 5100 + t, 0.2));
      const sampler = { next: () => batchOf(t, classes) } as TwoStreamSampler;
      const report = await trainStep(method, state, sampler, { options, kernels });
      const { lambda, learningRate, ...terms } = losses[t] as Record<string, number>;
      assert.ok(Math.abs(report.lambda - lambda) < 1e-12 && Math.abs(report.learningRate - learningRate) < 1e-12);
      for (const [term, expected] of Object.entries(terms)) {
        const difference = Math.abs(report.losses[term] / expected - 1);
        assert.ok(difference <= 1e-4, `step ${t}, ${term}: ${report.losses[term]}, PyTorch ${expected}`);
      }
    }
    for (const [network, weights] of Object.entries(state.networks)) {
      for (const key of golden.names(`${n}/${network}/`)) {
        golden.equal(key, weights[key.slice(`${n}/${network}/`.length)].dataSync(), 1e-4);
      }
    }
    disposeState(state);
  });
});
