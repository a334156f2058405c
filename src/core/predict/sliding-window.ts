/** Whole-scan probabilities from overlapping windows (method section 3, Inference). */

import * as tf from '@tensorflow/tfjs';
import { mapAxes } from '../axes.ts';
import { channelsFirst, softmaxChannels } from '../network/channels.ts';
import type { Kernels } from '../network/kernels.ts';
import type { NetworkForward } from '../network/network.ts';
import { networkByName } from '../network/networks.ts';
import type { NetworkPlan } from '../network/plan.ts';
import { Tape, type Weights } from '../network/tape.ts';
import type { NetworkName } from '../options.ts';
import { imageTensor } from '../train/batch.ts';
import type { Sides } from '../train/patches.ts';
import { type Flips, mirrored, mirrorings, NO_FLIPS } from './mirror.ts';

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
  const sums = Array.from({ length: classes }, () => new Float32Array(size[0] * size[1] * size[2]));
  const starts = [0, 1, 2].map((axis) => windowStarts(size[axis], patch[axis], stride[axis]));
  const [xs, ys, zs] = starts;
  const total = xs.length * ys.length * zs.length;
  const ways = mirrorings(flips);
  const reading = new OneAhead();
  let done = 0;
  try {
    for (const z of zs) {
      for (const y of ys) {
        for (const x of xs) {
          const window = boxOf(image, size, [x, y, z], patch);
          for (const flip of ways) {
            const seen = mirrored(window, patch, flip);
            for (const member of members) {
              const probabilities = predictPatch(seen, member, kernels, forward, patch);
              await reading.next(probabilities, (values) =>
                addBox(sums, mirrored(values, patch, flip), size, [x, y, z], patch),
              );
            }
          }
          await onWindow(++done, total);
        }
      }
    }
  } finally {
    await reading.end();
  }
  divide(
    sums,
    starts.map((along, axis) => windowsOver(size[axis], patch[axis], along)),
    ways.length * members.length,
  );
  return sums;
}

/** What an engine answers later is read once it was given the next thing to do: a graphics card need not wait for us. */
class OneAhead {
  private last: Promise<void> = Promise.resolve();

  /** Reads the answer before this one; its failure is thrown here or by `end`. */
  async next<T>(answer: Promise<T>, read: (value: T) => void): Promise<void> {
    const before = this.last;
    this.last = answer.then(read);
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

/** Softmax of one patch, [C][z][y][x] flat. */
async function predictPatch(
  voxels: Float32Array,
  weights: Weights,
  kernels: Kernels,
  forward: NetworkForward,
  patch: Sides,
): Promise<Float32Array> {
  const input = imageTensor(voxels, patch);
  const tape = new Tape(kernels, weights, false);
  const { logits, features } = forward(tape, input, { features: 'bottleneck', dropout: null });
  const probabilities = tf.tidy(() => softmaxChannels(channelsFirst(logits)));
  try {
    return (await probabilities.data()) as Float32Array;
  } finally {
    tf.dispose([input, logits, features, probabilities]);
  }
}

/** A box of a volume, or of each of several of one size that lie one after another; zero outside. */
export function boxOf<T extends Float32Array | Uint8Array>(from: T, size: Sides, start: Sides, box: Sides): T {
  const [voxels, cut] = [size[0] * size[1] * size[2], box[0] * box[1] * box[2]];
  const maps = from.length / voxels;
  const into = new (from.constructor as new (n: number) => T)(maps * cut);
  for (let map = 0; map < maps; map++)
    forRows(size, start, box, (source, target, length) => {
      const first = map * voxels + source;
      into.set(from.subarray(first, first + length), map * cut + target);
    });
  return into;
}

/** Writes a box into a volume; what lies outside the volume is left out. */
export function copyBox(from: Float32Array, into: Float32Array, size: Sides, start: Sides, box: Sides): void {
  forRows(size, start, box, (target, source, length) => into.set(from.subarray(source, source + length), target));
}

function addBox(sums: Float32Array[], values: Float32Array, size: Sides, start: Sides, box: Sides): void {
  const plane = box[0] * box[1] * box[2];
  forRows(size, start, box, (to, from, length) => {
    for (let c = 0; c < sums.length; c++) {
      const sum = sums[c];
      for (let i = 0; i < length; i++) sum[to + i] += values[c * plane + from + i];
    }
  });
}

/** Calls back with (offset in the volume, offset in the box, length) for the part of each x row that lies inside. */
function forRows(
  size: Sides,
  start: Sides,
  box: Sides,
  row: (volume: number, box: number, length: number) => void,
): void {
  const x0 = Math.max(0, -start[0]);
  const length = Math.min(box[0], size[0] - start[0]) - x0;
  if (length <= 0) return;
  for (let z = Math.max(0, -start[2]); z < box[2] && start[2] + z < size[2]; z++) {
    for (let y = Math.max(0, -start[1]); y < box[1] && start[1] + y < size[1]; y++) {
      row(start[0] + x0 + size[0] * (start[1] + y + size[1] * (start[2] + z)), x0 + box[0] * (y + box[1] * z), length);
    }
  }
}
