/** Every kernel of the simd engine against its slow twin, over awkward shapes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { keyFrom } from '../../src/core/hashed.ts';
import { type ConvWeights, CUBE, type FeatureMap, HALVES } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { Random } from '../../src/core/random.ts';
import { addNoise, dropoutMask } from '../../src/core/train/randomness.ts';
import { registerSimd, simdBackend, simdKernels } from '../../src/engine/simd/index.ts';
import { convolveDirect, convolveWeightsDirect } from '../../src/engine/simd/plain-convolution.ts';
import type { Taps } from '../../src/engine/simd/tasks.ts';
import { convolveWeightsWinograd, convolveWinograd } from '../../src/engine/simd/winograd.ts';
import { convolveWeightsWinogradDepth, convolveWinogradDepth } from '../../src/engine/simd/winograd-depth.ts';
import { convolveSmall, convolveWeightsSmall } from '../../src/engine/simd/winograd-small.ts';

/** [D, H, W, C, K]: odd sides, one channel, single voxels, channel counts around the vector sizes, small deep maps. */
const CONVOLUTIONS = [
  [1, 1, 1, 1, 1],
  [1, 1, 1, 8, 8],
  [3, 5, 7, 1, 8],
  [2, 3, 5, 3, 5],
  [4, 4, 4, 2, 2],
  [3, 4, 6, 8, 16],
  [2, 9, 13, 4, 12],
  [2, 4, 4, 24, 8],
  [2, 2, 2, 40, 33],
  [5, 6, 7, 7, 9],
  [1, 8, 40, 16, 8],
  [2, 4, 4, 64, 128],
];
/** [D, H, W, C] */
const MAPS = [
  [1, 1, 1, 1],
  [1, 1, 2, 3],
  [3, 5, 7, 8],
  [2, 4, 6, 5],
  [5, 3, 2, 16],
  [1, 7, 1, 4],
  [9, 16, 17, 12],
];

type Values = Float32Array;

function random(length: number, seed: number): Values {
  let state = seed * 2654435761;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Values of `compute` on the simd engine and on the slow one. */
function both(compute: (kernels: typeof portableKernels) => tf.Tensor[]): { fast: Values[]; slow: Values[] } {
  const run = (name: string, kernels: () => typeof portableKernels) => {
    tf.setBackend(name);
    const values: Values[] = [];
    tf.tidy(() => {
      for (const tensor of compute(kernels())) values.push(tensor.dataSync() as Values);
    });
    return values;
  };
  return { fast: run('simd', simdKernels), slow: run('cpu', () => portableKernels) };
}

function assertClose({ fast, slow }: { fast: Values[]; slow: Values[] }, tolerance = 2e-5): void {
  assert.equal(fast.length, slow.length);
  for (const [which, values] of slow.entries()) {
    assert.equal(fast[which].length, values.length);
    const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    const difference = values.reduce((most, v, i) => {
      const d = Math.abs(v - fast[which][i]);
      return Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(most, d);
    }, 0);
    assert.ok(difference <= tolerance * scale, `result ${which} differs by ${difference}, largest value ${scale}`);
  }
}

type Sides5 = [number, number, number, number, number];

const map = (shape: number[], seed: number) => tf.tensor5d(random(size(shape), seed), [1, ...shape] as Sides5);

before(async () => {
  registerSimd();
  await tf.setBackend('cpu');
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
});

after(() => tf.removeBackend('simd'));

for (const [d, h, w, c, k] of CONVOLUTIONS) {
  test(`convolution ${d}x${h}x${w}, ${c} to ${k} channels, equals its twin, forward and both gradients`, () => {
    assertClose(
      both((kernels) => {
        const [x, dy] = [map([d, h, w, c], 1), map([d, h, w, k], 2)];
        const weights = tf.tensor(random(27 * c * k, 3), [3, 3, 3, c, k]) as ConvWeights;
        return [
          kernels.conv3d(x, weights),
          kernels.conv3dGradInput(dy, weights),
          kernels.conv3dGradWeights(x, dy, CUBE),
        ];
      }),
    );
  });
}

for (const shape of MAPS) {
  const even = shape.map((n, i) => (i < 3 ? 2 * n : n));
  test(`instance norm with ReLU of ${shape} equals its twin, forward and back`, () => {
    assertClose(
      both((kernels) => {
        const x = tf.add(tf.mul(map(shape, 4), 3), 2) as FeatureMap;
        const forward = kernels.instanceNormRelu(x);
        return [forward.y, kernels.instanceNormReluGrad(map(shape, 5), x, forward)];
      }),
      size(shape.slice(0, 3)) < 8 ? 1e-3 : 2e-5,
    );
  });

  test(`max-pool of ${even} equals its twin, forward and back, ties included`, () => {
    assertClose(
      both((kernels) => {
        // Rounded values tie often; zeros as after a ReLU.
        const x = tf.relu(tf.floor(tf.mul(map(even, 6), 3))) as FeatureMap;
        const y = kernels.maxPool(x, HALVES);
        return [y, kernels.maxPoolGrad(map(shape, 7), x, y, HALVES)];
      }),
      0,
    );
  });

  test(`trilinear upsampling of ${shape} equals its twin, forward and back`, () => {
    assertClose(
      both((kernels) => [kernels.upsample(map(shape, 8)), kernels.upsampleGrad(map(even, 9))]),
      1e-6,
    );
  });
}

/** The forms of the convolution, whatever the engine would choose for the shape; those in depth are for kernels of three planes. */
const FORMS = {
  plain: { convolve: convolveDirect, weights: convolveWeightsDirect },
  Winograd: { convolve: convolveWinograd, weights: convolveWeightsWinograd },
};
const FORMS_IN_DEPTH = {
  ...FORMS,
  'Winograd in depth': { convolve: convolveWinogradDepth, weights: convolveWeightsWinogradDepth },
  'Winograd of 2x2x2': { convolve: convolveSmall, weights: convolveWeightsSmall },
};
/** [D, H, W, C, K]: tiles cut off at every side, several slices and strips, K around the blocks of 8. */
const WINOGRAD = [
  [1, 1, 1, 4, 1],
  [1, 4, 4, 4, 4],
  [2, 3, 5, 4, 3],
  [3, 9, 13, 8, 8],
  [5, 17, 6, 12, 20],
  [2, 8, 8, 64, 24],
  [9, 21, 34, 8, 16],
  [40, 5, 50, 24, 8],
  // Few planes: no pair, an odd last one, and more tiles than a group.
  [1, 9, 22, 8, 12],
  [2, 13, 30, 8, 8],
  [3, 8, 8, 16, 8],
  [3, 21, 19, 4, 9],
  // The deepest maps of networks.
  [4, 4, 6, 128, 64],
  [2, 3, 5, 16, 33],
  // Levels of the network planned for 48x32x16.
  [16, 32, 48, 8, 8],
  [8, 16, 24, 32, 16],
  [4, 8, 12, 64, 32],
  [4, 4, 6, 64, 64],
];

for (const [d, h, w, c, k, taps] of WINOGRAD.flatMap((sides) => [3, 1].map((taps) => [...sides, taps]))) {
  test(`the forms of the convolution ${d}x${h}x${w} over ${taps} planes, ${c} to ${k} channels, agree: forward, input and weight gradient`, () => {
    tf.setBackend('simd');
    const backend = simdBackend();
    const { machine } = backend;
    const s = { d, h, w, c };
    const n = d * h * w;
    const block = (length: number, seed?: number) => {
      const at = machine.heap.allocate(length * 4);
      machine.floats(at, length).set(seed ? random(length, seed) : new Float32Array(length).fill(Number.NaN));
      return at;
    };
    const [x, weights, dy, flipped] = [
      block(n * c, 31),
      block(9 * taps * c * k, 32),
      block(n * k, 33),
      block(9 * taps * c * k, 34),
    ];
    const sizes = [n * k, n * k, 9 * taps * c * k];
    const outputs = Object.values(taps === 3 ? FORMS_IN_DEPTH : FORMS).map(({ convolve, weights: gradient }) => {
      const [y, back, dw] = sizes.map((length) => block(length));
      convolve(backend, x, weights, y, s, k, false, taps as Taps);
      convolve(backend, x, flipped, back, s, k, true, taps as Taps);
      gradient(backend, x, dy, dw, s, k, taps as Taps);
      return [y, back, dw].map((at, i) => ({ at, values: machine.floats(at, sizes[i]).slice() }));
    });
    const [slow, ...others] = outputs.map((form) => form.map(({ values }) => values));
    for (const fast of others) assertClose({ fast, slow });
    for (const at of [x, weights, dy, flipped, ...outputs.flat().map((o) => o.at)]) machine.heap.release(at);
  });
}

/** Every gradient of the set: inputs, what is differentiated, and the gradient of sum(output * dy). */
const GRADIENTS: Record<
  string,
  { shape: number[]; step: number; f(x: tf.Tensor): tf.Tensor; back(x: tf.Tensor): tf.Tensor }
> = (() => {
  const weights = () => tf.tensor(random(27 * 4 * 17, 11), [3, 3, 3, 4, 17]) as ConvWeights;
  const dy = (shape: number[]) => map(shape, 12);
  return {
    ...Object.fromEntries(
      // Five planes, and few: a pair, and a pair with half of another; and a map so small that it is taken in tiles of 2x2x2.
      [
        [5, 13, 18],
        [2, 13, 18],
        [3, 13, 18],
        [4, 4, 6],
      ].flatMap((sides) => {
        const image = () => map([...sides, 4], 15);
        return [
          [
            `a convolution of ${sides.join('x')} by its input`,
            {
              shape: [1, ...sides, 4],
              step: 0.5,
              f: (x: tf.Tensor) => tf.mul(simdKernels().conv3d(x as FeatureMap, weights()), dy([...sides, 17])),
              back: () => simdKernels().conv3dGradInput(dy([...sides, 17]), weights()),
            },
          ],
          [
            `a convolution of ${sides.join('x')} by its weights`,
            {
              shape: [3, 3, 3, 4, 17],
              step: 0.5,
              f: (w: tf.Tensor) => tf.mul(simdKernels().conv3d(image(), w as ConvWeights), dy([...sides, 17])),
              back: () => simdKernels().conv3dGradWeights(image(), dy([...sides, 17]), CUBE),
            },
          ],
        ];
      }),
    ),
    'instance norm with ReLU': {
      shape: [1, 4, 3, 5, 4],
      step: 1e-2,
      f: (x) => tf.mul(simdKernels().instanceNormRelu(x as FeatureMap).y, dy([4, 3, 5, 4])),
      back: (x) =>
        simdKernels().instanceNormReluGrad(
          dy([4, 3, 5, 4]),
          x as FeatureMap,
          simdKernels().instanceNormRelu(x as FeatureMap),
        ),
    },
    'max-pool': {
      shape: [1, 4, 6, 8, 4],
      step: 1e-3,
      f: (x) => tf.mul(simdKernels().maxPool(x as FeatureMap, HALVES), dy([2, 3, 4, 4])),
      back: (x) =>
        simdKernels().maxPoolGrad(
          dy([2, 3, 4, 4]),
          x as FeatureMap,
          simdKernels().maxPool(x as FeatureMap, HALVES),
          HALVES,
        ),
    },
    'trilinear upsampling': {
      shape: [1, 2, 3, 4, 4],
      step: 0.5,
      f: (x) => tf.mul(simdKernels().upsample(x as FeatureMap), dy([4, 6, 8, 4])),
      back: () => simdKernels().upsampleGrad(dy([4, 6, 8, 4])),
    },
  };
})();

for (const [name, { shape, step, f, back }] of Object.entries(GRADIENTS)) {
  test(`the gradient of ${name} equals finite differences`, () => {
    tf.setBackend('simd');
    const values = random(size(shape), 13);
    const gradient = tf.tidy(() => back(tf.tensor(values, shape)).dataSync());
    const at = (x: Values): Float32Array => tf.tidy(() => f(tf.tensor(x, shape)).dataSync() as Float32Array);
    for (const i of [0, 17, 88, size(shape) - 1]) {
      const [up, down] = [step, -step].map((change) => at(values.map((v, j) => (j === i ? v + change : v))));
      // Added up in float64: the sum over all outputs loses in float32 what one input changes.
      const slope = up.reduce((sum, v, j) => sum + (v - down[j]), 0) / (2 * step);
      assert.ok(
        Math.abs(slope - gradient[i]) < 2e-3 * Math.max(1, Math.abs(slope)),
        `at ${i}: ${slope} and ${gradient[i]}`,
      );
    }
  });
}

for (const images of [1, 3]) {
  test(`a batch of ${images} through TensorFlow.js' own convolution equals its images one by one`, () => {
    tf.setBackend('simd');
    const x = tf.tensor(random(images * 3 * 6 * 7 * 4, 41), [images, 3, 6, 7, 4]) as tf.Tensor5D;
    const w = tf.tensor(random(27 * 4 * 8, 42), [3, 3, 3, 4, 8]) as ConvWeights;
    const whole = tf.conv3d(x, w, 1, 'same').dataSync();
    const single = tf.unstack(x).flatMap((image) => [
      ...simdKernels()
        .conv3d(image.expandDims(0) as FeatureMap, w)
        .dataSync(),
    ]);
    assert.deepEqual([...whole], single);
    assert.equal(whole.length, images * 3 * 6 * 7 * 8);
  });
}

/** [D, H, W, C]: part of a vector, odd, several chunks. */
const DRAWN = [
  [1, 1, 1, 1],
  [3, 5, 7, 8],
  [1, 3, 5, 7],
  [9, 31, 17, 9],
];

test('dropout masks are those of the plain form, bit for bit, of one image and of several', () => {
  tf.setBackend('simd');
  const random = new Random(7, 3);
  for (const shape of DRAWN)
    for (const probability of [0, 0.3, 0.95]) {
      const keys = [0, 1, 2].map(() => keyFrom(random));
      for (const some of [keys, keys.slice(0, 1)]) {
        const mask = simdKernels().dropoutMask([1, ...shape], probability, some);
        const plain = dropoutMask([1, ...shape], probability, some);
        assert.deepEqual(mask.shape, plain.shape);
        assert.deepEqual(mask.dataSync(), plain.dataSync());
      }
    }
});

test('noise is that of the plain form', () => {
  tf.setBackend('simd');
  for (const shape of DRAWN) {
    const [image, key] = [tf.zeros<tf.Rank.R5>([1, ...shape] as FeatureMap['shape']), keyFrom(new Random(7, 3))];
    const [fast, plain] = [simdKernels().addNoise, addNoise].map((add) => add(image, key).dataSync() as Float32Array);
    const most = plain.reduce((sum, v, n) => Math.max(sum, Math.abs(v - fast[n])), 0);
    assert.ok(most < 2e-7 && fast.length === plain.length, `differs by ${most}`);
    assert.ok(fast.some((v) => v !== 0));
  }
});

test('kernels leave no tensor and no block of memory behind', () => {
  tf.setBackend('simd');
  const { heap } = simdBackend().machine;
  const [tensors, blocks, bytes] = [tf.memory().numTensors, heap.blocks, heap.used];
  tf.tidy(() => {
    const kernels = simdKernels();
    const x = map([4, 6, 8, 5], 21);
    const weights = tf.tensor(random(27 * 25, 22), [3, 3, 3, 5, 5]) as ConvWeights;
    const pre = kernels.conv3d(x, weights);
    const forward = kernels.instanceNormRelu(pre);
    const y = kernels.maxPool(forward.y, HALVES);
    kernels.upsampleGrad(kernels.upsample(y));
    kernels.conv3dGradWeights(x, kernels.instanceNormReluGrad(forward.y, pre, forward), CUBE);
  });
  assert.deepEqual([tf.memory().numTensors, heap.blocks, heap.used], [tensors, blocks, bytes]);
});
