/** The engine that the reference tests compute on: REFERENCE_ENGINE, else TensorFlow where it is, else simd; never what happened to be measured faster. */

import type { Kernels } from '../../src/core/network/kernels.ts';
import type { EngineName } from '../../src/core/options.ts';
import { startEngine } from '../../src/engine/choose/index.ts';
import { kernelsOf } from '../../src/engine/choose/kernels-of.ts';
import { findTensorflow } from '../../src/engine/tensorflow/installation.ts';

export async function testKernels(): Promise<{ name: string; kernels: Kernels }> {
  const engine = await startEngine(
    (process.env.REFERENCE_ENGINE ?? (findTensorflow().length > 0 ? 'tensorflow' : 'simd')) as EngineName,
  );
  return { name: engine.name, kernels: kernelsOf(engine) };
}
