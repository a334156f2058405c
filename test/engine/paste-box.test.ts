/** The engines' own pasting of a box against the one by ops: images with channels, class maps, boxes at the edges. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type Box, PASTE_BOX, pasted, pastedByOps } from '../../src/core/methods/mixing.ts';
import { registerSimd } from '../../src/engine/simd/index.ts';
import { startWebgpuForTests } from './webgpu.ts';

const noGpu = await startWebgpuForTests();
registerSimd();
after(() => tf.removeBackend('simd'));

const BOXES: Box[] = [
  { start: [1, 2, 3], sides: [2, 3, 4] },
  { start: [0, 0, 0], sides: [5, 6, 8] },
  { start: [4, 5, 7], sides: [1, 1, 1] },
];

for (const engine of ['simd', 'webgpu'])
  for (const shape of [
    [1, 5, 6, 8, 3],
    [3, 5, 6, 8],
  ])
    test(`${engine}: a box of [${shape}]`, { skip: engine === 'webgpu' && noGpu }, async () => {
      await tf.setBackend(engine);
      assert.ok(tf.getKernel(PASTE_BOX, engine));
      const size = shape.reduce((a, b) => a * b);
      const [into, from] = [1, -1].map((sign) =>
        tf.tensor(
          Float32Array.from({ length: size }, (_, i) => sign * (i + 1)),
          shape,
        ),
      );
      for (const box of BOXES) {
        const [own, slow] = [pasted(into, from, box), pastedByOps(into, from, box)];
        assert.deepEqual(own.shape, shape);
        assert.deepEqual(await own.data(), await slow.data());
        tf.dispose([own, slow]);
      }
      tf.dispose([into, from]);
    });
