import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initNetwork } from '../../src/core/network/networks.ts';
import { argMax } from '../../src/core/predict/arg-max.ts';
import { defaultStride, slidingWindow } from '../../src/core/predict/sliding-window.ts';
import { validate } from '../../src/core/predict/validate.ts';
import { Random } from '../../src/core/random.ts';
import type { PatchSource } from '../../src/core/train/patch-source.ts';
import { testKernels } from '../reference/engine.ts';
import { labelled } from '../train/helpers.ts';

test('argmax takes the most probable class, the lower one of equals', () => {
  const maps = [
    [0.5, 0.2, 0.1, 0.4],
    [0.5, 0.5, 0.1, 0.2],
    [0, 0.3, 0.8, 0.4],
  ].map((map) => Float32Array.from(map));
  assert.deepEqual([...argMax(maps)], [0, 1, 2, 0]);
});

test('validation is the mean Dice of the network’s masks, label by label and case by case', async () => {
  const { kernels } = await testKernels();
  const weights = initNetwork('unet', { width: 1, inputChannels: 1, classes: 4 }, new Random(4));
  const patch = [16, 16, 16] as const;
  const own = async ({ size, readImage }: PatchSource) => {
    const windows = { patch, network: 'unet', stride: defaultStride(patch) } as const;
    return argMax(await slidingWindow(readImage([0, 0, 0], size), size, weights, kernels, windows));
  };
  // Its own mask as the truth is right; its own mask under another label is wrong for both.
  const [first, second] = labelled;
  const [right, wrong] = [await own(first), (await own(second)).map((label) => (label === 1 ? 2 : label))];
  assert.deepEqual(
    [right.includes(1), right.includes(2), wrong.includes(1), wrong.includes(2)],
    [true, false, false, true],
  );
  const cases = [
    { ...first, readMask: () => right },
    { ...second, readMask: () => wrong },
  ];
  const { dice, perClass } = await validate(weights, cases, patch, 4, kernels, 'unet');
  // Label 3 is nowhere: an empty mask of an empty structure is right.
  assert.deepEqual([perClass, dice], [[50, 50, 100], 200 / 3]);
});
