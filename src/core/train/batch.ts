/** Mini-batches of two streams: labelled and unlabelled patches, as tensors. */
import * as tf from '@tensorflow/tfjs';
import { mapAxes } from '../axes.ts';
import type { Batch } from '../methods/method.ts';
import type { FeatureMap } from '../network/kernels.ts';
import type { Augmentation, SWITCH } from '../options.ts';
import type { Random } from '../random.ts';
import { channelsOf, joined, withoutSome } from './channels.ts';
import { type CoarseView, coarsened, coarseView, fieldOf, type Grained } from './coarse-steps.ts';
import { varyIntensities } from './intensity.ts';
import { type MadePatch, makePatch, type PatchMaker, type PatchRequest, type Target, targetOf } from './made-patch.ts';
import { withObject } from './object-paste.ts';
import { objectsOf, type StructureObject } from './objects.ts';
import { type Places, thickAxis } from './patch-source.ts';
import { type PatchSource, planCrop, type Sides } from './patches.ts';
import { noPlaces, type PseudoPlaces, placesOf, remembered } from './pseudo-places.ts';
import { foregroundShareFor } from './rare-labels.ts';
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
  /** Share of the labelled patches that an object is pasted into; auto: `OBJECT_SHARE` where there are some; 0 without it. */
  objectPaste?: 'auto' | number;
  /** Chance of each channel to be left out of a patch, where scans have several; 0 without it. */
  channelDropout?: number;
}

export interface TwoStreamState {
  labelled: StreamState;
  unlabelled: StreamState;
  /** Where classes were seen, for each unlabelled scan; absent while nothing was. */
  seen?: PseudoPlaces[];
}

/** What a step asks of its batch. */
export interface Drawing {
  /** At half the resolution. */
  atHalf?: boolean;
  /** Labelled patches in the place of the unlabelled ones. */
  labelledOnly?: boolean;
}

/** A patch that is drawn; `made` where it is being made elsewhere. */
interface DrawnPatch {
  scan: number;
  source: PatchSource;
  request: PatchRequest;
  /** Spacing of the patch's voxels, mm. */
  grid?: Sides;
  made: Promise<MadePatch> | null;
}

interface DrawnBatch {
  drawing: Drawing;
  /** The streams before it was drawn. */
  before: { labelled: StreamState; unlabelled: StreamState };
  sides: Sides;
  labelled: DrawnPatch[];
  unlabelled: DrawnPatch[];
}

/**
 * Each stream draws from its own generator, so that every method sees the same labelled patches for one seed. What is drawn is the
 * same with a maker and without one, and so is the state.
 */
export class TwoStreamSampler {
  private readonly labelled: CaseStream;
  private readonly unlabelled: CaseStream;
  private readonly sources: { labelled: readonly PatchSource[]; unlabelled: readonly PatchSource[] };
  private readonly options: BatchOptions;
  private readonly maker: PatchMaker | undefined;
  private seen: PseudoPlaces[];
  /** Share of the patches that are drawn around a voxel of a class. */
  readonly foregroundShare: number;
  /** What is pasted into labelled patches, and into which share of them. */
  readonly pasting: { objects: readonly StructureObject[]; share: number };
  /** The unlabelled patches of the last batch. */
  private last: Omit<DrawnPatch, 'made'>[] = [];
  /** Batches that are drawn and not yet asked for. */
  private drawn: DrawnBatch[] = [];

  constructor(
    labelled: readonly PatchSource[],
    unlabelled: readonly PatchSource[],
    options: BatchOptions,
    maker?: PatchMaker,
  ) {
    this.sources = { labelled, unlabelled };
    this.options = options;
    this.maker = maker;
    const { foregroundShare: asked = 0, patch, classes } = options;
    this.foregroundShare = asked === 'auto' ? foregroundShareFor(labelled, patch, classes) : asked;
    this.pasting = pastingOf(labelled, options);
    this.labelled = new CaseStream(labelled.length, options.seed, 1, this.foregroundShare);
    this.unlabelled = new CaseStream(unlabelled.length, options.seed, 2, this.foregroundShare);
    this.seen = unlabelled.map(() => noPlaces(options.classes));
  }

  get hasUnlabelled(): boolean {
    return this.sources.unlabelled.length > 0;
  }

  /** @throws what reading the patches does, a maker's errors too */
  async next(drawing: Drawing = {}): Promise<Batch> {
    if (this.drawn.length > 0 && !sameDrawing(this.drawn[0].drawing, drawing)) this.takeBack();
    const { labelled, unlabelled, sides } = this.drawn.shift() ?? this.draw(drawing);
    const made = await Promise.all([...labelled, ...unlabelled].map(madeOf));
    const own = made.slice(0, labelled.length).map((patch, n) => this.varied(patch, labelled[n], this.labelled));
    const other = made.slice(labelled.length).map((patch, n) => this.varied(patch, unlabelled[n], this.unlabelled));
    this.last = unlabelled.map(({ made: _, ...drawn }) => drawn);
    const targets = own.map(({ target }) => target as Target);
    return {
      labelled: { images: own.map((p) => imageTensor(p.image, sides)), ...targetTensors(targets, sides) },
      unlabelled: { images: other.map((p) => imageTensor(p.image, sides)) },
    };
  }

  /**
   * Draws the batches of coming steps as far as that was not done, for the maker to make them meanwhile; does nothing without one.
   * @param coming of the next step first; what `next` asks otherwise is drawn anew
   */
  ahead(coming: readonly Drawing[]): void {
    if (!this.maker) return;
    try {
      while (this.drawn.length < coming.length) this.drawn.push(this.draw(coming[this.drawn.length]));
    } catch {
      // The step that needs it draws it again, and tells of the error.
    }
  }

  private draw(drawing: Drawing): DrawnBatch {
    const { sources, options } = this;
    const { labelledPerStep, unlabelledPerStep, patch } = options;
    const [ofLabelled, ofUnlabelled] = drawing.labelledOnly
      ? [labelledPerStep + unlabelledPerStep, 0]
      : [labelledPerStep, unlabelledPerStep];
    const coarse = drawing.atHalf ? coarseView(patch, options) : undefined;
    const times = coarse?.times ?? 1;
    const before = { labelled: this.labelled.state, unlabelled: this.unlabelled.state };
    try {
      const labelled = this.drawPatches(sources.labelled, this.labelled, times * ofLabelled, coarse);
      const unlabelled = this.hasUnlabelled
        ? this.drawPatches(sources.unlabelled, this.unlabelled, times * ofUnlabelled, coarse)
        : [];
      return { drawing, before, sides: coarse?.sides ?? patch, labelled, unlabelled };
    } catch (error) {
      this.rewind(before);
      throw error;
    }
  }

  private drawPatches(
    sources: readonly PatchSource[],
    stream: CaseStream,
    count: number,
    coarse?: CoarseView,
  ): DrawnPatch[] {
    const { patch, classes, augmentation, correctedShare = 0 } = this.options;
    const [sides, field] = coarse ? [coarse.sides, fieldOf(coarse)] : [patch, patch];
    return Array.from({ length: count }, () => {
      const scan = stream.next();
      const source = sources[scan];
      const places = stream === this.labelled ? source.places : placesOf(this.seen[scan], source.size);
      const around =
        stream.foreground.next(places, stream.random) ??
        correctedPlace(places, correctedShare, stream.random) ??
        drawnPlace(places, stream.random);
      const crop = planCrop(source.size, field, stream.random, augmentation, source.spacing, around, source.body);
      const request = { sides, plan: coarse ? coarsened(crop, coarse) : crop, classes };
      const grid = gridOf(source, coarse);
      const made = this.maker?.make(source, request) ?? null;
      // It is told of where the patch is waited for; one that is taken back is not.
      made?.catch(() => {});
      return { scan, source, request, ...(grid && { grid }), made };
    });
  }

  /**
   * In the step, in the order of the patches: how many numbers a change of intensity draws follows from what was drawn before it, so
   * that one patch cannot begin before the last one is done.
   */
  private varied(made: MadePatch, { source, request, grid }: DrawnPatch, stream: CaseStream): MadePatch {
    const { intensity, channelDropout = 0 } = this.options;
    const { sides } = request;
    const { image, target } = this.pasted(made, sides, stream.objects, grid);
    const random = stream.intensity;
    const varied =
      intensity === 'off'
        ? image
        : joined(varyIntensities(channelsOf(image, sides), sides, thickAxis(source.spacing), random));
    return { image: withoutSome(varied, sides, channelDropout, random), target };
  }

  private pasted(made: MadePatch, sides: Sides, random: Random, grid?: Sides): MadePatch {
    const { objects, share } = this.pasting;
    const { target } = made;
    if (!target || share === 0 || random.uniform() >= share) return made;
    return withObject({ ...made, target }, sides, objects, random, grid);
  }

  /** Keeps where a network saw classes in the unlabelled patches of the last batch; later patches are drawn around them. */
  remember(masks: readonly Uint8Array[]): void {
    this.takeBack();
    masks.forEach((mask, n) => {
      const { scan, source, request } = this.last[n];
      const { sides, plan } = request;
      this.seen[scan] = remembered(this.seen[scan], source.size, sides, plan, mask, this.unlabelled.random);
    });
  }

  /** As if nothing had been drawn ahead. */
  private takeBack(): void {
    if (this.drawn.length > 0) this.rewind(this.drawn[0].before);
    this.drawn = [];
  }

  private rewind({ labelled, unlabelled }: DrawnBatch['before']): void {
    this.labelled.state = rewound(this.labelled, labelled);
    this.unlabelled.state = rewound(this.unlabelled, unlabelled);
  }

  /** That of a sampler that draws nothing ahead. */
  get state(): TwoStreamState {
    const { labelled, unlabelled, seen } = this;
    const known = seen.some((lists) => lists.some((list) => list.length > 0));
    const before = this.drawn[0]?.before ?? { labelled: labelled.state, unlabelled: unlabelled.state };
    return {
      labelled: rewound(labelled, before.labelled),
      unlabelled: rewound(unlabelled, before.unlabelled),
      ...(known && { seen }),
    };
  }

  set state(value: TwoStreamState) {
    this.drawn = [];
    this.labelled.state = value.labelled;
    this.unlabelled.state = value.unlabelled;
    if (value.seen) this.seen = value.seen;
  }
}

/** Not chosen by measurement. */
const OBJECT_SHARE = 0.8;

function pastingOf(labelled: readonly PatchSource[], { objectPaste = 0, patch, classes }: BatchOptions) {
  const objects = objectPaste === 0 ? [] : objectsOf(labelled, patch, classes);
  const share = objectPaste === 'auto' ? OBJECT_SHARE : objectPaste;
  return { objects, share: objects.length > 0 ? share : 0 };
}

/** Distance between a patch's voxels, mm; absent where the scan's is. */
const gridOf = ({ spacing }: PatchSource, coarse?: CoarseView): Sides | undefined =>
  spacing && coarse ? mapAxes(spacing, (mm, axis) => mm * coarse.factors[axis]) : spacing;

const madeOf = ({ source, request, made }: DrawnPatch): Promise<MadePatch> | MadePatch =>
  made ?? makePatch(source, request);

const sameDrawing = (a: Drawing, b: Drawing): boolean =>
  Boolean(a.atHalf) === Boolean(b.atHalf) && Boolean(a.labelledOnly) === Boolean(b.labelledOnly);

/** A stream's state before patches that are drawn and not made: neither intensities nor objects are drawn ahead. */
const rewound = (stream: CaseStream, before: StreamState): StreamState => ({
  ...before,
  intensity: stream.intensity.state,
  objects: stream.objects.state,
});

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
export const maskTensors = (masks: Uint8Array[], sides: Sides, classes: number): TargetTensors =>
  targetTensors(
    masks.map((mask) => targetOf(mask, classes)),
    sides,
  );

interface TargetTensors {
  oneHot: tf.Tensor4D[];
  voxels: number[][];
}

const targetTensors = (targets: readonly Target[], [x, y, z]: Sides): TargetTensors => ({
  oneHot: targets.map(({ oneHot, voxels }) => tf.tensor4d(oneHot, [voxels.length, z, y, x])),
  voxels: targets.map(({ voxels }) => voxels),
});

export const disposeBatch = ({ labelled, unlabelled }: Batch): void =>
  tf.dispose([labelled.images, labelled.oneHot, unlabelled.images]);
