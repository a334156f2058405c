import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import {
  boxOfMask,
  coarseMask,
  coarseOptions,
  coarseSize,
  findRegion,
  onGrid,
} from '../../src/core/train/coarse-region.ts';
import type { Sides } from '../../src/core/train/patch-source.ts';
import { OPTIONS, randomNetwork } from '../services/model-runs.ts';

test('a scan of clinical size is a window of at most 64 voxels a side; a small one stays as it is', () => {
  const large = { size: [512, 512, 300] as const, spacing: [0.8, 0.8, 1] as const };
  const { spacing, patch } = coarseOptions(OPTIONS, [large]);
  assert.deepEqual([spacing, patch], [6.4, [64, 64, 48]]);
  assert.deepEqual(coarseSize(large, 6.4), [64, 64, 47]);
  const small = coarseOptions(OPTIONS, [{ size: [40, 40, 20], spacing: [1, 1, 2] }]);
  assert.deepEqual([small.spacing, small.patch], [1, [48, 48, 48]]);
});

test('a structure of one voxel is still there on the coarse grid, and its box holds it on the fine one', () => {
  const fine: Sides = [50, 40, 30];
  const coarse: Sides = [10, 8, 6];
  for (const at of [
    [0, 0, 0],
    [49, 39, 29],
    [23, 11, 17],
  ] as const) {
    const mask = new Uint8Array(50 * 40 * 30);
    mask[at[0] + 50 * (at[1] + 40 * at[2])] = 3;
    const source = { size: fine, readMask: (start: Sides, size: Sides) => boxOf(mask, fine, start, size) };
    const found = coarseMask(source, coarse);
    assert.equal(
      found.reduce((sum, v) => sum + v, 0),
      1,
    );
    const box = boxOfMask(found, coarse);
    assert.ok(box);
    const { start, size } = onGrid(box, coarse, fine);
    at.forEach((v, axis) => {
      assert.ok(start[axis] <= v && v < start[axis] + size[axis], `${at} axis ${axis}: ${start} ${size}`);
      assert.ok(start[axis] >= 0 && start[axis] + size[axis] <= fine[axis]);
    });
    assert.ok(size[0] < 50, 'and is smaller than the scan');
  }
  assert.equal(boxOfMask(new Uint8Array(480), coarse), null);
});

test('a coarse model that sees nothing gives no region, one that sees a voxel gives its box', async () => {
  const weights = (bias: number) => {
    const tensors = randomNetwork({ ...OPTIONS, width: 1 }, 2);
    tensors['out.weight'].values.fill(0);
    tensors['out.bias'].values.set([0, bias]);
    return Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, values }]) => [name, tf.tensor(values, shape)]),
    );
  };
  const size: Sides = [20, 16, 12];
  const patch = { patch: [32, 16, 16] as const };
  const image = new Float32Array(20 * 16 * 12).fill(1);
  assert.equal(await findRegion(image, size, weights(-1), patch, portableKernels), null);
  assert.deepEqual(await findRegion(image, size, weights(1), patch, portableKernels), {
    start: [0, 0, 0],
    size: [20, 16, 12],
  });
});
