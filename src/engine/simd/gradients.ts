/**
 * Gradients of sums and means with ones that are made where tensors lie. TensorFlow.js' own build an array of ones in
 * JavaScript for each and copy it over; the values are the same.
 */
import * as tf from '@tensorflow/tfjs';

/** dy, which lacks the reduced axes of x, repeated along them. */
function spread(dy: tf.Tensor, x: tf.Tensor, axis: number | number[]): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const shape = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  return tf.mul(tf.reshape(dy, shape), tf.onesLike(tf.cast(x, 'float32')));
}

export function registerGradients(): void {
  const config = (kernelName: 'Sum' | 'Mean', scale: (x: tf.Tensor, dy: tf.Tensor) => tf.Tensor) => {
    if (tf.getGradient(kernelName)) tf.unregisterGradient(kernelName);
    tf.registerGradient({
      kernelName,
      inputsToSave: ['x'],
      gradFunc: (dy, [x], attributes) => ({
        x: () => spread(scale(x, dy as tf.Tensor), x, (attributes as { axis: number | number[] }).axis),
      }),
    });
  };
  config('Sum', (_, dy) => dy);
  config('Mean', (x, dy) => tf.mul(dy, dy.size / x.size));
}
