/** Registers the simd engine as a TensorFlow.js backend. */
import * as tf from '@tensorflow/tfjs';
import { SimdBackend } from './backend.ts';
import { registerGradients } from './gradients.ts';
import { elementwiseOps } from './ops/elementwise.ts';
import type { Inputs } from './ops/op.ts';
import { productOps } from './ops/products.ts';
import { reduceOps } from './ops/reduce.ts';
import { shapeOps } from './ops/shape.ts';
import { startMachine } from './threads.ts';

export { simdKernels } from './kernels.ts';

const NAME = 'simd';

/** Registers the backend and its ops once; the caller makes it current. */
export function registerSimd(): void {
  if (tf.findBackendFactory(NAME)) return;
  registerGradients();
  tf.registerBackend(NAME, () => new SimdBackend(startMachine()), 2);
  for (const [kernelName, op] of Object.entries({ ...elementwiseOps, ...shapeOps, ...reduceOps, ...productOps })) {
    tf.registerKernel({
      kernelName,
      backendName: NAME,
      kernelFunc: ({ inputs, backend, attrs }) => op(backend as SimdBackend, inputs as unknown as Inputs, attrs ?? {}),
    });
  }
}

/** The current backend as the simd engine's. */
export function simdBackend(): SimdBackend {
  return tf.backend() as SimdBackend;
}
