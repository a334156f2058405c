import type { Kernels } from '../../core/network/kernels.ts';
import { portableKernels } from '../../core/network/portable-kernels.ts';
import { hasWideVectors } from '../machine/environment.ts';
import { simdKernels } from '../simd/index.ts';
import { tensorflowKernels } from '../tensorflow/kernels.ts';
import { webgpuKernels } from '../webgpu/index.ts';
import type { Engine } from './index.ts';

/** The heavy kernels of a started engine. */
export function kernelsOf(engine: Engine): Kernels {
  switch (engine.name) {
    case 'tensorflow':
      return tensorflowKernels(!engine.gpu && hasWideVectors());
    case 'webgpu':
      return webgpuKernels();
    case 'simd':
      return simdKernels();
    case 'cpu':
      return portableKernels;
  }
}
