/** The simd engine in Node. In a browser: browser.ts. */
import * as tf from '@tensorflow/tfjs';
import type { SimdBackend } from './backend.ts';
import { registerWith } from './register.ts';
import { startMachine } from './threads.ts';

export { simdKernels } from './kernels.ts';

/** Registers the backend and its ops once; the caller makes it current. */
export const registerSimd = (): void => registerWith(startMachine);

/** The current backend as the simd engine's. */
export function simdBackend(): SimdBackend {
  return tf.backend() as SimdBackend;
}
