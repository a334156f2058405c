/** Mini-batches of two streams: labelled and unlabelled patches, as tensors. */
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../methods/method.ts';
import type { FeatureMap } from '../network/kernels.ts';
import type { Augmentation, SWITCH } from '../options.ts';
import type { Random } from '../random.ts';
import { NOT_DRAWN } from '../volume.ts';
import { channelsOf, joined, withoutSome } from './channels.ts';
import { type CoarseView, coarsened, coarseView, fieldOf, type Grained } from './coarse-steps.ts';
import { foregroundShareFor } from './foreground-share.ts';
import { varyIntensities } from './intensity.ts';
import { type Places, thickAxis } from './patch-source.ts';
import { type CropPlan, type Patch, type PatchSource, planCrop, readPatch, type Sides } from './patches.ts';
import { noPlaces, type PseudoPlaces, placesOf, remembered } from './pseudo-places.ts';
import { CaseStream, type StreamState } from './sampler.ts';

export interface BatchOptions extends Grained {
  patch: Sides;
  classes: number;
  labelledPerStep: number;
  unlabelledPerStep: number;
  seed: number;
  augmentation: Augmentation;
  intensity: (typeof SWITCH)[number];
  /** Share of the patches that are drawn around a voxel of a class; auto: what `foregroundShareFor` says of the labelled scans; 0 without it. */
  foregroundShare?: 'auto' | number;
  /** Share of a corrected scan's patches that are drawn around what was corrected; 0 without it. */
  correctedShare?: number;
  /** Chance of each channel to be left out of a patch, where scans have several; 0 without it. */
  channelDropout?: number;
}

export interface TwoStreamState {
  labelled: StreamState;
  unlabelled: StreamState;
  /** Where classes were seen, for each unlabelled scan; absent while nothing was. */
  seen?: PseudoPlaces[];
}

/** Each stream draws from its own generator, so that every method sees the same labelled patches for one seed. */
export class TwoStreamSampler {
  private readonly labelled: CaseStream;
  private readonly unlabelled: CaseStream;
  private readonly sources: { labelled: readonly PatchSource[]; unlabelled: readonly PatchSource[] };
  private readonly options: BatchOptions;
  private seen: PseudoPlaces[];
  /** Share of the patches that are drawn around a voxel of a class. */
  readonly foregroundShare: number;
  /** Scan and crop of each unlabelled patch of the last batch, and its sides. */
  private drawn: { scan: number; plan: CropPlan; sides: Sides }[] = [];

  constructor(labelled: readonly PatchSource[], unlabelled: readonly PatchSource[], options: BatchOptions) {
    this.sources = { labelled, unlabelled };
    this.options = options;
    const { foregroundShare: asked = 0, patch, classes } = options;
    this.foregroundShare = asked === 'auto' ? foregroundShareFor(labelled, patch, classes) : asked;
    this.labelled = new CaseStream(labelled.length, options.seed, 1, this.foregroundShare);
    this.unlabelled = new CaseStream(unlabelled.length, options.seed, 2, this.foregroundShare);
    this.seen = unlabelled.map(() => noPlaces(options.classes));
  }

  get hasUnlabelled(): boolean {
    return this.sources.unlabelled.length > 0;
  }

  /** @param atHalf a batch at half the resolution; `labelledOnly` draws labelled patches in the place of the unlabelled ones */
  next({ atHalf = false, labelledOnly = false } = {}): Batch {
    const { classes } = this.options;
    const [labelledPerStep, unlabelledPerStep] = labelledOnly
      ? [this.options.labelledPerStep + this.options.unlabelledPerStep, 0]
      : [this.options.labelledPerStep, this.options.unlabelledPerStep];
    const { sources } = this;
    const coarse = atHalf ? coarseView(this.options.patch, this.options) : undefined;
    const patch = coarse?.sides ?? this.options.patch;
    const times = coarse?.times ?? 1;
    const labelled = this.draw(sources.labelled, this.labelled, times * labelledPerStep, coarse);
    const unlabelled = this.hasUnlabelled
      ? this.draw(sources.unlabelled, this.unlabelled, times * unlabelledPerStep, coarse)
      : [];
    this.drawn = unlabelled.map(({ scan, plan }) => ({ scan, plan, sides: patch }));
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

  private draw(sources: readonly PatchSource[], stream: CaseStream, count: number, coarse?: CoarseView) {
    const { patch, augmentation, intensity, channelDropout = 0, correctedShare = 0 } = this.options;
    const [sides, field] = coarse ? [coarse.sides, fieldOf(coarse)] : [patch, patch];
    return Array.from({ length: count }, (): Patch & { scan: number; plan: CropPlan } => {
      const scan = stream.next();
      const source = sources[scan];
      const places = stream === this.labelled ? source.places : placesOf(this.seen[scan], source.size);
      const around =
        stream.foreground.next(places, stream.random) ??
        correctedPlace(places, correctedShare, stream.random) ??
        drawnPlace(places, stream.random);
      const crop = planCrop(source.size, field, stream.random, augmentation, source.spacing, around, source.body);
      const plan = coarse ? coarsened(crop, coarse) : crop;
      const patch = { ...readPatch(source, sides, plan), scan, plan };
      const varied =
        intensity === 'off'
          ? patch.image
          : joined(varyIntensities(channelsOf(patch.image, sides), sides, thickAxis(source.spacing), stream.intensity));
      return { ...patch, image: withoutSome(varied, sides, channelDropout, stream.intensity) };
    });
  }

  /** Keeps where a network saw classes in the unlabelled patches of the last batch; later patches are drawn around them. */
  remember(masks: readonly Uint8Array[]): void {
    masks.forEach((mask, n) => {
      const { scan, plan, sides } = this.drawn[n];
      const { size } = this.sources.unlabelled[scan];
      this.seen[scan] = remembered(this.seen[scan], size, sides, plan, mask, this.unlabelled.random);
    });
  }

  get state(): TwoStreamState {
    const { labelled, unlabelled, seen } = this;
    const known = seen.some((lists) => lists.some((list) => list.length > 0));
    return { labelled: labelled.state, unlabelled: unlabelled.state, ...(known && { seen }) };
  }

  set state(value: TwoStreamState) {
    this.labelled.state = value.labelled;
    this.unlabelled.state = value.unlabelled;
    if (value.seen) this.seen = value.seen;
  }
}

/** In a share of the patches somewhere that was corrected, in a scan whose prediction was. */
const correctedPlace = (places: Places | undefined, share: number, random: Random): Sides | null =>
  places?.corrected && share > 0 && random.uniform() < share
    ? places.corrected.at(random.integer(places.corrected.count))
    : null;

/** Somewhere that was drawn, in a scan that is drawn in part; null for a patch from anywhere. */
const drawnPlace = (places: Places | undefined, random: Random): Sides | null =>
  places?.drawn ? places.drawn.at(random.integer(places.drawn.count)) : null;

/** Channels one after another, x fastest -> [1, D, H, W, channels] */
export function imageTensor(image: Float32Array, [x, y, z]: Sides): FeatureMap {
  const channels = image.length / (x * y * z);
  if (channels === 1) return tf.tensor5d(image, [1, z, y, x, 1]);
  const values = new Float32Array(image.length);
  for (let c = 0, i = 0; c < channels; c++) for (let v = c; v < values.length; v += channels) values[v] = image[i++];
  return tf.tensor5d(values, [1, z, y, x, channels]);
}

/** Masks -> one-hot [C, D, H, W] each, 0 in all classes where nothing was drawn, with the voxels of each class. */
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
      if (mask[i] === NOT_DRAWN) continue;
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
