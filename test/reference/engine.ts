/** The engine that the reference tests compute on: TensorFlow where it is installed, else the portable twin. */

import type { Kernels } from '../../src/core/network/kernels.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { startEngine } from '../../src/engine/index.ts';
import { tensorflowKernels } from '../../src/engine/kernels/tensorflow.ts';

export async function testKernels(): Promise<{ name: string; kernels: Kernels }> {
  const { name } = await startEngine('auto');
  return { name, kernels: name === 'tensorflow' ? tensorflowKernels() : portableKernels };
}
