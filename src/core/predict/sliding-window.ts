/** Whole-scan probabilities from overlapping windows (method section 3, Inference). */

import * as tf from '@tensorflow/tfjs';
import { mapAxes } from '../axes.ts';
import { channelsFirst, softmaxChannels } from '../network/channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import type { NetworkForward } from '../network/network.ts';
import { networkByName } from '../network/networks.ts';
import type { NetworkPlan } from '../network/plan.ts';
import { Tape, type Weights } from '../network/tape.ts';
import type { NetworkName } from '../options.ts';
import type { Sides } from '../train/patches.ts';
import { type Flips, mirrorings, NO_FLIPS } from './mirror.ts';
import { sumsInMemory } from './window-sums.ts';

export interface Windowing {
  patch: Sides;
  /** What the weights are of. */
  network: NetworkName;
  /** Of the network `planned`. */
  plan?: NetworkPlan;
  /** Voxels between window starts. */
  stride: Sides;
  /** Each window is also read mirrored along these axes, and the probabilities are averaged; none by default. */
  flips?: Flips;
}

/** Half the patch, at most 64 voxels (64 is the paper's at 96). */
export const defaultStride = (patch: Sides): Sides => mapAxes(patch, (p) => Math.min(64, Math.max(1, p >> 1)));

/** Window starts along one axis: every `stride`, the last window flush with the border; one at a negative start when the scan is smaller. */
export function windowStarts(size: number, patch: number, stride: number): number[] {
  if (size <= patch) return [Math.floor((size - patch) / 2)];
  const starts: number[] = [];
  for (let s = 0; s + patch < size; s += stride) starts.push(s);
  return [...starts, size - patch];
}

/**
 * Mean of the softmax outputs of all windows over each voxel, and of all networks.
 * @param image network input, channels one after another, x fastest
 * @param weights of one network, or of several of one shape
 * @param onWindow called after each window; throw in it to stop
 * @returns one map a class, x fastest, summing to 1
 */
export async function slidingWindow(
  image: Float32Array,
  size: Sides,
  weights: Weights | readonly Weights[],
  kernels: Kernels,
  { patch, stride, network, plan, flips = NO_FLIPS }: Windowing,
  onWindow: (done: number, total: number) => void | Promise<void> = () => {},
): Promise<Float32Array[]> {
  const members = [weights].flat();
  const classes = members[0]['out.bias'].size;
  const { forward } = networkByName(network, plan);
  const starts = [0, 1, 2].map((axis) => windowStarts(size[axis], patch[axis], stride[axis]));
  const [xs, ys, zs] = starts;
  const total = xs.length * ys.length * zs.length;
  const ways = mirrorings(flips);
  let scan = sumsInMemory(image, size, classes);
  let asked = false;
  const reading = new OneAhead();
  let done = 0;
  try {
    for (const z of zs) {
      for (const y of ys) {
        for (const x of xs) {
          for (const flip of ways) {
            const window = scan.window([x, y, z], patch, flip);
            try {
              for (const member of members) {
                const probabilities = predictPatch(window, member, kernels, forward);
                // The network takes its memory first: what is left decides where the sums are.
                if (!asked) scan = (await kernels.windowSums?.(image, size, classes)) ?? scan;
                asked = true;
                await reading.next(scan.add(probabilities, [x, y, z], patch, flip));
              }
            } finally {
              window.dispose();
            }
          }
          await onWindow(++done, total);
        }
      }
    }
    await reading.end();
    const sums = await scan.read();
    divide(
      sums,
      starts.map((along, axis) => windowsOver(size[axis], patch[axis], along)),
      ways.length * members.length,
    );
    return sums;
  } finally {
    await reading.end().catch(() => {}); // whatever failed is thrown already
    scan.dispose();
  }
}

/** What an engine answers later is read once it was given the next thing to do: a graphics card need not wait for us. */
class OneAhead {
  private last: Promise<void> = Promise.resolve();

  /** Waits for the answer before this one; its failure is thrown here or by `end`. */
  async next(answer: Promise<void>): Promise<void> {
    const before = this.last;
    this.last = answer;
    // It is awaited later: until then its failure is nobody's.
    this.last.catch(() => {});
    await before;
  }

  end(): Promise<void> {
    return this.last;
  }
}

/** How many windows lie over each place along one axis; over a voxel it is the product of the three. */
function windowsOver(size: number, patch: number, starts: readonly number[]): Uint16Array {
  const counts = new Uint16Array(size);
  for (const start of starts) counts.subarray(Math.max(0, start), start + patch).forEach((_, i, all) => void all[i]++);
  return counts;
}

function divide(sums: Float32Array[], [nx, ny, nz]: Uint16Array[], ways: number): void {
  for (const sum of sums) {
    let i = 0;
    for (const z of nz) for (const y of ny) for (const x of nx) sum[i++] /= x * y * z * ways;
  }
}

/** Softmax of one patch, [C, D, H, W]. */
function predictPatch(input: FeatureMap, weights: Weights, kernels: Kernels, forward: NetworkForward): tf.Tensor4D {
  const tape = new Tape(kernels, weights, false);
  const { logits, features } = forward(tape, input, { features: 'bottleneck', dropout: null });
  const probabilities = tf.tidy(() => softmaxChannels(channelsFirst(logits)));
  tf.dispose([logits, features]);
  return probabilities;
}
