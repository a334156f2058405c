/** Registers the webgpu engine as a TensorFlow.js backend. */
import * as tf from '@tensorflow/tfjs';
import { describeAdapter, findAdapter, releaseAdapters, requestDevice } from './adapter.ts';
import { WebgpuBackend } from './backend.ts';
import { Gpu } from './device.ts';
import { elementwiseOps } from './ops/elementwise.ts';
import type { Inputs } from './ops/op.ts';
import { productOps } from './ops/products.ts';
import { reduceOps } from './ops/reduce.ts';
import { shapeOps } from './ops/shape.ts';

export { type AdapterFacts, describeAdapter, findAdapter } from './adapter.ts';
export { webgpuKernels } from './kernels.ts';

const NAME = 'webgpu';
let registered = false;

/**
 * Starts a device and registers the backend on it; the caller makes it current.
 *
 * @throws DecileError `engine/not-installed` without a GPU adapter
 */
export async function registerWebgpu(): Promise<void> {
  if (tf.findBackendFactory(NAME)) return;
  const adapter = await findAdapter();
  const gpu = new Gpu(await requestDevice(adapter), describeAdapter(adapter));
  tf.registerBackend(NAME, () => new WebgpuBackend(gpu), 0);
  if (registered) return;
  registered = true;
  for (const [kernelName, op] of Object.entries({ ...elementwiseOps, ...shapeOps, ...reduceOps, ...productOps })) {
    tf.registerKernel({
      kernelName,
      backendName: NAME,
      kernelFunc: ({ inputs, backend, attrs }) =>
        op(backend as WebgpuBackend, inputs as unknown as Inputs, attrs ?? {}),
    });
  }
}

/** The current backend as the webgpu engine's. */
export function webgpuBackend(): WebgpuBackend {
  return tf.backend() as WebgpuBackend;
}

/** Ends the device and lets Dawn go, so that a Node process can end. */
export function stopWebgpu(): void {
  if (tf.findBackendFactory(NAME)) tf.removeBackend(NAME);
  releaseAdapters();
}
