/** The engine that the reference tests compute on: DECILE_ENGINE, else the best there is. */

import type { Kernels } from '../../src/core/network/kernels.ts';
import type { EngineName } from '../../src/core/options.ts';
import { startEngine } from '../../src/engine/index.ts';
import { kernelsOf } from '../../src/engine/kernels/index.ts';

export async function testKernels(): Promise<{ name: string; kernels: Kernels }> {
  const engine = await startEngine((process.env.DECILE_ENGINE ?? 'auto') as EngineName);
  return { name: engine.name, kernels: kernelsOf(engine) };
}
