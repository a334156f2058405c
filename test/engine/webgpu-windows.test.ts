/** A scan that is read and summed on the GPU, beside the same in the processor's memory: to the bit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Three } from '../../src/core/axes.ts';
import type { WindowSums } from '../../src/core/network/kernels.ts';
import { initNetwork } from '../../src/core/network/networks.ts';
import { slidingWindow } from '../../src/core/predict/sliding-window.ts';
import { sumsInMemory } from '../../src/core/predict/window-sums.ts';
import { Random } from '../../src/core/random.ts';
import { webgpuBackend, webgpuKernels } from '../../src/engine/webgpu/index.ts';
import { localExecutor, startWebgpuForTests } from './webgpu.ts';

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
  const used = webgpuBackend().gpu.pool.used;
  const scan = await webgpuKernels().windowSums?.(image, SIZE, CLASSES);
  assert.ok(scan);
  assert.deepEqual(await read(scan), expected);
  assert.equal(tf.memory().numTensors, before);
  assert.equal(webgpuBackend().gpu.pool.used, used, 'nothing of it stays on the GPU');
});

test('a scan that would take too much of the GPU stays with the processor', { skip }, async () => {
  await tf.setBackend('webgpu');
  const large = { length: 600 ** 3 } as Float32Array;
  assert.equal(await webgpuKernels().windowSums?.(large, [600, 600, 600], 2), undefined);
});

/** What `work` gives on a device that refuses buffers of more than so many bytes, as one does that is full; and how many it refused. */
async function fullBeyond<T>(bytes: number, work: () => Promise<T>): Promise<{ given: T; refused: number }> {
  const { device } = localExecutor();
  const create = device.createBuffer.bind(device);
  let refused = 0;
  device.createBuffer = (asked) => {
    if (asked.size <= bytes) return create(asked);
    refused++;
    // No buffer has this usage: an error of the scope, and a buffer that nothing can use.
    return create({ ...asked, usage: 0 });
  };
  try {
    return { given: await work(), refused };
  } finally {
    device.createBuffer = create;
  }
}

test('where the GPU has no room, for the scan, the sums or what is worked with beside them, they stay with the processor and it computes on', {
  skip,
}, async () => {
  await tf.setBackend('webgpu');
  const { pool } = webgpuBackend().gpu;
  const image = new Float32Array(7 * 5 * 6).fill(1);
  for (const most of [4 * image.length - 1, 4 * image.length, 4 * image.length * 100]) {
    const used = [pool.used, pool.total];
    const asked = await fullBeyond(most, async () => webgpuKernels().windowSums?.(image, SIZE, 100));
    assert.deepEqual(asked, { given: undefined, refused: 1 });
    assert.deepEqual([pool.used, pool.total], used, 'what was made is given back');
    assert.deepEqual([...(await tf.tidy(() => tf.mul(tf.fill([20], 3), 2)).data())], new Array(20).fill(6));
  }
});

test('what is more than the limits of the adapter is not asked for', { skip }, async () => {
  await tf.setBackend('webgpu');
  const { limits } = webgpuBackend().gpu.facts;
  const image = new Float32Array(7 * 5 * 6);
  for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize'] as const) {
    const before = limits[name];
    // Enough for scan and sums, and not for what must have room beside them.
    for (const most of [4 * 210 * 50, 4 * 210 * 100]) {
      limits[name] = most;
      const asked = await fullBeyond(most, async () => webgpuKernels().windowSums?.(image, SIZE, 100));
      assert.deepEqual(asked, { given: undefined, refused: 0 }, name);
    }
    limits[name] = before;
  }
});

test('a prediction is the same to the bit where the GPU has no room for its sums, and asks for it after its network did', {
  skip,
}, async () => {
  await tf.setBackend('webgpu');
  const [size, patch] = [[10, 8, 8] as const, [8, 8, 8] as const];
  const image = Float32Array.from({ length: 10 * 8 * 8 }, (_, i) => Math.sin(i));
  const weights = initNetwork('unet', { width: 1, inputChannels: 1, classes: 2 }, new Random(2));
  const kernels = webgpuKernels();
  const { gpu } = webgpuBackend();
  const predicted = (refuse: boolean) => {
    const before = gpu.dispatches;
    const windowSums: typeof kernels.windowSums = async (...scan) => {
      assert.ok(gpu.dispatches > before, 'the network took its memory');
      return refuse
        ? (await fullBeyond(0, async () => kernels.windowSums?.(...scan))).given
        : kernels.windowSums?.(...scan);
    };
    return slidingWindow(
      image,
      size,
      weights,
      { ...kernels, windowSums },
      { patch, stride: [2, 8, 8], network: 'unet' },
    );
  };
  assert.deepEqual(await predicted(true), await predicted(false));
});
