import * as tf from '@tensorflow/tfjs';

/**
 * Mean over labelled voxels of -log softmax(logits)[y]. The gradient is written out: dz = (p sum_c y - y) / voxels.
 * @param logits K maps, each [C, D, H, W]: never probabilities (a second softmax would flatten the gradient)
 * @param oneHot K maps, each [C, D, H, W], 0 or 1; a voxel that is 0 in all classes does not count. Constant
 * @returns a scalar, nats
 */
export function crossEntropy(logits: tf.Tensor4D[], oneHot: tf.Tensor4D[]): tf.Scalar {
  const operation = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const voxels = tf.maximum(tf.addN(oneHot.map((y) => tf.sum(y))), 1);
    const sums: tf.Tensor[] = [];
    const p = (inputs as tf.Tensor4D[]).map((z, k) =>
      tf.tidy(() => {
        const centred = tf.sub(z, tf.max(z, 0, true));
        const e = tf.exp(centred);
        const total = tf.sum(e, 0, true);
        const own = tf.sum(tf.mul(centred, oneHot[k]));
        const partition = tf.sum(tf.mul(tf.log(total), tf.sum(oneHot[k], 0, true)));
        sums.push(tf.keep(tf.sub(partition, own)));
        return tf.div(e, total);
      }),
    );
    const value = tf.div(tf.addN(sums), voxels) as tf.Scalar;
    tf.dispose(sums);
    save([voxels, ...p, ...oneHot]);
    return {
      value,
      gradFunc: (dy, [voxels, ...maps]) => {
        const scale = tf.div(dy, voxels);
        const [p, y] = [maps.slice(0, logits.length), maps.slice(logits.length)];
        return p.map((map, k) => tf.tidy(() => tf.mul(tf.sub(tf.mul(map, tf.sum(y[k], 0, true)), y[k]), scale)));
      },
    };
  });
  return operation(...logits) as tf.Scalar;
}
