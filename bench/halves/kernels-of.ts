/** Stands in for src/engine/choose/kernels-of.ts: the same kernels, rounded. */
import { kernelsOf as exact } from '../../src/engine/choose/kernels-of.ts';
import { roundedKernels } from './rounded.ts';

export const kernelsOf: typeof exact = (engine) => roundedKernels(exact(engine));
