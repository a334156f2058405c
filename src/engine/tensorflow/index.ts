/** Loads TensorFlow as a TensorFlow.js backend named 'tensorflow'. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { prepareEnvironment } from '../machine/environment.ts';
import type { TensorflowInstallation } from './installation.ts';

/** Under this name the set-up's stand-in for @tensorflow/tfjs finds the program's own copy (one registry of backends). */
const SHARED_TFJS = Symbol.for('decile.tfjs');

interface Binding {
  TF_Version: string;
}

/**
 * Registers the backend; the caller makes it current.
 * @returns TensorFlow's version
 * @throws what the dynamic loader says when the addon does not fit this machine
 */
export function registerTensorflow(installation: TensorflowInstallation): string {
  prepareEnvironment();
  restoreRemovedUtilities();
  (globalThis as Record<symbol, unknown>)[SHARED_TFJS] = tf;
  const require = createRequire(import.meta.url);
  const { packageFolder, addon } = installation;
  const binding = require(addon) as Binding;
  if (!tf.findBackendFactory('tensorflow')) {
    require(join(packageFolder, 'dist', 'register_all_kernels.js'));
    const { NodeJSKernelBackend } = require(join(packageFolder, 'dist', 'nodejs_kernel_backend.js')) as {
      NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend;
    };
    const packageName = installation.gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
    tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName), 3);
  }
  return binding.TF_Version;
}

/** Whether the current backend, TensorFlow, has taken a graphics card: one with CUDA that finds none computes on the processor, silently. */
export const computesOnGpu = (): boolean =>
  (tf.backend() as unknown as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;

/** tfjs-node 4.22 calls two helpers that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const helpers = util as unknown as Record<string, unknown>;
  helpers.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  helpers.isArray ??= Array.isArray;
}
