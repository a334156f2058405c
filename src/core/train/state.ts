/** Everything a run is at one step, and its exact round trip through a checkpoint. */
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../errors.ts';
import type { Adversary, Method, NetworkKind } from '../methods/method.ts';
import type { MemoryState } from '../methods/prototype-memory.ts';
import type { ModelChannel } from '../model-channels.ts';
import { initNetwork } from '../network/networks.ts';
import type { Weights } from '../network/tape.ts';
import type { OptimiserName, SettledOptions, TrainingOptions, WithPlan } from '../options.ts';
import { Random } from '../random.ts';
import type { TwoStreamSampler, TwoStreamState } from './batch.ts';
import { copyOf, disposeAll, zerosLike } from './optimiser.ts';
import { encodeSafetensors, type NamedArray } from './safetensors.ts';

export interface TrainState {
  /** Steps done. */
  step: number;
  networks: Record<string, Weights>;
  /** What the optimiser keeps: momentum of each trained network, both moments of an adversary (`momentsOf`). */
  velocities: Record<string, Weights>;
  dropout: Random;
  noise: Random;
  /** Steps in which a term was left out, by term. */
  skipped: Record<string, number>;
  memory: MemoryState;
}

/** What a model file says of itself: enough to predict with it and to go on training. */
export interface CheckpointMeta {
  format: 1;
  step: number;
  options: SettledOptions;
  classes: string[];
  /**
   * What the network sees, in the order of its inputs: name, and how its intensities are normalised (`kind`, and `clip` in HU for CT).
   * Absent in files of earlier versions, which see one channel.
   */
  channels?: ModelChannel[];
  /** As in `options`, which held what was asked for in files of earlier versions. */
  patch: SettledOptions['patch'];
  sampler: TwoStreamState;
  dropout: readonly number[];
  noise: readonly number[];
  skipped: Record<string, number>;
  /** Absent in files of earlier versions. */
  memory?: MemoryState;
}

/**
 * Student from the seed, or from the student of a checkpoint; every teacher starts as its copy, other networks from streams of
 * their own.
 */
export function initialState(
  method: Method,
  options: TrainingOptions & WithPlan,
  classes: number,
  inputChannels = 1,
  from?: DecodedCheckpoint,
): TrainState {
  const deepSupervision = options.deepSupervision === 'on';
  const shape = { width: options.width, inputChannels, classes, deepSupervision };
  const fresh = (stream: number) => initNetwork(options.network, shape, new Random(options.seed, stream), options.plan);
  const student = from ? startedFrom(fresh(0), weightsOf(from, 'student')) : fresh(0);
  const initialWeights = (kind: NetworkKind): Weights => {
    switch (kind) {
      case 'ema':
        return copyOf(student);
      case 'trained':
        return fresh(5);
      case 'adversary':
        return adversaryOf(method).init(classes, new Random(options.seed, 6), inputChannels);
    }
  };
  const networks: TrainState['networks'] = {};
  const velocities: TrainState['velocities'] = {};
  for (const [name, kind] of Object.entries(method.networks)) {
    networks[name] = name === 'student' ? student : initialWeights(kind);
    for (const moment of momentsOf(name, kind, options.optimiser)) velocities[moment] = zerosLike(networks[name]);
  }
  return {
    step: 0,
    networks,
    velocities,
    dropout: new Random(options.seed, 3),
    noise: new Random(options.seed, 4),
    skipped: {},
    memory: {},
  };
}

/** Logits of coarser levels, which a network without deep supervision does not have. */
const DEEP_HEAD = /^out\d/;

/** The network with these weights; takes both over. */
function startedFrom(fresh: Weights, from: Weights): Weights {
  const unlike = Object.keys(fresh).find(
    (name) => !(DEEP_HEAD.test(name) && !from[name]) && fresh[name].shape.join() !== from[name]?.shape.join(),
  );
  if (unlike !== undefined) throw new Error(`Weights to start from must be of the network, got another ${unlike}.`);
  for (const [name, w] of Object.entries(from)) {
    fresh[name]?.dispose();
    if (fresh[name]) fresh[name] = w;
    else w.dispose();
  }
  return fresh;
}

/** Names of what the optimiser keeps of a network: one momentum for SGD, two moments for Adam. Adversaries have Adam. */
export function momentsOf(name: string, kind: NetworkKind, optimiser: OptimiserName = 'sgd'): string[] {
  switch (kind) {
    case 'trained':
      return optimiser === 'adamw' ? [name, `${name}.second`] : [name];
    case 'adversary':
      return [name, `${name}.second`];
    case 'ema':
      return [];
  }
}

/** The adversary of a method that names one among its networks. */
function adversaryOf({ adversary }: Method): Adversary {
  if (!adversary) throw new Error('A method with a network of kind adversary must define it, got none.');
  return adversary;
}

export function disposeState(state: TrainState): void {
  for (const weights of [...Object.values(state.networks), ...Object.values(state.velocities)]) disposeAll(weights);
}

export async function encodeCheckpoint(
  state: TrainState,
  sampler: TwoStreamSampler,
  options: SettledOptions,
  classes: string[],
  channels?: ModelChannel[],
): Promise<Uint8Array> {
  const tensors: Record<string, NamedArray> = {};
  const put = async (prefix: string, weights: Weights) => {
    for (const [name, w] of Object.entries(weights))
      tensors[`${prefix}/${name}`] = { shape: w.shape, values: (await w.data()) as Float32Array };
  };
  for (const [name, weights] of Object.entries(state.networks)) await put(name, weights);
  for (const [name, weights] of Object.entries(state.velocities)) await put(`velocity.${name}`, weights);
  const meta: CheckpointMeta = {
    format: 1,
    step: state.step,
    options,
    classes,
    ...(channels && { channels }),
    patch: options.patch,
    sampler: sampler.state,
    dropout: state.dropout.state,
    noise: state.noise.state,
    skipped: state.skipped,
    memory: state.memory,
  };
  return encodeSafetensors(tensors, { decile: JSON.stringify(meta) });
}

export interface DecodedCheckpoint {
  meta: CheckpointMeta;
  tensors: Record<string, NamedArray>;
}

/** The weights saved under one prefix: 'student', 'teacher', 'velocity.student'. */
export function weightsOf({ tensors }: DecodedCheckpoint, prefix: string): Weights {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(`${prefix}/`));
  if (entries.length === 0)
    throw new DecileError(
      'checkpoint/corrupt',
      `A checkpoint must hold the network ${prefix}, got none.`,
      'Use an earlier checkpoint of the run, or train again.',
    );
  return Object.fromEntries(
    entries.map(([name, { shape, values }]) => [name.slice(prefix.length + 1), tf.tensor(values, shape)]),
  );
}

export function restoreState(checkpoint: DecodedCheckpoint, method: Method, sampler: TwoStreamSampler): TrainState {
  const { meta } = checkpoint;
  const networks: TrainState['networks'] = {};
  const velocities: TrainState['velocities'] = {};
  for (const [name, kind] of Object.entries(method.networks)) {
    networks[name] = weightsOf(checkpoint, name);
    for (const moment of momentsOf(name, kind, meta.options.optimiser))
      velocities[moment] = weightsOf(checkpoint, `velocity.${moment}`);
  }
  const dropout = new Random(0);
  const noise = new Random(0);
  dropout.state = meta.dropout;
  noise.state = meta.noise;
  sampler.state = meta.sampler;
  const memory = { ...meta.memory }; // its rows are replaced, never changed
  return { step: meta.step, networks, velocities, dropout, noise, skipped: { ...meta.skipped }, memory };
}
