/** Runs a 3D convolution forward and back on TensorFlow and on the slow reference; exits 1 when they differ. */
import * as tf from '@tensorflow/tfjs';
import { computesOnGpu, registerTensorflow } from '../../src/engine/tensorflow/index.ts';
import type { TensorflowInstallation } from '../../src/engine/tensorflow/installation.ts';

process.on('uncaughtException', (error) => {
  console.error(error.message.split('\n')[0]);
  process.exit(1);
});

const installation = JSON.parse(process.argv[2]) as TensorflowInstallation;

/** [y, dx, dw] of sum(conv3d(x, w)^2) for fixed values, joined. */
function convolve(): Float32Array {
  const wave = (shape: number[], k: number) =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * k)),
      shape,
    );
  const x = wave([2, 6, 5, 4, 3], 0.7) as tf.Tensor5D;
  const w = wave([3, 3, 3, 3, 4], 1.3) as tf.Tensor5D;
  const forward = (a: tf.Tensor5D, b: tf.Tensor5D) => tf.conv3d(a, b, 1, 'same');
  const [dx, dw] = tf.grads((a, b) =>
    forward(a as tf.Tensor5D, b as tf.Tensor5D)
      .square()
      .sum(),
  )([x, w]);
  return tf.concat([forward(x, w).flatten(), dx.flatten(), dw.flatten()]).dataSync() as Float32Array;
}

const version = registerTensorflow(installation);
await tf.setBackend('tensorflow');
if (installation.gpu && !computesOnGpu()) {
  console.error(
    'TensorFlow with CUDA must see a GPU, got none: CUDA or cuDNN does not load, or the driver does not answer; set TF_CPP_MIN_LOG_LEVEL=0 to see what TensorFlow says',
  );
  process.exit(1);
}
const fast = convolve();
await tf.setBackend('cpu');
(tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
const slow = convolve();

const scale = slow.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const difference = slow.reduce((most, value, i) => Math.max(most, Math.abs(value - fast[i])), 0) / scale;
if (!(difference < 1e-4)) {
  console.error(`a 3D convolution differs from the reference by ${difference}`);
  process.exit(1);
}
console.log(`${version}${installation.gpu ? ' with CUDA' : ''}`);
