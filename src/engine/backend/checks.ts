/** What ops that move values ask of their operands: TensorFlow.js leaves these questions to the backend. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../../core/errors.ts';

const unsupported = (message: string): DecileError => new DecileError('engine/unsupported', message, '');

/** Equal sides but along `axis`. */
export function checkConcat(shapes: readonly (readonly number[])[], axis: number): void {
  for (const [n, shape] of shapes.entries()) {
    const fits = shape.length === shapes[0].length && shape.every((side, i) => i === axis || side === shapes[0][i]);
    if (!fits)
      throw unsupported(
        `Part ${n} of a concatenation along axis ${axis} must be [${shapes[0]}] but for that axis, got [${shape}].`,
      );
  }
}

/** One shape and one type. */
export function checkStack(parts: readonly tf.TensorInfo[]): void {
  const [{ shape, dtype }] = parts;
  for (const [n, part] of parts.entries())
    if (part.dtype !== dtype || !tf.util.arraysEqual(part.shape, shape))
      throw unsupported(`Part ${n} of a stack must be ${dtype} [${shape}], got ${part.dtype} [${part.shape}].`);
}

/** A box inside of `shape`. */
export function checkSlice(shape: readonly number[], begin: readonly number[], size: readonly number[]): void {
  const inside = shape.every((side, i) => begin[i] >= 0 && size[i] >= 0 && begin[i] + size[i] <= side);
  if (!inside) throw unsupported(`A slice must lie inside [${shape}], got [${begin}] and sides [${size}].`);
}

/** Where a new side of 1 goes. */
export function placeOfNewAxis(rank: number, axis: number): number {
  if (axis < -(rank + 1) || axis > rank)
    throw unsupported(`The place of a new axis must be from ${-(rank + 1)} to ${rank}, got ${axis}.`);
  return axis < 0 ? axis + rank + 1 : axis;
}
