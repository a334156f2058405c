/** The ops of the simd backend: in the engine's memory. */
import { type OpOf, sizeOf } from '../../backend/op.ts';
import type { SimdBackend } from '../backend.ts';

export { axesOf, broadcastStrides, shapeOnly, sizeOf, stridesOf } from '../../backend/op.ts';

export type Op = OpOf<SimdBackend>;
export type Ops = Record<string, Op>;

/** Visits every index of `shape` in order, with the matching offset under other strides. */
export function walk(
  shape: readonly number[],
  strides: readonly number[],
  visit: (index: number, offset: number) => void,
): void {
  const size = sizeOf(shape);
  const position = new Array<number>(shape.length).fill(0);
  let offset = 0;
  for (let index = 0; index < size; index++) {
    visit(index, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++position[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
}
