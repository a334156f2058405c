import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDENTITY } from '../../src/core/geometry.ts';
import { initNetwork } from '../../src/core/network/networks.ts';
import { planNetwork } from '../../src/core/network/plan.ts';
import { NETWORKS } from '../../src/core/options.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { decide } from '../../src/core/predict/decide.ts';
import { type Flips, mirrored, mirrorings } from '../../src/core/predict/mirror.ts';
import { defaultStride, slidingWindow, windowStarts } from '../../src/core/predict/sliding-window.ts';
import { Random } from '../../src/core/random.ts';
import { gridWithSpacing, resample } from '../../src/core/resample.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { testKernels } from '../reference/engine.ts';

const { name: engine, kernels } = await testKernels();
const grid = (size: Grid['size'], spacing: number): Grid => ({
  size,
  spacing: spacingMm(spacing, spacing, spacing),
  origin: lpsPoint(0, 0, 0),
  direction: IDENTITY,
});

test('windows are a stride apart and the last is flush with the border', () => {
  assert.deepEqual(windowStarts(97, 64, 32), [0, 32, 33]);
  assert.deepEqual(windowStarts(128, 64, 64), [0, 64]);
  assert.deepEqual(windowStarts(64, 64, 32), [0]);
  assert.deepEqual(windowStarts(10, 16, 8), [-3]);
  assert.deepEqual(defaultStride([96, 160, 32]), [48, 64, 16]);
  assert.deepEqual(defaultStride([1, 3, 128]), [1, 1, 64]);
  assert.deepEqual(windowStarts(8, 4, 2), [0, 2, 4]);
});

for (const network of NETWORKS) {
  test(`probabilities of overlapping windows are a mean: they sum to 1 at every voxel, also in a scan smaller than the patch (${network}, ${engine})`, async () => {
    const plan = planNetwork([1, 1, 1], [16, 16, 16], 1);
    const weights = initNetwork(network, { width: 1, inputChannels: 1, classes: 3 }, new Random(2), plan);
    for (const size of [
      [20, 17, 16],
      [9, 16, 16],
    ] as [number, number, number][]) {
      const image = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => Math.sin(i));
      const maps = await slidingWindow(image, size, weights, kernels, {
        patch: [16, 16, 16],
        stride: [8, 8, 8],
        network,
        plan,
      });
      assert.equal(maps.length, 3);
      for (let i = 0; i < image.length; i++) assert.ok(Math.abs(maps[0][i] + maps[1][i] + maps[2][i] - 1) < 1e-5);
    }
  });
}

test(`each voxel has the mean of the windows over it, with zeros outside the scan (${engine})`, async () => {
  const size = [20, 9, 17] as const;
  const patch = [16, 16, 16] as const;
  const image = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => Math.sin(i));
  const weights = initNetwork('unet', { width: 1, inputChannels: 1, classes: 2 }, new Random(2));
  const windowing = { patch, stride: [3, 8, 8], network: 'unet' } as const;
  const windows: [number, number][] = [];
  const maps = await slidingWindow(image, size, weights, kernels, windowing, (done, total) => {
    windows.push([done, total]);
  });
  const [sums, counts] = [new Float64Array(image.length), new Float64Array(image.length)];
  let number = 0;
  for (const z of [0, 1])
    for (const x of [0, 3, 4]) {
      const start = [x, -4, z] as const;
      const box = new Float32Array(16 ** 3);
      const each = (visit: (voxel: number, at: number) => void) => {
        for (let k = 0; k < 16; k++)
          for (let j = 4; j < 4 + 9; j++)
            for (let i = 0; i < 16; i++) visit(x + i + 20 * (j - 4 + 9 * (z + k)), i + 16 * (j + 16 * k));
      };
      each((voxel, at) => {
        box[at] = image[voxel];
      });
      assert.deepEqual(boxOf(image, size, start, patch), box);
      const [, one] = await slidingWindow(box, patch, weights, kernels, windowing);
      each((voxel, at) => {
        sums[voxel] += one[at];
        counts[voxel]++;
      });
      windows.shift();
      number++;
    }
  assert.deepEqual([number, windows.length], [6, 0]);
  sums.forEach((sum, n) => {
    assert.ok(Math.abs(maps[1][n] - sum / counts[n]) < 1e-5, `voxel ${n}`);
  });
});

test(`mirrored windows are averaged: the prediction of a mirrored scan is then the mirrored prediction (${engine})`, async () => {
  const weights = initNetwork('unet', { width: 1, inputChannels: 1, classes: 2 }, new Random(2));
  const size = [16, 20, 16] as const;
  const image = Float32Array.from({ length: 16 * 20 * 16 }, (_, i) => Math.sin(i * 0.37) + (i % 7));
  const windows = { patch: [16, 16, 16], stride: [8, 4, 8], network: 'unet' } as const;
  const predict = (voxels: Float32Array, flips?: Flips) =>
    slidingWindow(voxels, size, weights, kernels, { ...windows, flips });
  const flips: Flips = [true, true, false];
  const worst = (a: Float32Array, b: Float32Array) => a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0);
  const both = async (asked?: Flips) => {
    const [straight, turned] = [await predict(image, asked), await predict(mirrored(image, size, flips), asked)];
    return worst(straight[1], mirrored(turned[1], size, flips));
  };
  assert.ok((await both(flips)) < 1e-5);
  assert.ok((await both()) > 1e-3); // without, a convolution knows left from right
  const [, p] = await predict(image, flips);
  assert.ok(p.every((v) => v >= 0 && v <= 1.00001));
});

test('a patch is mirrored along each axis alone', () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i); // two maps of 3 x 2 x 2
  const at = (n: number, x: number, y: number, z: number) => x + 3 * (y + 2 * (z + 2 * n));
  for (const flips of [
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ] as Flips[]) {
    const turned = mirrored(values, [3, 2, 2], flips);
    for (const n of [0, 1])
      for (const [x, y, z] of [
        [0, 0, 0],
        [2, 1, 0],
        [1, 0, 1],
      ])
        assert.equal(turned[at(n, x, y, z)], at(n, flips[0] ? 2 - x : x, flips[1] ? 1 - y : y, flips[2] ? 1 - z : z));
  }
  assert.equal(mirrorings([true, false, true]).length, 4);
});

test('a decision is the most probable class, ties to background, with its entropy in nats', () => {
  const size = [4, 1, 1] as const;
  const p1 = Float32Array.from([0.5, 0.9, 0.1, 1]);
  const { mask, entropy, sliceEntropy, meanEntropy } = decide([p1.map((p) => 1 - p), p1], grid(size, 1), grid(size, 1));
  assert.deepEqual([...mask.data], [0, 1, 0, 1]);
  const h = (p: number) => (p === 0 || p === 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p));
  for (const [i, p] of [0.5, 0.9, 0.1, 1].entries()) assert.ok(Math.abs(entropy.data[i] - h(p)) <= 1 / 512 + 1e-6);
  assert.ok(Math.abs(sliceEntropy[0] - (h(0.5) + 2 * h(0.1)) / 4) < 1e-6);
  assert.equal(sliceEntropy[0], meanEntropy);
});

test('on another grid each class is interpolated first, then the most probable wins; sides need not be equal', () => {
  const coarse = { ...grid([3, 4, 10], 2), spacing: spacingMm(2, 3, 4) };
  const fine: Grid = { ...grid([5, 7, 21], 1), spacing: spacingMm(1.1, 1.6, 1.9), origin: lpsPoint(0.3, 0.2, 0.1) };
  const raw = [0, 1, 2].map((c) => Float32Array.from({ length: 120 }, (_, i) => 1 + Math.sin(i * (c + 1) + c)));
  const maps = raw.map((map) => map.map((p, i) => p / (raw[0][i] + raw[1][i] + raw[2][i])));
  const { mask, entropy, sliceEntropy } = decide(maps, coarse, fine);
  const fineMaps = maps.map((data) => resample({ ...coarse, data }, fine, 'linear', 'edge').data);
  const sums = new Array<number>(21).fill(0);
  for (let v = 0; v < mask.data.length; v++) {
    const total = fineMaps[0][v] + fineMaps[1][v] + fineMaps[2][v];
    const p = fineMaps.map((map) => map[v] / total);
    const h = p.reduce((sum, x) => sum - (x > 0 ? x * Math.log(x) : 0), 0);
    sums[Math.floor(v / 35)] += h / 35;
    assert.equal(mask.data[v], p.indexOf(Math.max(...p)), `voxel ${v}`);
    assert.ok(Math.abs(entropy.data[v] - h) <= 1 / 512 + 1e-5, `voxel ${v}`);
  }
  sums.forEach((h, k) => {
    assert.ok(Math.abs(sliceEntropy[k] - h) < 1e-5, `slice ${k}`);
  });
});

test('what lies at the border of a scan stays where the coarser grid ends short of it', () => {
  // 13 voxels of 1 mm are 2.6 voxels of 5 mm: the grid of 3 is longer; 12 are 2.4, and 2 voxels end at 10 mm.
  for (const n of [12, 13]) {
    const fine = grid([n, n, n], 1);
    const coarse = gridWithSpacing(fine, 5);
    const p = new Float32Array(coarse.size.reduce((a, b) => a * b)).fill(0.8);
    const { mask, entropy, ownDice } = decide([p.map((v) => 1 - v), p], coarse, fine);
    assert.ok(
      mask.data.every((v) => v === 1),
      'every voxel is of the label',
    );
    assert.ok(
      entropy.data.every((h) => h > 0.4),
      'and none is certain',
    );
    assert.ok(Math.abs(ownDice[0] - 100 * (1.6 / 1.8)) < 1e-3, `${ownDice[0]}`);
  }
});

test('a mask is decided on the scan’s own grid, slab by slab, from probabilities of a coarser one', () => {
  const coarse = grid([8, 8, 20], 2);
  const p = new Float32Array(8 * 8 * 20);
  for (let i = 0; i < p.length; i++) p[i] = Math.floor(i / 64) >= 10 ? 0.9 : 0.1;
  const fine: Grid = { ...grid([16, 16, 40], 1), origin: lpsPoint(-0.5, -0.5, -0.5) };
  const { mask, sliceEntropy } = decide([p.map((v) => 1 - v), p], coarse, fine);
  assert.equal(sliceEntropy.length, 40);
  // The step lies between coarse slices 9 and 10, that is between fine slices 19 and 20.
  for (let k = 0; k < 40; k++) assert.equal(mask.data[k * 256 + 100], k >= 20 ? 1 : 0, `slice ${k}`);
});
