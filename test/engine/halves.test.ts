/** Convolutions in half precision: what they do to the gradients of a whole step, and where they are chosen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { roundedKernels, toHalf } from '../../bench/halves/rounded.ts';
import { methodOf } from '../../src/core/methods/index.ts';
import type { Kernels } from '../../src/core/network/kernels.ts';
import { PAPER_READING } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { TwoStreamSampler } from '../../src/core/train/batch.ts';
import type { PatchSource } from '../../src/core/train/patches.ts';
import { planFor } from '../../src/core/train/planned-patch.ts';
import { disposeState, initialState } from '../../src/core/train/state.ts';
import { methodStep } from '../../src/core/train/step.ts';
import { registerSimd, simdKernels } from '../../src/engine/simd/index.ts';
import { measureHalves, NO_HALVES } from '../../src/engine/webgpu/halves.ts';

registerSimd();
await tf.setBackend('simd');

test('rounding keeps 11 bits, the nearest', () => {
  const given = [1, 1 + 2 ** -11, 1 + 3 * 2 ** -12, -3.3333333, 1e-7, 0];
  const halves = [...toHalf(tf.tensor1d(given)).dataSync()];
  for (const [n, value] of given.entries()) {
    const step = value === 0 ? 1 : 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
    assert.ok(Number.isInteger(Math.fround(halves[n] / step)), `${halves[n]}`);
    assert.ok(Math.abs(halves[n] - value) <= step / 2 + 1e-12 * Math.abs(value), `${value}: ${halves[n]}`);
  }
});

const SIDES: [number, number, number] = [32, 32, 16];

/** Noise around a ball, as scans are after their intensities were made alike. */
function scan(withMask: boolean, seed: number): PatchSource {
  const size = SIDES[0] * SIDES[1] * SIDES[2];
  const mask = Uint8Array.from({ length: size }, (_, i) => {
    const at = [i % SIDES[0], Math.floor(i / SIDES[0]) % SIDES[1], Math.floor(i / (SIDES[0] * SIDES[1]))];
    return at.reduce((sum, v, axis) => sum + ((2 * v) / (SIDES[axis] - 1) - 1) ** 2, 0) < 0.5 ? 1 : 0;
  });
  const image = Float32Array.from(mask, (value, i) => value + Math.sin(12.9898 * (i + seed)));
  return {
    name: `scan ${seed}`,
    size: SIDES,
    readImage: () => image.slice(),
    ...(withMask && { readMask: () => mask.slice() }),
  };
}

async function gradientsOf(kernels: Kernels, given: object): Promise<Map<string, Float32Array>> {
  const options = {
    ...resolveOptions({ steps: 100, width: 8, dropout: 0, augmentation: 'none', ...given }),
    plan: planFor([1, 1, 1], SIDES, 8),
  };
  const method = methodOf(options);
  const state = initialState(method, options, 2);
  const sampler = new TwoStreamSampler([scan(true, 1)], [scan(false, 2)], { ...options, patch: SIDES, classes: 2 });
  const batch = await sampler.next();
  const context = {
    ...{ step: 60, steps: 100, lambda: 0.1, options, random: state.noise, together: false },
    ...{ own: <T>(images: T) => images, mixing: () => 0.5, withNoise: <T>(images: T) => images },
    box: () => ({ start: [4, 8, 8], sides: [8, 16, 16] }),
  } as never;
  const { gradients, losses } = await methodStep({
    ...{ method, networks: state.networks, batch, context, kernels, dropout: null, plan: options.plan },
  });
  await losses;
  const found = new Map<string, Float32Array>();
  for (const [name, gradient] of gradients.student) found.set(name, (await gradient.data()) as Float32Array);
  disposeState(state);
  return found;
}

for (const [name, given] of [
  ['supervised-only', { method: 'supervised' }],
  ['bcp, the default', { method: 'bcp' }],
  ['CPCL', { method: 'cpcl', labelledPerStep: 1, unlabelledPerStep: 1 }],
  ["CPCL, the paper's reading", { ...PAPER_READING, method: 'cpcl', labelledPerStep: 1, unlabelledPerStep: 1 }],
] as const)
  test(`a step of ${name}: gradients through products of half precision`, async () => {
    const exact = simdKernels();
    const rounded = roundedKernels(exact);
    const full = await gradientsOf(exact, given);
    const difference = async (kernels: Kernels) => {
      const half = await gradientsOf(kernels, given);
      let [products, squares, off] = [0, 0, 0];
      let own = 0;
      for (const [key, values] of full)
        for (const [i, value] of values.entries()) {
          const other = (half.get(key) as Float32Array)[i];
          products += value * other;
          squares += value * value;
          own += other * other;
          off += (value - other) ** 2;
        }
      return { off: Math.sqrt(off / squares), cosine: products / Math.sqrt(squares * own) };
    };
    // The same units are on and the same voxels are the largest: what rounding of slopes, weights and maps does by itself.
    const { off } = await difference({ ...rounded, conv3d: exact.conv3d });
    assert.ok(off > 0 && off <= 1e-2, `${off}`);
    // Forward too, some units are on that were off: a share of them that is as small as the rounding, and its root in the gradient.
    const { cosine } = await difference(rounded);
    assert.ok(cosine >= 0.99, `${cosine}`);
  });

/** Kernels that say how long they take, and are off by a factor. */
function timed(milliseconds: Record<string, number>, factor = 1): Kernels {
  const kernels = simdKernels();
  const after = (name: string, result: tf.Tensor) => {
    clock += milliseconds[name];
    return tf.tidy(() => tf.mul(result, factor));
  };
  return {
    ...kernels,
    conv3d: (...given) => tf.tidy(() => after('forward', kernels.conv3d(...given))),
    conv3dGradInput: (...given) => tf.tidy(() => after('input', kernels.conv3dGradInput(...given))),
    conv3dGradWeights: (...given) => tf.tidy(() => after('weights', kernels.conv3dGradWeights(...given))),
  } as Kernels;
}
let clock = 0;
const gpu = { settle: async () => {} };

test('matrix units are taken for what they do faster, each kind apart', async (t) => {
  t.mock.method(performance, 'now', () => clock);
  const before = tf.memory().numTensors;
  const kernels = {
    full: timed({ forward: 10, input: 10, weights: 10 }),
    half: timed({ forward: 2, input: 9.8, weights: 30 }),
  };
  const small = { side: 8, channels: 8 };
  assert.deepEqual(await measureHalves(gpu, kernels, small), { forward: true, input: false, weights: false });
  assert.equal(tf.memory().numTensors, before);
});

for (const [what, factor] of [
  ['wrong by a hundredth', 1.01],
  ['no number', Number.NaN],
] as const)
  test(`matrix units whose values are ${what} are not taken, however fast`, async (t) => {
    t.mock.method(performance, 'now', () => clock);
    const full = timed({ forward: 10, input: 10, weights: 10 });
    const half = timed({ forward: 1, input: 1, weights: 1 }, factor);
    assert.deepEqual(await measureHalves(gpu, { full, half }, { side: 8, channels: 8 }), NO_HALVES);
  });
