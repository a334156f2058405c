import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { Tape, type Weights } from '../../src/core/network/tape.ts';
import { unetForward, unetShapes } from '../../src/core/network/unet3d.ts';
import type { PrototypeFeatures } from '../../src/core/options.ts';
import { testKernels } from './engine.ts';
import { hashedWeight, loadGolden, noise, type Triple } from './golden.ts';

interface Facts {
  width: number;
  classes: number;
  batch: number;
  sides: Triple;
}

const { name: engine, kernels } = await testKernels();

/** Map b of a batch [B, ...] made by `noise`. */
function image(shape: number[], seed: number, b: number): FeatureMap {
  const [batch, ...rest] = shape as [number, number, number, number, number];
  const size = rest.reduce((x, y) => x * y, 1);
  return tf.tensor(noise(batch * size, seed).slice(b * size, (b + 1) * size), [1, ...rest]) as FeatureMap;
}

const joined = (maps: tf.Tensor[]): Float32Array =>
  tf.tidy(() => tf.concat(maps.map((m) => m.flatten())).dataSync() as Float32Array);

for (const [group, choices] of [
  ['unet-2', ['bottleneck', 'decoder-1/8', 'decoder-1/4', 'decoder-1/2']],
  ['unet-3', ['bottleneck']],
] as const) {
  for (const features of choices as readonly PrototypeFeatures[]) {
    test(`the U-Net's output and gradients equal PyTorch's: ${group}, ${features} features (${engine})`, () => {
      const golden = loadGolden<Facts>(group);
      const { width, classes, batch, sides } = golden.facts;
      const shapes = unetShapes({ width, inputChannels: 1, classes });
      const weights: Weights = Object.fromEntries(
        shapes.map(([name, shape], n) => [name, tf.tensor(hashedWeight(shape, n), shape)]),
      );
      const gradients = new Map<string, tf.Tensor>();
      const outputs = Array.from({ length: batch }, (_, b) => {
        const tape = new Tape(kernels, weights, true, gradients);
        const x = image([batch, ...sides, 1], 1000, b);
        return { tape, ...unetForward(tape, x, { features, dropout: null }) };
      });
      golden.equal('logits', joined(outputs.map((o) => o.logits)), 2e-5);
      golden.equal(`${features}/features`, joined(outputs.map((o) => o.features)), 2e-5);
      outputs.forEach(({ tape, logits, features: map }, b) => {
        const seeds = [logits, map].map((m, n) => ({
          map: m,
          gradient: image([batch, ...m.shape.slice(1)], 1001 + n, b),
        }));
        tape.backward(seeds);
      });
      for (const [name] of shapes) {
        if (name.endsWith('.bias') && name !== 'out.bias') {
          assert.ok(
            !gradients.has(name) ||
              tf
                .abs(gradients.get(name) as tf.Tensor)
                .max()
                .dataSync()[0] < 1e-3,
          );
        } else {
          golden.equal(`${features}/grad/${name}`, (gradients.get(name) as tf.Tensor).dataSync(), 2e-4);
        }
      }
      tf.disposeVariables();
    });
  }
}
