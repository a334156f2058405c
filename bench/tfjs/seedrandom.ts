/** The package `seedrandom` with the names by which TensorFlow.js takes it from a bundler. */
import { createRequire } from 'node:module';

const all = createRequire(import.meta.url)('seedrandom/index.js') as Record<string, unknown>;

export default all;
export const { alea, xor128, tychei, xorwow, xor4096, xorshift7 } = all;
