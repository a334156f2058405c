/** The transposed convolution of the simd engine against matrix products whose rows are spread. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { transposedByProducts } from '../../src/core/network/planned-ops.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';
import { wave } from './op-cases.ts';

/** [D, H, W, C, fd, fh, fw, K]: single voxels, odd sides and channels, factors of 1, levels of the network planned for 48x32x16. */
const SHAPES = [
  [1, 1, 1, 1, 2, 2, 2, 1],
  [1, 3, 5, 3, 1, 2, 2, 5],
  [3, 2, 7, 5, 2, 1, 1, 3],
  [2, 3, 4, 16, 2, 2, 1, 8],
  [4, 4, 6, 64, 1, 2, 2, 32],
  [8, 16, 24, 16, 2, 2, 2, 8],
];

before(async () => {
  registerSimd();
  await tf.setBackend('simd');
});

after(() => tf.removeBackend('simd'));

for (const [d, h, w, c, fd, fh, fw, k] of SHAPES) {
  test(`a transposed convolution of ${d}x${h}x${w}, ${c} to ${k} channels, by ${fd}x${fh}x${fw} equals its twin, forward and both gradients`, () => {
    const { heap } = simdBackend().machine;
    const blocks = heap.blocks;
    tf.tidy(() => {
      const x = wave([1, d, h, w, c], 0.37) as FeatureMap;
      const dy = wave([1, fd * d, fh * h, fw * w, k], 0.61) as FeatureMap;
      const weights = wave([c, fd, fh, fw, k], 0.83) as tf.Tensor5D;
      const results = [simdKernels().transposedConv, transposedByProducts].map((form) => [
        form.forward(x, weights),
        form.gradInput(dy, weights),
        form.gradWeights(x, dy, [fd, fh, fw]),
      ]);
      results[1].forEach((slow, n) => {
        const fast = results[0][n];
        assert.deepEqual(fast.shape, slow.shape);
        const [a, b] = [fast.dataSync(), slow.dataSync()] as Float32Array[];
        const scale = b.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
        b.forEach((value, i) => {
          assert.ok(Math.abs(a[i] - value) <= 2e-5 * scale, `result ${n} at ${i}: ${a[i]}, expected ${value}`);
        });
      });
    });
    assert.equal(heap.blocks, blocks);
  });
}
