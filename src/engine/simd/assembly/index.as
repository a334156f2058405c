// The kernels of the simd engine. `npm run build:simd` compiles them into ../wasm.generated.ts.
export { packWeights, convolve } from './conv';
export { convolveWeights, sumSlabs } from './conv-weights';
export { normSums, normRelu, normGradSums, normGrad } from './norm';
export { maxPool, maxPoolGrad } from './pool';
export { upsample, upsampleGrad } from './upsample';
export { binary, copyRows, scaleAdd } from './elementwise';
export { matMul } from './matmul';
