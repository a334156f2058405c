/** Shaders that the adapter at hand may have no units for: Dawn reads them all the same, on its adapter without a chip. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chiplessAdapter } from '../../bench/chipless.ts';
import { matrixProducts, multiplyAdds } from '../../bench/gpu/peaks.ts';
import { matrixConvolution } from '../../src/engine/webgpu/wgsl/conv-matrix.ts';
import { matrixWeights } from '../../src/engine/webgpu/wgsl/conv-matrix-weights.ts';
import { weightsInBlocks } from '../../src/engine/webgpu/wgsl/halves.ts';
import { byUnits } from '../../src/engine/webgpu/wgsl/products.ts';

async function chipless(): Promise<GPUDevice> {
  const adapter = await chiplessAdapter();
  const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures: features });
}

const device = await chipless().catch((error: Error) => error.message);
const skip = typeof device === 'string' && device;
const either = [true, false];

for (const { key, source } of [
  multiplyAdds('f32'),
  multiplyAdds('f16'),
  ...[8, 16].map((side) => matrixProducts({ M: side, N: side, K: side })),
  ...either.map((turned) => weightsInBlocks(byUnits(), turned)),
  ...[1, 2, 3, 4].flatMap((blocks) =>
    either.map((scaled) =>
      matrixConvolution(byUnits(), { planes: 4, blocks, vectorIn: scaled, vectorOut: blocks > 1, scaled }),
    ),
  ),
  ...[1, 2].flatMap((blocks) =>
    either.map((vector) => matrixWeights(byUnits(), { planes: 2, blocks, vectorX: vector, vectorY: vector })),
  ),
])
  test(`Dawn takes the shader ${key}`, { skip }, async () => {
    const gpu = device as GPUDevice;
    gpu.pushErrorScope('validation');
    gpu.createShaderModule({ code: source });
    assert.equal((await gpu.popErrorScope())?.message, undefined);
  });
