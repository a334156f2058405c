/** What every op of an own backend is tested on, against TensorFlow.js' slow engine. */
import * as tf from '@tensorflow/tfjs';

export const wave = (shape: number[], step = 0.7, scale = 2) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => scale * Math.sin(step * (i + 1))),
    shape,
  );
const positive = (shape: number[], step = 0.7) => tf.add(tf.abs(wave(shape, step)), 0.1);

export const CASES: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  'sums, differences and products of equal sizes': () => {
    const [a, b] = [wave([3, 5, 7]), wave([3, 5, 7], 1.1)];
    return [tf.add(a, b), tf.sub(a, b), tf.mul(a, b), tf.div(a, positive([3, 5, 7])), tf.squaredDifference(a, b)];
  },
  'arithmetic with a scalar on either side': () => {
    const a = wave([4, 9]);
    return [
      tf.add(a, 2),
      tf.sub(a, 2),
      tf.mul(a, 2),
      tf.div(a, 3),
      tf.sub(1, a),
      tf.add(1, a),
      tf.mul(3, a),
      tf.div(1, positive([4])),
    ];
  },
  'broadcasting along any side': () => {
    const a = wave([2, 3, 1, 5]);
    return [
      tf.add(a, wave([5], 1.3)),
      tf.mul(a, wave([4, 1])),
      tf.sub(wave([3, 1, 1]), a),
      tf.maximum(a, wave([2, 1, 4, 1])),
    ];
  },
  'integers stay integers': () => [
    tf.add(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')),
    tf.tensor1d([5, 9], 'int32').sum(),
  ],
  'unary functions': () => {
    const [a, b] = [wave([3, 11]), positive([3, 11])];
    return [
      a.abs(),
      a.exp(),
      b.log(),
      b.sqrt(),
      b.rsqrt(),
      a.square(),
      a.neg(),
      a.tanh(),
      a.sigmoid(),
      a.relu(),
      a.softplus(),
      a.sign(),
      a.floor(),
      b.reciprocal(),
      a.clipByValue(-1, 0.5),
      a.leakyRelu(0.2),
      a.step(),
    ];
  },
  comparisons: () => {
    const [a, b] = [tf.floor(wave([30])), tf.floor(wave([30], 1.9))];
    return [
      a.equal(b),
      a.notEqual(b),
      a.greater(b),
      a.greaterEqual(b),
      a.less(b),
      a.lessEqual(b),
      a.greater(0).logicalAnd(b.greater(0)),
      a.greater(0).logicalNot(),
      a.greater(0).logicalOr(b.less(0)),
    ];
  },
  'selection and casts': () => [
    tf.where(wave([12]).greater(0), wave([12], 1.3), wave([12], 0.3)),
    wave([9]).cast('int32'),
    wave([9]).cast('bool'),
    wave([9]).greater(0).toFloat(),
  ],
  'reductions over any axes': () => {
    const a = wave([3, 4, 5, 2]);
    return [
      a.sum(),
      a.sum(0),
      a.sum([1, 2]),
      a.sum([0, 2], true),
      a.mean(-1),
      a.mean([0, 1, 2]),
      a.max([1, 3]),
      a.min(2),
      a.prod(3),
      a.argMax(1),
      a.argMin(-1),
      a.greater(0).any(1),
      a.greater(-3).all(),
    ];
  },
  'softmax, log-softmax and log-sum-exp': () => [
    tf.softmax(wave([4, 6, 3])),
    tf.logSoftmax(wave([4, 3], 0.7, 60)),
    tf.logSumExp(wave([4, 5], 0.7, 90), 0),
    tf.logSumExp(wave([2, 5])),
  ],
  'running sums': () => [tf.cumsum(wave([3, 4, 2]), 1), tf.cumsum(wave([5]), 0, true, true)],
  'concatenation along any axis': () =>
    [0, 1, 2].map((axis) => tf.concat([wave([2, 3, 4]), wave([2, 3, 4], 1.9), wave([2, 3, 4], 0.2)], axis)),
  'concatenation of unequal sides': () => tf.concat([wave([2, 3, 4, 5, 8]), wave([2, 3, 4, 5, 3])], 4),
  'slices and splits': () => {
    const a = wave([4, 5, 6]);
    return [
      a.slice([1, 0, 0], [2, 5, 6]),
      a.slice([0, 2, 0], [4, 1, 6]),
      a.slice([1, 1, 2], [2, 3, 3]),
      a.slice(2),
      ...tf.split(a, [1, 3, 2], 2),
      ...tf.split(a, 2, 0),
    ];
  },
  'transposition, reversal, tiling, padding': () => {
    const a = wave([2, 3, 4]);
    return [
      a.transpose(),
      a.transpose([1, 2, 0]),
      a.reverse(),
      a.reverse([0, 2]),
      a.tile([2, 1, 3]),
      a.pad(
        [
          [1, 0],
          [0, 2],
          [1, 1],
        ],
        7,
      ),
    ];
  },
  'stacking and unstacking': () => [
    tf.stack([wave([2, 3]), wave([2, 3], 1.7)], 0),
    tf.stack([wave([2, 3]), wave([2, 3], 1.7)], -1),
    ...tf.unstack(wave([3, 4]), 1),
  ],
  'new shapes': () => [
    wave([2, 6]).reshape([3, 4]),
    wave([2, 6]).expandDims(1),
    wave([1, 6, 1]).squeeze(),
    tf.zerosLike(wave([5])),
    tf.onesLike(wave([5])),
    tf.fill([2, 3], 4),
    tf.addN([wave([7]), wave([7], 1.2), wave([7], 0.1)]),
  ],
  'matrix products, transposed or not': () => {
    const [a, b] = [wave([5, 7]), wave([7, 6], 1.3)];
    return [
      tf.matMul(a, b),
      tf.matMul(a.transpose(), b, true),
      tf.matMul(a, b.transpose(), false, true),
      tf.matMul(a.transpose(), b.transpose(), true, true),
      tf.matMul(wave([9, 3]), wave([3, 2])),
    ];
  },
  'batched and broadcast matrix products': () => [
    tf.matMul(wave([3, 4, 5]), wave([3, 5, 2], 0.3)),
    tf.matMul(wave([1, 4, 5]), wave([3, 5, 2], 0.3)),
    tf.matMul(wave([2, 2, 4, 5]), wave([2, 2, 5, 3], 0.4)),
  ],
  'matrix products with long sums': () => [
    tf.matMul(wave([20000, 3], 0.37, 0.05), wave([20000, 2], 0.11, 0.05), true),
    tf.matMul(wave([20000, 2], 0.37), wave([2, 3])),
  ],
  'moments and norms': () => {
    const { mean, variance } = tf.moments(wave([3, 4, 5, 2]), [0, 1, 2]);
    return [mean, variance, tf.norm(wave([4, 5]))];
  },
  'a batch of convolutions and its gradients': () => {
    const w = wave([3, 3, 3, 2, 5], 1.3);
    const conv = (x: tf.Tensor, f: tf.Tensor) => tf.conv3d(x as tf.Tensor5D, f as tf.Tensor5D, 1, 'same');
    const x = wave([2, 3, 4, 5, 2]);
    return [conv(x, w), ...tf.grads(conv)([x, w], wave([2, 3, 4, 5, 5], 0.2))];
  },
  'what is no number, and what is beyond all numbers': () => {
    const [x, y] = [
      tf.tensor1d([1, Number.NaN, -3, 0, Number.POSITIVE_INFINITY, -200]),
      tf.tensor1d([2, 1, Number.NaN, 0, 1, 1]),
    ];
    return [
      ...[x.relu(), x.leakyRelu(0.1), x.abs(), x.neg(), x.square(), x.sign(), x.step(), x.clipByValue(-1, 1)],
      ...[x.exp(), x.log(), x.sqrt(), x.rsqrt(), x.sigmoid(), x.tanh(), x.softplus(), x.expm1(), x.log1p()],
      ...[x.maximum(y), x.minimum(y), x.add(y), x.mul(y), x.squaredDifference(y), x.pow(y)],
      ...[x.equal(y), x.notEqual(x), x.greater(y), x.greaterEqual(y), x.less(y), x.lessEqual(y)],
      ...[x.max(), x.min(), x.sum(), x.mean(), x.slice(4, 1).max(), x.slice(0, 1).min()],
      ...[x.cast('int32').slice(0, 2), x.cast('bool'), tf.softmax(x), tf.softmax(tf.tensor1d([1e30, 1e30, 0]))],
      ...[tf.logSoftmax(tf.tensor1d([1e30, 1e30, 0])), tf.max(tf.fill([3, 200], Number.NEGATIVE_INFINITY), 1)],
    ];
  },
  'whole numbers through functions of floats': () => {
    const n = tf.tensor1d([-3, 0, 2, 10], 'int32');
    const ordered = tf.tensor1d([1, 2, 4], 'int32');
    return [
      ...[n.exp(), n.leakyRelu(0.5), n.relu(), n.abs(), n.neg(), n.sign(), n.square(), n.step(), n.clipByValue(-1, 4)],
      ...[
        ordered.reciprocal(),
        ordered.log1p(),
        ordered.expm1(),
        ordered.softplus(),
        n.maximum(ordered.sum()),
        n.prod(),
      ],
      ...[tf.addN([n, n, n]), tf.cumsum(n), n.greater(0).prod(), tf.cumsum(n.greater(0).cast('int32'))],
    ];
  },
  'products and convolutions of whole numbers': () => [
    tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32')),
    tf.matMul(tf.tensor2d([1, 0, 3, 4], [2, 2], 'int32'), tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), true, true),
    ...tf.meshgrid(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')),
    tf.conv3d(
      tf.ones([2, 3, 3, 3, 1], 'int32') as tf.Tensor5D,
      tf.ones([3, 3, 3, 1, 2], 'int32') as tf.Tensor5D,
      1,
      'same',
    ),
  ],
  'matrix products over more than one batch': () => tf.matMul(wave([2, 2, 2, 2]), wave([2, 2, 1])),
  'concatenation of unlike types': () => [
    tf.concat([tf.tensor1d([1.5, 2]), tf.tensor1d([1, 2], 'int32')]),
    tf.concat([tf.tensor1d([1, 2], 'int32'), tf.tensor1d([true, false, true], 'bool')]),
  ],
  'what has no elements': () => [
    ...[tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])), tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2]))],
    ...[tf.matMul(tf.zeros([2, 3]), tf.zeros([3, 0])), tf.cumsum(tf.zeros([0])), tf.cumsum(tf.zeros([2, 0]), 1)],
    ...[tf.sum(tf.zeros([0])), tf.sum(tf.zeros([2, 0, 3]), 1), tf.mean(tf.zeros([0, 2]), 1)],
    ...[tf.concat([tf.zeros([0, 2]), wave([1, 2])]), tf.zeros([0]).exp(), tf.add(tf.zeros([0, 2]), tf.ones([2]))],
    ...[tf.softmax(tf.zeros([0, 3])), tf.zeros([0, 3]).argMax(1), tf.stack([tf.zeros([0]), tf.zeros([0])])],
    ...[
      tf.zeros([2, 0]).transpose(),
      tf.zeros([0, 2]).tile([2, 1]),
      wave([3]).slice(3, 0),
      tf.zeros([0]).pad([[1, 1]]),
    ],
    tf.conv3d(tf.zeros([0, 5, 5, 5, 1]) as tf.Tensor5D, tf.ones([3, 3, 3, 1, 2]) as tf.Tensor5D, 1, 'same'),
    tf.where(tf.zeros([0], 'bool'), tf.zeros([0]), tf.zeros([0])),
  ],
};

const conv = (strides: number, dilations: number, format: 'NDHWC' | 'NCDHW' = 'NDHWC') =>
  tf.conv3d(
    wave([1, 5, 5, 5, 1]) as tf.Tensor5D,
    wave([3, 3, 3, 1, 1]) as tf.Tensor5D,
    strides,
    'same',
    format,
    dilations,
  );

const ints = (...values: number[]) => tf.tensor1d(values, 'int32');

/** Where the slow engine itself is wrong: what has to come. */
export const ANSWERS: Record<string, [run: () => tf.Tensor, dtype: string, values: number[]]> = {
  'a batch repeated along one side and not the other': [
    () => tf.matMul(tf.tensor([1, 2], [2, 1, 1, 1]), tf.tensor([1, 10, 100], [1, 3, 1, 1])),
    ...(['float32', [1, 10, 100, 2, 20, 200]] as [string, number[]]),
  ],
  'truths beside numbers': [
    () => tf.concat([tf.tensor1d([true, false], 'bool'), tf.tensor1d([1.5])]),
    ...(['float32', [1, 0, 1.5]] as [string, number[]]),
  ],
  'whole numbers beside numbers': [
    () => tf.concat([ints(1, 2), tf.tensor1d([0.5])]),
    ...(['float32', [1, 2, 0.5]] as [string, number[]]),
  ],
  'the largest of nothing': [
    () => tf.max(tf.zeros([2, 0]), 1),
    ...(['float32', [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]] as [string, number[]]),
  ],
  'a convolution of whole numbers by numbers': [
    () =>
      tf
        .conv3d(
          tf.ones([1, 3, 3, 3, 1], 'int32') as tf.Tensor5D,
          tf.fill([3, 3, 3, 1, 1], 0.5) as tf.Tensor5D,
          1,
          'same',
        )
        .slice([0, 1, 1, 1, 0], [1, 1, 1, 1, 1]),
    ...(['float32', [13.5]] as [string, number[]]),
  ],
};

/** What an own backend has to refuse by name: shapes that do not fit, and what it does not compute. */
export const REFUSED: Record<string, () => unknown> = {
  'a convolution with dilations': () => conv(1, 2),
  'a convolution with strides': () => conv(2, 1),
  'a concatenation of sides that differ': () => tf.concat([tf.zeros([1, 2, 2]), tf.zeros([1, 8, 64])], 0),
  'a stack of unlike shapes': () => tf.stack([tf.zeros([2]), tf.zeros([3])]),
  'a stack of unlike types': () => tf.stack([tf.zeros([2]), tf.zeros([2], 'int32')]),
  'a slice beyond the end': () => tf.slice(tf.zeros([3, 3]), [1, 1], [3, 2]),
  'an axis that is none': () => tf.reverse(tf.zeros([2, 2]), [5]),
  'an axis that is no whole number': () => tf.reverse(tf.zeros([2, 2]), [0.5]),
  'a new axis out of range': () => tf.expandDims(tf.zeros([3]), -4),
};

/** Differs by more than `tolerance` of the largest finite value; what is no number or infinite has to be the same. */
export function furthest(values: ArrayLike<number>, others: ArrayLike<number>, tolerance: number): string | undefined {
  const list = Array.from(values);
  const scale = list.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1);
  const at = list.findIndex(
    (v, i) => !Object.is(v + 0, others[i] + 0) && !(Math.abs(v - others[i]) <= tolerance * scale),
  );
  return at < 0 ? undefined : `at ${at}: ${others[at]}, not ${list[at]}`;
}
