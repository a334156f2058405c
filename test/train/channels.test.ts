import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { initNetwork } from '../../src/core/network/networks.ts';
import { METHODS, type SettledOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { slidingWindow } from '../../src/core/predict/sliding-window.ts';
import { Random } from '../../src/core/random.ts';
import { imageTensor } from '../../src/core/train/batch.ts';
import { channelsOf, joined, withoutSome } from '../../src/core/train/channels.ts';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import { train } from '../../src/core/train/loop.ts';
import { type PatchSource, planCrop, readPatch, type Sides } from '../../src/core/train/patches.ts';
import { testKernels } from '../reference/engine.ts';
import { labelled, unlabelled } from './helpers.ts';

const { name: engine, kernels } = await testKernels();
const SIZE: Sides = [9, 8, 7];

/** Scans of these images, one or several channels. */
const scan = (...images: Float32Array[]): PatchSource => ({
  name: 'scan',
  size: SIZE,
  channels: images.length,
  readImage: (start, box) => boxOf(joined(images), SIZE, start, box),
});
const values = (step: number) => Float32Array.from({ length: 9 * 8 * 7 }, (_, i) => Math.sin(i * step));

test('channels lie one after another in a patch and side by side in a tensor', () => {
  const image = Float32Array.from([1, 2, 3, 4, 10, 20, 30, 40]);
  const tensor = imageTensor(image, [2, 1, 2]);
  assert.deepEqual(tensor.shape, [1, 2, 1, 2, 2]);
  assert.deepEqual([...tensor.dataSync()], [1, 10, 2, 20, 3, 30, 4, 40]);
  assert.deepEqual(joined(channelsOf(image, [2, 1, 2])), image);
});

for (const augmentation of ['none', 'turns', 'warp', 'strong'] as const)
  test(`every channel of a crop is cut, turned and warped alike (${augmentation})`, () => {
    const [a, b] = [values(0.7), values(1.9)];
    for (let n = 0; n < 8; n++) {
      const plan = planCrop(SIZE, [5, 4, 4], new Random(n), augmentation);
      const read = (source: PatchSource) => readPatch(source, [5, 4, 4], plan).image;
      assert.deepEqual(read(scan(a, b)), joined([read(scan(a)), read(scan(b))]));
    }
  });

test('channels are left out by chance, one always stays, and a scan of one channel is not touched', () => {
  const image = joined([1, 2, 3].map((value) => new Float32Array(8).fill(value)));
  const random = new Random(4);
  const seen = Array.from({ length: 600 }, () =>
    channelsOf(withoutSome(image, [2, 2, 2], 0.3, random), [2, 2, 2]).map(([first], c) => {
      assert.ok(first === 0 || first === c + 1);
      return first > 0;
    }),
  );
  assert.ok(seen.every((left) => left.some(Boolean)));
  // Each stays in .7 of the draws, and in a third of those .3^3 in which all were to go.
  for (const c of [0, 1, 2]) {
    const share = seen.filter((left) => left[c]).length / seen.length;
    assert.ok(Math.abs(share - (0.7 + 0.3 ** 3 / 3)) < 0.06, `${share}`);
  }
  const before = random.state;
  const single = new Float32Array(8).fill(5);
  assert.equal(withoutSome(single, [2, 2, 2], 0.9, random), single);
  assert.deepEqual(random.state, before);
});

test(`a second channel whose weights are 0 changes no prediction (${engine})`, async () => {
  const shape = { width: 2, classes: 2 };
  const one = initNetwork('unet', { ...shape, inputChannels: 1 }, new Random(3));
  const first = one['down0.conv1.weight'];
  const two = { ...one, 'down0.conv1.weight': tf.concat([first, tf.zerosLike(first)], 3) };
  const size = [20, 16, 17] as const;
  const image = Float32Array.from({ length: 20 * 16 * 17 }, (_, i) => Math.sin(i * 0.31));
  const windows = { patch: [16, 16, 16], stride: [8, 8, 8], network: 'unet' } as const;
  const [, expected] = await slidingWindow(image, size, one, kernels, windows);
  const [, actual] = await slidingWindow(joined([image, image.map((v) => 3 * v)]), size, two, kernels, windows);
  assert.equal(actual.length, image.length);
  assert.ok(actual.every((v, i) => Math.abs(v - expected[i]) < 1e-5));
});

for (const method of METHODS)
  test(`${method} trains on two channels (${engine})`, async () => {
    const twice = (source: PatchSource): PatchSource => ({
      ...source,
      channels: 2,
      readImage: (start, box) => {
        const image = source.readImage(start, box);
        return joined([image, image.map((v) => 1 - v)]);
      },
    });
    const options: SettledOptions = {
      ...resolveOptions({
        network: 'unet',
        method,
        width: 2,
        steps: 2,
        checkpointEvery: 100,
        validateEvery: 100,
        intensity: 'on',
        prototypeFeatures: 'decoder-1/4',
      }),
      patch: [16, 16, 16],
      spacing: 'native',
    };
    let saved = new Uint8Array(0) as Uint8Array;
    const losses: number[] = [];
    await train({
      options,
      classes: ['background', 'ball'],
      labelled: labelled.map(twice),
      unlabelled: unlabelled.map(twice),
      kernels,
      hooks: {
        onStep: (report) => void losses.push(report.losses.total),
        onCheckpoint: async (bytes) => {
          saved = bytes;
        },
      },
    });
    assert.ok(losses.length === 2 && losses.every(Number.isFinite), losses.join());
    const { tensors } = decodeCheckpoint(saved);
    assert.deepEqual(tensors['student/down0.conv1.weight'].shape, [3, 3, 3, 2, 2]);
  });
