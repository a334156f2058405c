/** Shaders that the adapter at hand may have no units for: Dawn reads them all the same, on its adapter without a chip. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chiplessAdapter } from '../../bench/chipless.ts';
import { matrixProducts, multiplyAdds } from '../../bench/gpu/peaks.ts';
import { bordered, halved, matrixConvolution } from '../../src/engine/webgpu/wgsl/conv-matrix.ts';

async function chipless(): Promise<GPUDevice> {
  const adapter = await chiplessAdapter();
  const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures: features });
}

const device = await chipless().catch((error: Error) => error.message);
const skip = typeof device === 'string' && device;

for (const { key, source } of [
  multiplyAdds('f32'),
  multiplyAdds('f16'),
  ...[8, 16].map((side) => matrixProducts({ M: side, N: side, K: side })),
  bordered(),
  halved(),
  ...[8, 16].flatMap((side) =>
    [1, 2, 4].map((blocks) => matrixConvolution({ M: side, N: side, K: side, tiles: 4, blocks }, 32)),
  ),
])
  test(`Dawn takes the shader ${key}`, { skip }, async () => {
    const gpu = device as GPUDevice;
    gpu.pushErrorScope('validation');
    gpu.createShaderModule({ code: source });
    assert.equal((await gpu.popErrorScope())?.message, undefined);
  });
