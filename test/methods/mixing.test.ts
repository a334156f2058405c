import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Context } from '../../src/core/methods/method.ts';
import { boxMask, drawBox, pasted, pastedRound } from '../../src/core/methods/mixing.ts';
import { paste } from '../../src/core/methods/paste.ts';
import { Random } from '../../src/core/random.ts';
import { testKernels } from '../reference/engine.ts';
import { noise } from '../reference/golden.ts';

await testKernels();

test('a box has floor(2/3) of each side and is drawn everywhere that it fits, both ends included', () => {
  const random = new Random(1);
  const starts = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (let n = 0; n < 300; n++) {
    const { start, sides } = drawBox([16, 9, 7], random);
    assert.deepEqual(sides, [10, 6, 4]);
    for (const axis of [0, 1, 2]) starts[axis].add(start[axis]);
  }
  const room = [16 - 10, 9 - 6, 7 - 4];
  for (const axis of [0, 1, 2])
    assert.deepEqual(
      [...starts[axis]].sort(),
      Array.from({ length: room[axis] + 1 }, (_, n) => n),
    );
});

test('pasting changes the voxels of the box alone, in images and in class maps', () => {
  const box = { start: [1, 0, 2], sides: [2, 1, 2] } as const;
  const at = (z: number, y: number, x: number) => z >= 1 && z < 3 && y < 1 && x >= 2 && x < 4;
  const shape = [4, 3, 5] as const;
  const [into, from] = [noise(120, 1), noise(120, 2)];
  const maps = [into, from].map((values) => tf.tensor4d(values, [2, ...shape]));
  const images = [into, from].map((values) => tf.tensor5d(values, [1, ...shape, 2]));
  const inside = (voxel: number) => at(Math.floor(voxel / 15), Math.floor(voxel / 5) % 3, voxel % 5);
  const map = pasted(maps[0], maps[1], box).dataSync();
  const image = pasted(images[0], images[1], box).dataSync();
  for (let i = 0; i < 120; i++) {
    assert.equal(map[i], (inside(i % 60) ? from : into)[i], `class map, ${i}`);
    assert.equal(image[i], (inside(i >> 1) ? from : into)[i], `image, ${i}`);
  }
  assert.equal(tf.sum(boxMask(box, shape)).dataSync()[0], 2 * 1 * 2);
});

test('each map gets the box of the next one: both ways of two, and a single one stays as it is', () => {
  const box = { start: [0, 0, 0], sides: [1, 1, 1] } as const;
  const maps = [1, 2, 3].map((v) => tf.fill([1, 1, 1, 2], v));
  const mixed = (count: number) => pastedRound(maps.slice(0, count), box).map((m) => [...m.dataSync()]);
  assert.deepEqual(mixed(3), [
    [2, 1],
    [3, 2],
    [1, 3],
  ]);
  assert.deepEqual(mixed(2), [
    [2, 1],
    [1, 2],
  ]);
  assert.deepEqual(mixed(1), [[1, 1]]);
});

test('paste learns the masks of what its images show: image and mask of every voxel come from the same patch', async () => {
  const sides = [6, 6, 6] as const;
  const context = { box: () => drawBox(sides, new Random(5)), own: <T>(maps: T) => maps } as unknown as Context;
  // An image that is its own mask: background -1, foreground 1.
  const labels = [1, 2].map((seed) => Float32Array.from(noise(216, seed), (v) => (v > 0 ? 1 : 0)));
  const images = labels.map((l) =>
    tf.tensor5d(
      l.map((v) => 2 * v - 1),
      [1, ...sides, 1],
    ),
  );
  const oneHot = labels.map((l) => tf.tensor4d([...l.map((v) => 1 - v), ...l], [2, ...sides]));
  const batch = { labelled: { images, oneHot, voxels: [] }, unlabelled: { images: [] } };
  const { mixed } = paste.forwards(batch, context);
  const constants = (await paste.constants?.({}, batch, context)) as { oneHot: tf.Tensor4D[] };
  mixed.images.forEach((image, k) => {
    const foreground = [...constants.oneHot[k].dataSync()].slice(216);
    assert.deepEqual(
      foreground.map((v) => 2 * v - 1),
      [...image.dataSync()],
    );
    assert.notDeepEqual([...image.dataSync()], [...images[k].dataSync()]);
  });
});
