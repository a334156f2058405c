/** Training steps on made-up patches: what a step costs on this machine, without a scan. */
import type * as tf from '@tensorflow/tfjs';
import { methodOf } from '../../core/methods/index.ts';
import type { Batch } from '../../core/methods/method.ts';
import type { Kernels } from '../../core/network/kernels.ts';
import type { TrainingOptions, WithPlan } from '../../core/options.ts';
import { disposeBatch, TwoStreamSampler } from '../../core/train/batch.ts';
import { trainStep } from '../../core/train/loop.ts';
import type { PatchSource, Sides } from '../../core/train/patches.ts';
import { planFor } from '../../core/train/planned-patch.ts';
import { disposeState, initialState, type TrainState } from '../../core/train/state.ts';
import type { Recompute } from '../../core/train/step-bytes.ts';

export class StepSession {
  private readonly state: TrainState;
  private readonly sampler: TwoStreamSampler;
  /** The patches of every step, where none are made. */
  private kept: Batch | undefined;
  private readonly options: TrainingOptions & WithPlan;
  private readonly kernels: Kernels;
  private readonly recompute: Recompute | undefined;
  private readonly together: number | undefined;

  /**
   * @param options with a plan, or for cubes of voxels where the network `planned` has none
   * @param patch x, y, z; divisible as the network needs
   * @param recompute what a step computes again instead of keeping it
   * @param together most patches that go through a network at once, where the engine takes several
   */
  constructor(
    kernels: Kernels,
    options: TrainingOptions & WithPlan,
    patch: [number, number, number],
    classes = 2,
    recompute?: Recompute,
    together?: number,
  ) {
    this.kernels = kernels;
    this.recompute = recompute;
    this.together = together;
    const cubes = options.network === 'planned' && { plan: planFor([1, 1, 1], patch, options.width) };
    // The steps that cost most: those with unlabelled patches at full resolution.
    this.options = { ...cubes, ...options, unlabelledFrom: 0, coarseShare: 0 };
    this.sampler = new TwoStreamSampler([ball(patch, true)], [ball(patch, false)], { ...options, patch, classes });
    this.state = initialState(methodOf(options), this.options, classes);
  }

  /** One whole step: batch, passes, loss, gradients, updates. Seconds. */
  async step(): Promise<{ seconds: number; loss: number }> {
    const { options, kernels, recompute, together } = this;
    const start = performance.now();
    const { kept, sampler } = this;
    const patches = kept
      ? {
          next: async () => copyOf(kept),
          remember() {},
          ahead() {},
          hasUnlabelled: sampler.hasUnlabelled,
          foregroundShare: 0,
        }
      : sampler;
    const { losses } = await trainStep(methodOf(options), this.state, patches, {
      options,
      kernels,
      recompute,
      together,
    });
    return { seconds: (performance.now() - start) / 1000, loss: losses.total };
  }

  /** From here on every step takes the same patches, which lie where the engine has its values; seconds that making them took. */
  async keepPatches(): Promise<number> {
    const start = performance.now();
    this.kept ??= await this.sampler.next();
    return (performance.now() - start) / 1000;
  }

  dispose(): void {
    disposeState(this.state);
    if (this.kept) disposeBatch(this.kept);
  }
}

/** The same patches under other names: a step frees those that it was given. */
const copyOf = ({ labelled, unlabelled }: Batch): Batch => {
  const copies = <T extends tf.Tensor>(maps: readonly T[]) => maps.map((map) => map.clone() as T);
  return {
    labelled: { ...labelled, images: copies(labelled.images), oneHot: copies(labelled.oneHot) },
    unlabelled: { images: copies(unlabelled.images) },
  };
};

/** Noise around a ball; the times do not depend on the values. */
function ball(size: Sides, withMask: boolean): PatchSource {
  const image = new Float32Array(size[0] * size[1] * size[2]);
  const mask = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const at = [i % size[0], Math.floor(i / size[0]) % size[1], Math.floor(i / (size[0] * size[1]))];
    const squares = at.reduce((sum, v, axis) => sum + ((2 * v) / (size[axis] - 1) - 1) ** 2, 0);
    mask[i] = squares < 0.5 ? 1 : 0;
    image[i] = mask[i] + Math.sin(i * 12.9898);
  }
  // Turned and warped patches read boxes of other sides: any voxels will do, as many as were asked for.
  const whole = <T extends Float32Array | Uint8Array>(from: T, box: Sides, into: T): T => {
    for (let i = 0; i < box[0] * box[1] * box[2]; i++) into[i] = from[i % from.length];
    return into;
  };
  return {
    name: 'ball',
    size,
    readImage: (_, box) => whole(image, box, new Float32Array(box[0] * box[1] * box[2])),
    ...(withMask
      ? { readMask: (_: Sides, box: Sides) => whole(mask, box, new Uint8Array(box[0] * box[1] * box[2])) }
      : {}),
  };
}
