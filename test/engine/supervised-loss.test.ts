/** The engines' own supervised loss against the one in parts: value and gradient, with voxels that are not drawn. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../../src/core/loss/deep-supervision.ts';
import { supervisedInParts } from '../../src/core/loss/supervised.ts';
import { supervisedByKernel } from '../../src/core/loss/supervised-kernel.ts';
import { DICE_CLASSES, type DiceClasses } from '../../src/core/options.ts';
import { registerSimd } from '../../src/engine/simd/index.ts';
import { startWebgpuForTests } from './webgpu.ts';

const noGpu = await startWebgpuForTests();
registerSimd();
after(() => tf.removeBackend('simd'));

type Sides = [number, number, number];
const logitsOf = (classes: number, sides: Sides, seed: number): tf.Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: classes * sides[0] * sides[1] * sides[2] }, (_, i) => 6 * Math.sin(i * 12.9898 + seed)),
    [classes, ...sides],
  );

/**
 * @param drawn whether a voxel counts
 * @param held the first classes, which voxels are of
 */
function oneHotOf(
  classes: number,
  sides: Sides,
  seed: number,
  drawn: (v: number) => boolean,
  held = classes,
): tf.Tensor4D {
  const n = sides[0] * sides[1] * sides[2];
  const mask = new Float32Array(classes * n);
  for (let v = 0; v < n; v++) if (drawn(v)) mask[Math.floor(held * Math.abs(Math.sin(v * 78.233 + seed))) * n + v] = 1;
  return tf.tensor4d(mask, [classes, ...sides]);
}

/** Value, and gradients for an upstream slope of 3. */
async function lossOn(
  engine: string,
  loss: typeof supervisedInParts,
  make: () => [tf.Tensor4D[], tf.Tensor4D[]],
  of: DiceClasses = 'all',
) {
  await tf.setBackend(engine);
  const before = tf.memory().numTensors;
  const [logits, oneHot] = make();
  const { value, grads } = tf.valueAndGrads((...z) => loss(z as tf.Tensor4D[], oneHot, of).mul(3) as tf.Scalar)(logits);
  const result = { value: (await value.data())[0], grads: await Promise.all(grads.map((map) => map.data())) };
  tf.dispose([value, grads, logits, oneHot]);
  assert.equal(tf.memory().numTensors, before);
  return result;
}

const own = (logits: tf.Tensor4D[], oneHot: tf.Tensor4D[], of: DiceClasses): tf.Scalar => {
  const loss = supervisedByKernel(logits, oneHot, of);
  assert.ok(loss, 'the engine has an op of its own');
  return loss;
};

const CASES: {
  name: string;
  classes: number;
  images: number;
  sides: Sides;
  drawn?: (v: number) => boolean;
  held?: number;
}[] = [
  { name: 'two classes, two images', classes: 2, images: 2, sides: [4, 6, 8] },
  { name: 'three classes and sides that fill no vector', classes: 3, images: 1, sides: [3, 5, 7] },
  { name: 'one voxel', classes: 2, images: 1, sides: [1, 1, 1] },
  { name: 'voxels that are not drawn', classes: 2, images: 2, sides: [5, 6, 7], drawn: (v) => v % 3 > 0 },
  { name: 'classes that no image holds', classes: 5, images: 2, sides: [5, 6, 7], held: 3 },
  { name: 'no voxel drawn', classes: 2, images: 2, sides: [4, 4, 4], drawn: () => false },
  {
    name: 'more voxels than a chunk, six classes',
    classes: 6,
    images: 3,
    sides: [17, 23, 29],
    drawn: (v) => v % 7 > 0,
  },
];

for (const engine of ['simd', 'webgpu'])
  for (const { name, classes, images, sides, drawn = () => true, held = classes } of CASES)
    test(`${engine}: ${name}`, { skip: engine === 'webgpu' && noGpu }, async () => {
      const numbers = Array.from({ length: images }, (_, k) => k);
      const make = (): [tf.Tensor4D[], tf.Tensor4D[]] => [
        numbers.map((k) => logitsOf(classes, sides, k)),
        numbers.map((k) => oneHotOf(classes, sides, k + 0.3, drawn, held)),
      ];
      for (const of of DICE_CLASSES) {
        const expected = await lossOn('cpu', supervisedInParts, make, of);
        const actual = await lossOn(engine, own, make, of);
        assert.ok(Math.abs(actual.value - expected.value) < 2e-5, `${actual.value}, ${expected.value}`);
        for (const [k, grads] of expected.grads.entries()) {
          const scale = Math.max(...grads.map(Math.abs), 1e-12);
          const worst = Math.max(...grads.map((g, i) => Math.abs(g - actual.grads[k][i])));
          assert.ok(worst <= 2e-4 * scale, `gradient of image ${k} off by ${worst} of ${scale}`);
        }
      }
    });

for (const engine of ['simd', 'webgpu'])
  test(`${engine}: runs from before there was a choice count all classes`, {
    skip: engine === 'webgpu' && noGpu,
  }, async () => {
    const sides: Sides = [4, 5, 6];
    const make = (): [tf.Tensor4D[], tf.Tensor4D[]] => [
      [logitsOf(3, sides, 1)],
      [oneHotOf(3, sides, 2, () => true, 2)],
    ];
    const { value } = await lossOn(engine, (logits, oneHot) => deepSupervisedLoss({ logits }, oneHot, {}), make);
    assert.equal(value, (await lossOn(engine, own, make, 'all')).value);
    assert.notEqual(value, (await lossOn(engine, own, make, 'present')).value);
  });

for (const engine of ['simd', 'webgpu'])
  test(`${engine}: a logit that is no number makes the loss none`, { skip: engine === 'webgpu' && noGpu }, async () => {
    const make = (): [tf.Tensor4D[], tf.Tensor4D[]] => {
      const values = new Float32Array(2 * 64);
      values[77] = Number.NaN;
      return [[tf.tensor4d(values, [2, 4, 4, 4])], [oneHotOf(2, [4, 4, 4], 1, () => true)]];
    };
    assert.ok(Number.isNaN((await lossOn(engine, own, make)).value));
  });
