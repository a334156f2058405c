import * as tf from '@tensorflow/tfjs';

/** Mean over images, classes and voxels of (a - b)^2. K maps each, [C, D, H, W]. */
export function meanSquaredError(a: tf.Tensor4D[], b: tf.Tensor4D[]): tf.Scalar {
  return tf.addN(a.map((m, k) => meanSquare(tf.sub(m, b[k])))).div(a.length) as tf.Scalar;
}

/** mean(x^2) with its gradient 2 x / n written out: the library's own makes maps of ones on the way. */
function meanSquare(x: tf.Tensor): tf.Scalar {
  const operation = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    return {
      value: tf.div(tf.sum(tf.square(x as tf.Tensor)), (x as tf.Tensor).size),
      gradFunc: (dy, [x]) => tf.mul(x, tf.mul(dy, 2 / x.size)),
    };
  });
  return operation(x) as tf.Scalar;
}
