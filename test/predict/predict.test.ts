import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDENTITY } from '../../src/core/geometry.ts';
import { initNetwork } from '../../src/core/network/networks.ts';
import { NETWORKS } from '../../src/core/options.ts';
import { decide } from '../../src/core/predict/decide.ts';
import { defaultStride, slidingWindow, windowStarts } from '../../src/core/predict/sliding-window.ts';
import { Random } from '../../src/core/random.ts';
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
});

for (const network of NETWORKS) {
  test(`probabilities of overlapping windows are a mean: they sum to 1 at every voxel, also in a scan smaller than the patch (${network}, ${engine})`, async () => {
    const weights = initNetwork(network, { width: 1, inputChannels: 1, classes: 3 }, new Random(2));
    for (const size of [
      [20, 17, 16],
      [9, 16, 16],
    ] as [number, number, number][]) {
      const image = Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => Math.sin(i));
      const maps = await slidingWindow(image, size, weights, kernels, {
        patch: [16, 16, 16],
        stride: [8, 8, 8],
        network,
      });
      assert.equal(maps.length, 3);
      for (let i = 0; i < image.length; i++) assert.ok(Math.abs(maps[0][i] + maps[1][i] + maps[2][i] - 1) < 1e-5);
    }
  });
}

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
