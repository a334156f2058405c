/** The convolution for matrix units, computed one number at a time from the same text of places, beside the slow convolution. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { ConvWeights, FeatureMap } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { matrixGroups, matrixTile } from '../../src/engine/webgpu/matrix-conv.ts';
import { BORDER, type MatrixSizes, PLACES } from '../../src/engine/webgpu/wgsl/conv-matrix.ts';

before(async () => {
  await tf.setBackend('cpu');
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
});

type Numbers = Record<string, number>;

/** Reads the text of a place as JavaScript; its names are those of `known`, and of the texts before it. */
function reader<K extends string>(texts: Record<K, string>, names: string): (known: Numbers) => Record<K, number> {
  const lines = Object.entries<string>(texts).map(([name, text]) => `const ${name} = Number(${text});`);
  const body = `const { ${names} } = known; const div = (a, b) => Math.floor(a / b); const min = Math.min; ${lines.join(' ')} return { ${Object.keys(texts).join()} };`;
  return new Function('known', body) as (known: Numbers) => Record<K, number>;
}

const border = reader(BORDER, 'i, d, h, w, c');
const places = reader(PLACES, 'id, r, n, c0, dz, dy, dx, d, h, w, c, k, M, N, tiles, blocks');

/** What the shader does, a product at a time. */
function twin(x: Float32Array, weights: Float32Array, sides: readonly number[], k: number, sizes: MatrixSizes) {
  const [d, h, w, c] = sides;
  const shape = [1, ...sides];
  const tile = matrixTile(shape, k, sizes);
  assert.ok(tile);
  const map = Float32Array.from({ length: (d + 2) * (h + 2) * (w + 2) * c }, (_, i) => {
    const { inside, from } = border({ i, d, h, w, c });
    return inside ? x[from] : 0;
  });
  const y = new Float32Array(d * h * w * k).fill(Number.NaN);
  const { M, N, K } = sizes;
  for (let id = 0; id < matrixGroups(shape, k, tile); id++)
    for (let r = 0; r < tile.tiles; r++)
      for (let n = 0; n < tile.blocks; n++) {
        const sums = new Float64Array(M * N);
        let to = 0;
        for (let tap = 0; tap < 27; tap++)
          for (let c0 = 0; c0 < c; c0 += K) {
            const at = { dz: Math.floor(tap / 9), dy: Math.floor(tap / 3) % 3, dx: tap % 3 };
            const { left, right, result } = places({ id, r, n, c0, ...at, d, h, w, c, k, ...tile });
            to = result;
            // Rows of the left are voxels c apart, of the right channels k apart.
            for (let i = 0; i < M; i++)
              for (let j = 0; j < N; j++)
                for (let l = 0; l < K; l++) sums[i * N + j] += map[left + i * c + l] * weights[right + l * k + j];
          }
        for (let i = 0; i < M; i++) for (let j = 0; j < N; j++) y[to + i * k + j] = sums[i * N + j];
      }
  return y;
}

for (const [sides, k, sizes] of [
  [[3, 2, 8, 8], 16, { M: 4, N: 4, K: 4 }],
  [[1, 5, 4, 4], 4, { M: 4, N: 4, K: 4 }], // five tiles, of which the second group does one again
  [[2, 3, 16, 8], 24, { M: 16, N: 8, K: 8 }],
  [[2, 1, 8, 16], 8, { M: 8, N: 4, K: 16 }],
] as [number[], number, MatrixSizes][])
  test(`${sides.join('x')} to ${k} by units of ${Object.values(sizes).join('x')}: every value where the slow convolution has it`, () => {
    const values = (length: number, seed: number) =>
      Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7 + seed) + 0.3 * Math.sin(i * 0.013));
    const [d, h, w, c] = sides;
    const [x, weights] = [values(d * h * w * c, 1), values(27 * c * k, 2)];
    const slow = tf.tidy(() =>
      portableKernels
        .conv3d(tf.tensor(x, [1, d, h, w, c]) as FeatureMap, tf.tensor(weights, [3, 3, 3, c, k]) as ConvWeights)
        .dataSync<'float32'>(),
    );
    const own = twin(x, weights, sides, k, sizes);
    const most = slow.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    for (const [i, value] of slow.entries())
      assert.ok(Math.abs(own[i] - value) <= 1e-5 * most, `${i}: ${own[i]}, not ${value}`);
  });

test('shapes that are no multiple of the units are left to the other kernels', () => {
  const sizes = { M: 16, N: 16, K: 16 };
  assert.equal(matrixTile([1, 96, 96, 96, 1], 16, sizes), undefined);
  assert.equal(matrixTile([1, 6, 6, 6, 16], 16, sizes), undefined);
  assert.equal(matrixTile([1, 96, 96, 96, 16], 2, sizes), undefined);
  assert.equal(matrixTile([1, 96, 96, 96, 48], 16, sizes)?.blocks, 1);
  assert.equal(matrixTile([1, 12, 12, 16, 128], 128, sizes)?.blocks, 4);
});
