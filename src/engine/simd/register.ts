/** The simd engine as a TensorFlow.js backend, wherever its threads run. */
import * as tf from '@tensorflow/tfjs';
import { registerOps } from '../backend/op.ts';
import { SimdBackend } from './backend.ts';
import { registerGradients } from './gradients.ts';
import type { Machine } from './machine.ts';
import { elementwiseOps } from './ops/elementwise.ts';
import { lossOps } from './ops/loss.ts';
import { pasteOps } from './ops/paste.ts';
import { productOps } from './ops/products.ts';
import { reduceOps } from './ops/reduce.ts';
import { shapeOps } from './ops/shape.ts';

const NAME = 'simd';

/** Registers the backend and its ops once; the caller makes it current. */
export function registerWith(start: () => Machine | Promise<Machine>): void {
  if (tf.findBackendFactory(NAME)) return;
  registerGradients();
  tf.registerBackend(
    NAME,
    () => {
      const machine = start();
      return machine instanceof Promise ? machine.then((m) => new SimdBackend(m)) : new SimdBackend(machine);
    },
    2,
  );
  registerOps<SimdBackend>(NAME, {
    ...elementwiseOps,
    ...shapeOps,
    ...reduceOps,
    ...productOps,
    ...lossOps,
    ...pasteOps,
  });
}
