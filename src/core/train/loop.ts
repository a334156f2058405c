/** ONE training loop for every method. It computes; where scans come from and where checkpoints go is the caller's. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../errors.ts';
import { methodOf } from '../methods/index.ts';
import type { Context, Method } from '../methods/method.ts';
import { type Box, drawBox } from '../methods/mixing.ts';
import { PrototypeMemory } from '../methods/prototype-memory.ts';
import { supervised } from '../methods/supervised.ts';
import type { ModelChannel } from '../model-channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import { parameterCount } from '../network/network.ts';
import type { SettledOptions, TrainingOptions, WithPlan } from '../options.ts';
import type { PiecesKept } from '../predict/pieces.ts';
import { disposeBatch, TwoStreamSampler } from './batch.ts';
import type { DecodedCheckpoint } from './checkpoint.ts';
import { drawingOf, drawingsAfter, remembers } from './drawings.ts';
import type { PatchMaker } from './made-patch.ts';
import { turnAt, turnOf } from './members.ts';
import { patchMasks } from './patch-masks.ts';
import type { PatchSource } from './patches.ts';
import { betaVariate, dropoutMasks, withNoise } from './randomness.ts';
import { lambdaAt, learningRateAt } from './schedules.ts';
import { disposeState, encodeCheckpoint, initialState, nextMember, restoreState, type TrainState } from './state.ts';
import { type Dropout, methodStep } from './step.ts';
import type { Recompute } from './step-bytes.ts';
import { updateNetworks } from './update.ts';

export interface StepReport {
  step: number;
  losses: Record<string, number>;
  lambda: number;
  learningRate: number;
  skipped: Record<string, number>;
}

export interface TrainInputs {
  options: SettledOptions;
  classes: string[];
  /** Kept in checkpoints; the sources have them in this order. */
  channels?: ModelChannel[];
  /** Labels that patches from anywhere rarely hold, by value: kept in checkpoints, for prediction. */
  rare?: readonly number[];
  labelled: readonly PatchSource[];
  unlabelled: readonly PatchSource[];
  kernels: Kernels;
  /** Makes patches while the engine computes; the same weights. Whoever gives it closes it. */
  maker?: PatchMaker;
  /** Connected pieces, as `Context.pieces`. */
  pieces?: PiecesKept;
  resumeFrom?: DecodedCheckpoint;
  /** What is computed again instead of kept: less memory, the same weights. */
  recompute?: Recompute;
  /** Most patches that go through a network at once, where the engine takes several. */
  together?: number;
  /** Whose student gives the first weights. */
  startFrom?: DecodedCheckpoint;
  hooks: TrainHooks;
}

export interface TrainHooks {
  /** @param info its foregroundShare: of the patches, drawn around a voxel of a label; pasting: what is pasted into which share of them */
  onStart?(info: {
    step: number;
    parameters: number;
    foregroundShare: number;
    pasting: TwoStreamSampler['pasting'];
  }): void;
  onStep?(report: StepReport): void;
  /** Asked before each step; resolves when the run may go on, to 'cancel' when it should stop. `save` makes a checkpoint now. */
  mayContinue?(state: TrainState, save: () => Promise<void>): Promise<'go' | 'cancel'>;
  /** Asked after each step whether a checkpoint is due by the clock, beside those of `checkpointEvery`. */
  checkpointDue?(): boolean;
  /** Called every `checkpointEvery` steps, when it is due, on pause and cancel and at the end; once a step. */
  onCheckpoint(bytes: Uint8Array, step: number): Promise<void>;
  /** Called every `validateEvery` steps and at the end; reads the networks, never the optimiser. */
  onMilestone?(state: TrainState): Promise<void>;
}

/** Trains to options.steps; returns how it ended. Frees every tensor it made. */
export async function train(inputs: TrainInputs): Promise<{ outcome: 'finished' | 'cancelled'; step: number }> {
  const { options, classes, hooks } = inputs;
  const method = methodOf(options);
  const drawn = { ...options, classes: classes.length };
  const sampler = new TwoStreamSampler(inputs.labelled, inputs.unlabelled, drawn, inputs.maker);
  const inputChannels = inputs.channels?.length ?? inputs.labelled[0]?.channels;
  const state = inputs.resumeFrom
    ? restoreState(inputs.resumeFrom, method, sampler)
    : initialState(method, options, classes.length, inputChannels, inputs.startFrom);
  let saved: number | null = null;
  const save = async () => {
    if (saved === state.step) return;
    const { channels, rare } = inputs;
    await hooks.onCheckpoint(await encodeCheckpoint(state, sampler, options, classes, channels, rare), state.step);
    saved = state.step;
  };
  // The next member begins with its first step, so that the checkpoint of a turn's end holds the one that is finished whole.
  const ownTurn = async () => {
    if (turnAt(state.step, options).member > state.finished.length)
      await nextMember(...[state, method, options, classes.length, inputChannels, inputs.startFrom]);
    return { ...inputs, options: { ...options, steps: turnOf(state.finished.length, options).steps } };
  };
  try {
    const { foregroundShare, pasting } = sampler;
    hooks.onStart?.({ step: state.step, parameters: parameterCount(state.networks.student), foregroundShare, pasting });
    while (state.step < options.steps) {
      if ((await hooks.mayContinue?.(state, save)) === 'cancel') {
        await save();
        return { outcome: 'cancelled', step: state.step };
      }
      const report = await trainStep(method, state, sampler, await ownTurn());
      hooks.onStep?.(report);
      const last = state.step === options.steps;
      if (last || state.step % options.checkpointEvery === 0 || hooks.checkpointDue?.()) await save();
      if (last || state.step % options.validateEvery === 0) await hooks.onMilestone?.(state);
    }
    return { outcome: 'finished', step: state.step };
  } finally {
    disposeState(state);
  }
}

/** Supervised-only, with the moving averages of the method that comes after it. */
const onLabelled = ({ networks }: Method): Method => ({
  ...supervised,
  networks: {
    ...supervised.networks,
    ...Object.fromEntries(Object.entries(networks).filter(([, kind]) => kind === 'ema')),
  },
});

/** Draws a batch, differentiates, updates the student, then the teacher. @param inputs its `options.steps` are those of the network that learns */
export async function trainStep(
  whole: Method,
  state: TrainState,
  sampler: Pick<TwoStreamSampler, 'next' | 'ahead' | 'remember' | 'hasUnlabelled' | 'foregroundShare'>,
  {
    options,
    kernels,
    pieces,
    recompute,
    together,
  }: { options: TrainingOptions & WithPlan } & Pick<TrainInputs, 'kernels' | 'pieces' | 'recompute' | 'together'>,
): Promise<StepReport> {
  const step = state.step - state.first;
  const drawing = drawingOf(step, options, sampler);
  const alone = drawing.labelledOnly;
  const method = alone ? onLabelled(whole) : whole;
  const lambda = alone ? 0 : lambdaAt(step, options);
  const learningRate = learningRateAt(step, options);
  const owned: FeatureMap[] = [];
  let mixing: number | undefined;
  let box: Box | undefined;
  const context: Context = {
    step,
    steps: options.steps,
    lambda,
    options,
    random: state.noise,
    together: kernels.mostTogether !== undefined,
    ...(pieces && { pieces }),
    ...(options.prototypeMemory > 0 && { memory: new PrototypeMemory(options.prototypeMemory, state.memory) }),
    own: (images) => {
      owned.push(...images);
      return images;
    },
    mixing: () => {
      mixing ??= betaVariate(0.2, state.noise);
      return mixing;
    },
    box: (sides) => {
      box ??= drawBox(sides, state.noise);
      return box;
    },
    withNoise: (images) =>
      images.map((image) => {
        const sum = withNoise(image, state.noise, kernels);
        owned.push(sum);
        return sum;
      }),
  };
  const batch = await sampler.next(drawing);
  const drawAhead = () => sampler.ahead(drawingsAfter(step, options, sampler));
  const toRemember = remembers(step, options, sampler);
  if (!toRemember) drawAhead();
  const dropout: Dropout | null =
    options.dropout > 0
      ? {
          random: state.dropout,
          draw: (shapes, images, random) => dropoutMasks(shapes, images, options.dropout, random, kernels),
        }
      : null;
  const {
    losses: reading,
    skipped,
    gradients,
  } = await methodStep({
    method,
    networks: state.networks,
    batch,
    context,
    kernels,
    dropout,
    plan: options.plan,
    recompute,
    together,
  });
  // A failure is told of where the losses are waited for, and not before.
  reading.catch(() => {});
  if (toRemember) {
    sampler.remember(
      await patchMasks(batch.unlabelled.images, state.networks.teacher ?? state.networks.student, kernels, options),
    );
    drawAhead();
  }
  disposeBatch(batch);
  tf.dispose(owned);
  const [losses] = await Promise.all([
    reading,
    // Not after the losses are known: a GPU computes the one while the other is on its way.
    updateNetworks(method, state, gradients, learningRate, options, kernels),
  ]);
  for (const sums of Object.values(gradients)) tf.dispose([...sums.values()]);
  if (!Number.isFinite(losses.total)) {
    throw new DecileError(
      'train/diverged',
      `The loss must stay finite, got ${losses.total} at step ${state.step + 1}.`,
      'Resume from the last checkpoint with a smaller --learning-rate, and look for scans with wrong intensities.',
    );
  }
  for (const name of skipped) state.skipped[name] = (state.skipped[name] ?? 0) + 1;
  state.step += 1;
  return { step: state.step, losses, lambda, learningRate, skipped: { ...state.skipped } };
}
