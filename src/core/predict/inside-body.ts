/** Whole-scan probabilities from windows over the body alone. */
import type { Kernels } from '../network/kernels.ts';
import type { Weights } from '../network/tape.ts';
import { windowedBox } from '../train/body.ts';
import type { Sides } from '../train/patch-source.ts';
import type { Box } from '../train/region.ts';
import { boxOf, copyBox } from './boxes.ts';
import { slidingWindow, type Windowing } from './sliding-window.ts';

/**
 * As `slidingWindow`, with windows that reach no farther than they must to cover the body; background for sure elsewhere.
 * @param body null for the whole scan
 */
export async function slidingWindowInBody(
  image: Float32Array,
  size: Sides,
  body: Box | null,
  weights: Weights | readonly Weights[],
  kernels: Kernels,
  windowing: Windowing,
  onWindow?: (done: number, total: number) => void | Promise<void>,
): Promise<Float32Array[]> {
  const box = body && windowedBox(size, windowing.patch, body);
  if (!box || box.size.every((n, axis) => n === size[axis]))
    return slidingWindow(image, size, weights, kernels, windowing, onWindow);
  const part = boxOf(image, size, box.start, box.size);
  const maps = await slidingWindow(part, box.size, weights, kernels, windowing, onWindow);
  return maps.map((map, label) => {
    const whole = new Float32Array(size[0] * size[1] * size[2]).fill(label === 0 ? 1 : 0);
    copyBox(map, whole, size, box.start, box.size);
    return whole;
  });
}
