import * as tf from '@tensorflow/tfjs';

/** Mean over images, classes and voxels of (a - b)^2. K maps each, [C, D, H, W] of one shape. */
export const meanSquaredError = (a: tf.Tensor4D[], b: tf.Tensor4D[]): tf.Scalar =>
  meanSquare(a.map((m, k) => tf.sub(m, b[k])));

/** Mean of x^2 over all maps, with its gradient 2 x / n written out: the library's own makes maps of ones on the way. */
function meanSquare(maps: tf.Tensor[]): tf.Scalar {
  const values = maps.reduce((sum, { size }) => sum + size, 0);
  const operation = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const xs = inputs as tf.Tensor[];
    save(xs);
    return {
      value: tf.div(tf.addN(xs.map((x) => tf.sum(tf.square(x)))), values),
      gradFunc: (dy, xs) => {
        const scale = tf.mul(dy, 2 / values);
        return xs.map((x) => tf.mul(x, scale));
      },
    };
  });
  return operation(...maps) as tf.Scalar;
}
