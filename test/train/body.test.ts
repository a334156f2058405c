import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initNetwork } from '../../src/core/network/networks.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { slidingWindowInBody } from '../../src/core/predict/inside-body.ts';
import { slidingWindow } from '../../src/core/predict/sliding-window.ts';
import { Random } from '../../src/core/random.ts';
import { bodyBox, boxOfBoth, startsInBody, windowedBox } from '../../src/core/train/body.ts';
import { planCrop, type Sides } from '../../src/core/train/patches.ts';
import { testKernels } from '../reference/engine.ts';

const SIZE: Sides = [20, 18, 16];

/** `outside` everywhere but in a box. */
function scan(outside: number, inside: number, start: Sides, box: Sides): Float32Array {
  const data = new Float32Array(SIZE[0] * SIZE[1] * SIZE[2]).fill(outside);
  for (let z = 0; z < box[2]; z++)
    for (let y = 0; y < box[1]; y++) {
      const row = start[0] + SIZE[0] * (start[1] + y + SIZE[1] * (start[2] + z));
      data.fill(inside, row, row + box[0]);
    }
  return data;
}

test('the body is what is above 0 in MR and above -500 HU in CT; an empty or normalised scan is whole', () => {
  const box = { start: [3, 5, 2], size: [7, 9, 4] };
  const whole = { start: [0, 0, 0], size: [20, 18, 16] };
  assert.deepEqual(bodyBox(scan(0, 7, [3, 5, 2], [7, 9, 4]), SIZE, 'mr'), box);
  assert.deepEqual(bodyBox(scan(-1000, -400, [3, 5, 2], [7, 9, 4]), SIZE, 'ct'), box);
  assert.deepEqual(bodyBox(scan(-1000, -600, [3, 5, 2], [7, 9, 4]), SIZE, 'ct'), whole);
  assert.deepEqual(bodyBox(scan(0, 7, [3, 5, 2], [7, 9, 4]), SIZE, 'none'), whole);
  const point = { start: [1, 17, 6] as [number, number, number], size: [1, 1, 1] as [number, number, number] };
  assert.deepEqual(boxOfBoth({ start: [3, 5, 2], size: [7, 9, 4] }, point), { start: [1, 5, 2], size: [9, 13, 5] });
});

test('patches stay inside a body that is larger than they are, and around a smaller one', () => {
  // 20 voxels, a patch of 8: starts 0 to 12.
  assert.deepEqual(startsInBody(20, 8, 0, 20), [0, 12]);
  assert.deepEqual(startsInBody(20, 8, 3, 10), [3, 5]);
  assert.deepEqual(startsInBody(20, 8, 10, 4), [6, 10]);
  assert.deepEqual(startsInBody(20, 8, 17, 2), [11, 12]);
  const random = new Random(1);
  const body = { start: [3, 10, 0] as [number, number, number], size: [10, 4, 16] as [number, number, number] };
  const starts = Array.from(
    { length: 300 },
    () => planCrop(SIZE, [8, 8, 8], random, 'none', undefined, null, body).start,
  );
  const drawn = (axis: number) => [...new Set(starts.map((s) => s[axis]))].sort((a, b) => a - b);
  assert.deepEqual(
    [drawn(0), drawn(1)],
    [
      [3, 4, 5],
      [6, 7, 8, 9, 10],
    ],
  );
  assert.equal(drawn(2).length, 9);
});

test('windows go over the body, or over one patch around a smaller one, never out of the scan', () => {
  const over = (start: Sides, size: Sides) => windowedBox(SIZE, [8, 8, 16], { start: [...start], size: [...size] });
  assert.deepEqual(over([3, 5, 2], [10, 9, 4]), { start: [3, 5, 0], size: [10, 9, 16] });
  assert.deepEqual(over([17, 0, 2], [2, 2, 4]), { start: [11, 0, 0], size: [9, 8, 16] });
});

const { name: engine, kernels } = await testKernels();

test(`predictions of the body are put back where they were cut out, with background around (${engine})`, async () => {
  const random = new Random(2);
  const size: Sides = [40, 32, 20];
  const image = Float32Array.from({ length: 40 * 32 * 20 }, () => random.normal());
  const weights = initNetwork('unet', { width: 2, inputChannels: 1, classes: 2 }, new Random(3));
  const windowing = { patch: [16, 16, 16] as Sides, stride: [8, 8, 8] as Sides, network: 'unet' as const };
  const body = { start: [9, 4, 1] as [number, number, number], size: [20, 17, 18] as [number, number, number] };
  const maps = await slidingWindowInBody(image, size, body, weights, kernels, windowing);
  const inside = await slidingWindow(boxOf(image, size, body.start, body.size), body.size, weights, kernels, windowing);
  maps.forEach((map, label) => {
    assert.deepEqual(boxOf(map, size, body.start, body.size), inside[label]);
    assert.ok(
      map.slice(0, 40 * 32).every((v) => v === 1 - label),
      'the first slice lies outside',
    );
  });
  const sums = maps[0].map((v, i) => v + maps[1][i]);
  assert.ok(sums.every((v) => Math.abs(v - 1) < 1e-5));
  const whole = await slidingWindow(image, size, weights, kernels, windowing);
  const all = { start: [0, 0, 0] as [number, number, number], size: [...size] as [number, number, number] };
  assert.deepEqual(await slidingWindowInBody(image, size, all, weights, kernels, windowing), whole);
  assert.deepEqual(await slidingWindowInBody(image, size, null, weights, kernels, windowing), whole);
});
