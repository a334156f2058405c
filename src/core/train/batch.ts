/** Mini-batches of two streams: labelled and unlabelled patches, as tensors. */
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../methods/method.ts';
import type { FeatureMap } from '../network/kernels.ts';
import type { Augmentation, SWITCH } from '../options.ts';
import { varyIntensities } from './intensity.ts';
import { thickAxis } from './patch-source.ts';
import { type Patch, type PatchSource, planCrop, readPatch, type Sides } from './patches.ts';
import { CaseStream, type StreamState } from './sampler.ts';

export interface BatchOptions {
  patch: Sides;
  classes: number;
  labelledPerStep: number;
  unlabelledPerStep: number;
  seed: number;
  augmentation: Augmentation;
  intensity: (typeof SWITCH)[number];
}

export interface TwoStreamState {
  labelled: StreamState;
  unlabelled: StreamState;
}

/** Each stream draws from its own generator, so that every method sees the same labelled patches for one seed. */
export class TwoStreamSampler {
  private readonly labelled: CaseStream;
  private readonly unlabelled: CaseStream;
  private readonly sources: { labelled: readonly PatchSource[]; unlabelled: readonly PatchSource[] };
  private readonly options: BatchOptions;

  constructor(labelled: readonly PatchSource[], unlabelled: readonly PatchSource[], options: BatchOptions) {
    this.sources = { labelled, unlabelled };
    this.options = options;
    this.labelled = new CaseStream(labelled.length, options.seed, 1);
    this.unlabelled = new CaseStream(unlabelled.length, options.seed, 2);
  }

  next(): Batch {
    const { labelledPerStep, unlabelledPerStep, patch, classes } = this.options;
    const labelled = this.draw(this.sources.labelled, this.labelled, labelledPerStep);
    const unlabelled =
      this.sources.unlabelled.length > 0 ? this.draw(this.sources.unlabelled, this.unlabelled, unlabelledPerStep) : [];
    return {
      labelled: {
        images: labelled.map((p) => imageTensor(p.image, patch)),
        ...maskTensors(
          labelled.map((p) => p.mask as Uint8Array),
          patch,
          classes,
        ),
      },
      unlabelled: { images: unlabelled.map((p) => imageTensor(p.image, patch)) },
    };
  }

  private draw(sources: readonly PatchSource[], stream: CaseStream, count: number): Patch[] {
    return Array.from({ length: count }, () => {
      const { patch: sides, augmentation, intensity } = this.options;
      const source = sources[stream.next()];
      const patch = readPatch(source, sides, planCrop(source.size, sides, stream.random, augmentation, source.spacing));
      if (intensity === 'off') return patch;
      const [image] = varyIntensities([patch.image], sides, thickAxis(source.spacing), stream.intensity);
      return { ...patch, image };
    });
  }

  get state(): TwoStreamState {
    return { labelled: this.labelled.state, unlabelled: this.unlabelled.state };
  }

  set state(value: TwoStreamState) {
    this.labelled.state = value.labelled;
    this.unlabelled.state = value.unlabelled;
  }
}

/** x-fastest voxels -> [1, D, H, W, 1] */
export const imageTensor = (image: Float32Array, [x, y, z]: Sides): FeatureMap => tf.tensor5d(image, [1, z, y, x, 1]);

/** Masks -> one-hot [C, D, H, W] each, with the voxels of each class. */
export function maskTensors(
  masks: Uint8Array[],
  [x, y, z]: Sides,
  classes: number,
): { oneHot: tf.Tensor4D[]; voxels: number[][] } {
  const voxels: number[][] = [];
  const oneHot = masks.map((mask) => {
    const values = new Float32Array(classes * mask.length);
    const counts = new Array<number>(classes).fill(0);
    for (let i = 0; i < mask.length; i++) {
      values[mask[i] * mask.length + i] = 1;
      counts[mask[i]]++;
    }
    voxels.push(counts);
    return tf.tensor4d(values, [classes, z, y, x]);
  });
  return { oneHot, voxels };
}

export const disposeBatch = ({ labelled, unlabelled }: Batch): void =>
  tf.dispose([labelled.images, labelled.oneHot, unlabelled.images]);
