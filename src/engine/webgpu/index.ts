/** Registers the webgpu engine as a TensorFlow.js backend. */
import * as tf from '@tensorflow/tfjs';
import { registerOps } from '../backend/op.ts';
import type { AdapterFacts } from './adapter.ts';
import { WebgpuBackend } from './backend.ts';
import { Gpu } from './device.ts';
import type { Executor } from './executor.ts';
import { startLocalExecutor } from './local-executor.ts';
import { channelOps } from './ops/channels.ts';
import { elementwiseOps } from './ops/elementwise.ts';
import { lossOps } from './ops/loss.ts';
import { pasteOps } from './ops/paste.ts';
import { productOps } from './ops/products.ts';
import { reduceOps } from './ops/reduce.ts';
import { shapeOps } from './ops/shape.ts';

export { type AdapterFacts, findAdapter } from './adapter.ts';
export { webgpuKernels } from './kernels.ts';

const NAME = 'webgpu';
let registered = false;
let remote: (() => Promise<Executor>) | undefined;

/** Where this process cannot have a GPU of its own (Electron's Node): how to get one elsewhere. */
export function useRemoteGpu(start: () => Promise<Executor>): void {
  remote = start;
}

/**
 * Starts a device and registers the backend on it; the caller makes it current.
 *
 * @throws DecileError `engine/not-installed` without a GPU adapter
 */
export async function registerWebgpu(): Promise<void> {
  if (tf.findBackendFactory(NAME)) return;
  const gpu = new Gpu(await (remote ?? startLocalExecutor)());
  tf.registerBackend(NAME, () => new WebgpuBackend(gpu), 0);
  if (registered) return;
  registered = true;
  registerOps<WebgpuBackend>(NAME, {
    ...elementwiseOps,
    ...shapeOps,
    ...reduceOps,
    ...productOps,
    ...channelOps,
    ...lossOps,
    ...pasteOps,
  });
}

/**
 * Starts a device, asks what it is, and ends it.
 *
 * @throws DecileError `engine/not-installed` without a GPU adapter
 */
export async function askAdapter(): Promise<AdapterFacts> {
  const executor = await (remote ?? startLocalExecutor)();
  executor.stop();
  return executor.facts;
}

/** The current backend as the webgpu engine's. */
export function webgpuBackend(): WebgpuBackend {
  return tf.backend() as WebgpuBackend;
}

/** Ends the device; the engine can be started anew. */
export function stopWebgpu(): void {
  if (tf.findBackendFactory(NAME)) tf.removeBackend(NAME);
}
