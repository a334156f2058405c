/** A scan that is read and summed on the GPU, beside the same in the processor's memory: to the bit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Three } from '../../src/core/axes.ts';
import type { WindowSums } from '../../src/core/network/kernels.ts';
import { sumsInMemory } from '../../src/core/predict/window-sums.ts';
import { webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { startWebgpuForTests } from './webgpu.ts';

const skip = await startWebgpuForTests();

const [SIZE, PATCH, CLASSES, CHANNELS] = [[7, 5, 6] as const, [4, 6, 3] as const, 3, 2];
const WINDOWS: [Three<number>, Three<boolean>][] = [
  [
    [0, -1, 0],
    [false, false, false],
  ],
  [
    [3, -1, 3],
    [true, false, true],
  ],
  [
    [-2, 3, 5],
    [false, true, false],
  ],
];

/** What a network could say: the window's channels, turned into maps. */
async function read(scan: WindowSums): Promise<{ windows: number[][]; sums: number[][] }> {
  const windows: number[][] = [];
  for (const [start, flips] of WINDOWS) {
    const window = scan.window(start, PATCH, flips);
    windows.push([...(await window.data())]);
    const said = tf.tidy(() => {
      const [first, second] = tf
        .split(window, CHANNELS, 4)
        .map((map) => map.reshape([1, PATCH[2], PATCH[1], PATCH[0]]));
      return tf.concat([first, second, tf.mul(first, 2)]) as tf.Tensor4D;
    });
    window.dispose();
    await scan.add(said, start, PATCH, flips);
  }
  const sums = (await scan.read()).map((map) => [...map]);
  scan.dispose();
  return { windows, sums };
}

test('windows and their sums are those of the processor, mirrored and over the border too', { skip }, async () => {
  const image = Float32Array.from({ length: CHANNELS * 7 * 5 * 6 }, (_, i) => Math.sin(i));
  await tf.setBackend('cpu');
  const expected = await read(sumsInMemory(image, SIZE, CLASSES));
  await tf.setBackend('webgpu');
  const before = tf.memory().numTensors;
  const scan = webgpuKernels().windowSums?.(image, SIZE, CLASSES);
  assert.ok(scan);
  assert.deepEqual(await read(scan), expected);
  assert.equal(tf.memory().numTensors, before);
});

test('a scan that would take too much of the GPU stays with the processor', { skip }, async () => {
  await tf.setBackend('webgpu');
  const large = { length: 600 ** 3 } as Float32Array;
  assert.equal(webgpuKernels().windowSums?.(large, [600, 600, 600], 2), undefined);
});
