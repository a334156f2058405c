/** A scan and the sums over its windows on the GPU: nothing is read back before all windows are done. */
import * as tf from '@tensorflow/tfjs';
import type { Three } from '../../core/axes.ts';
import type { FeatureMap, Kernels, WindowSums } from '../../core/network/kernels.ts';
import type { WebgpuBackend } from './backend.ts';
import { groupsFor } from './program.ts';
import { addWindow, readWindow } from './wgsl/windows.ts';

/** Scan and sums may take this much; larger ones stay with the processor. */
const MOST_BYTES = 768 * 2 ** 20;

const product = ([x, y, z]: Three<number>): number => x * y * z;
/** Axes of [1, D, H, W, C] and of [C, D, H, W] alike. */
const mirroredAxes = ([x, y, z]: Three<boolean>): number[] => [...(z ? [1] : []), ...(y ? [2] : []), ...(x ? [3] : [])];

export function windowSumKernels(backend: WebgpuBackend): Required<Pick<Kernels, 'windowSums'>> {
  return {
    windowSums(image, size, classes): WindowSums | undefined {
      const voxels = product(size);
      const bytes = [4 * image.length, 4 * classes * voxels];
      if (Math.max(...bytes) > backend.gpu.mostBytes || bytes[0] + bytes[1] > MOST_BYTES) return undefined;
      const channels = image.length / voxels;
      const [scan, sums] = [tf.tensor1d(image), tf.fill([classes, voxels], 0)];
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
          const all = (await sums.data()) as Float32Array;
          return Array.from({ length: classes }, (_, c) => all.subarray(c * voxels, (c + 1) * voxels));
        },
        dispose: () => tf.dispose([scan, sums]),
      };
    },
  };
}

/** The same map mirrored; frees the other. */
function mirror<T extends tf.Tensor>(map: T, axes: number[]): T {
  if (axes.length === 0) return map;
  const turned = tf.reverse(map, axes) as T;
  map.dispose();
  return turned;
}
