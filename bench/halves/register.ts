/** `node --import bench/halves/register.ts`: whoever asks for an engine's kernels gets the rounded ones. */
import { registerHooks } from 'node:module';

const ROUNDED = new URL('./kernels-of.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const isKernelsOf = resolved.url.endsWith('/src/engine/choose/kernels-of.ts');
    return isKernelsOf && context.parentURL !== ROUNDED ? { ...resolved, url: ROUNDED } : resolved;
  },
});
