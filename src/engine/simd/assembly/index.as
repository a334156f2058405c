// The kernels of the simd engine. `npm run build:simd` compiles them into ../wasm.generated.ts.
export { packWeights, convolve } from './conv';
export { winogradWeights, winograd } from './winograd';
export { winogradGradient, winogradGradientEnd } from './winograd-gradient';
export { convolveWeights, sumSlabs } from './conv-weights';
export { normSums, normRelu, normGradSums, normGrad, normLeaky, normLeakySums, normLeakyGrad } from './norm';
export { maxPool, maxPoolGrad } from './pool';
export { upsample, upsampleGrad } from './upsample';
export { copyRows, scaleAdd } from './elementwise';
export { weightedSums, adam, squareSums } from './update';
export { dropoutMask } from './random';
export { unary, widenBytes } from './unary';
export { binary } from './binary';
export { reduceRows, reduceColumns } from './reduce';
export { copyStrided } from './copy';
export { matMul } from './matmul';
export { transposedConv, transposedConvInput, transposedConvWeights } from './transposed';
export { supervisedSums, supervisedGrad } from './loss';
export { peak } from './peak';
