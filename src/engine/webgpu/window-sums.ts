/** A scan and the sums over its windows on the GPU: nothing is read back before all windows are done. */
import * as tf from '@tensorflow/tfjs';
import type { Three } from '../../core/axes.ts';
import type { FeatureMap, Kernels, WindowSums } from '../../core/network/kernels.ts';
import type { WebgpuBackend } from './backend.ts';
import { groupsFor } from './program.ts';
import { addWindow, readWindow } from './wgsl/windows.ts';

/** Scan and sums may take this much; larger ones stay with the processor. */
const MOST_BYTES = 768 * 2 ** 20;
/** Numbers that must have room beside them: what is mirrored, and what is read at the end, this many at a time. */
const SPARE = 2 ** 24;

const product = ([x, y, z]: Three<number>): number => x * y * z;
/** Axes of [1, D, H, W, C] and of [C, D, H, W] alike. */
const mirroredAxes = ([x, y, z]: Three<boolean>): number[] => [...(z ? [1] : []), ...(y ? [2] : []), ...(x ? [3] : [])];

export function windowSumKernels(backend: WebgpuBackend): Required<Pick<Kernels, 'windowSums'>> {
  return {
    async windowSums(image, size, classes): Promise<WindowSums | undefined> {
      const voxels = product(size);
      const bytes = [4 * image.length, 4 * classes * voxels];
      if (Math.max(...bytes) > backend.gpu.mostBytes || bytes[0] + bytes[1] > MOST_BYTES) return undefined;
      const channels = image.length / voxels;
      const made = await together(backend, [[image.length], [classes, voxels], [SPARE]]);
      if (!made) return undefined;
      const [scan, sums, spare] = made;
      backend.drop(spare);
      backend.fill(scan, image);
      const place = (start: Three<number>, patch: Three<number>) => [...patch, ...size, ...start.map((n) => n >>> 0)];
      return {
        window(start, patch, flips) {
          const [px, py, pz] = patch;
          const out = backend.make([1, pz, py, px, channels]);
          const count = channels * product(patch);
          backend.run(readWindow, [scan], [out], [count, channels, ...place(start, patch)], groupsFor(count));
          return mirror(tf.engine().makeTensorFromTensorInfo(out) as FeatureMap, mirroredAxes(flips));
        },
        async add(probabilities, start, patch, flips) {
          const maps = mirror(probabilities, mirroredAxes(flips));
          const count = product(patch);
          backend.run(addWindow, [maps], [sums], [count, classes, ...place(start, patch)], groupsFor(count));
          // One value tells that all before it was computed.
          const one = tf.tidy(() => tf.slice(maps.flatten(), 0, 1));
          maps.dispose();
          try {
            await one.data();
          } finally {
            one.dispose();
          }
        },
        async read() {
          const maps: Float32Array[] = [];
          for (let c = 0; c < classes; c++) {
            const map = new Float32Array(voxels);
            // Not at once: each read takes as much of the GPU again.
            for (let from = 0; from < voxels; from += SPARE) {
              const part = await backend.readPart(sums, c * voxels + from, Math.min(SPARE, voxels - from));
              map.set(part, from);
            }
            maps.push(map);
          }
          return maps;
        },
        dispose: () => backend.drop(scan, sums),
      };
    },
  };
}

/** Tensors of these shapes, all or none. */
async function together(backend: WebgpuBackend, shapes: readonly number[][]): Promise<tf.TensorInfo[] | undefined> {
  const made: tf.TensorInfo[] = [];
  for (const shape of shapes) {
    const one = await backend.tryMake(shape);
    if (!one) {
      backend.drop(...made);
      return undefined;
    }
    made.push(one);
  }
  return made;
}

/** The same map mirrored; frees the other. */
function mirror<T extends tf.Tensor>(map: T, axes: number[]): T {
  if (axes.length === 0) return map;
  const turned = tf.reverse(map, axes) as T;
  map.dispose();
  return turned;
}
