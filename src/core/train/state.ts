/** Everything a run is at one step, and its exact round trip through a checkpoint. */
import * as tf from '@tensorflow/tfjs';
import type { Adversary, Method, NetworkKind } from '../methods/method.ts';
import type { MemoryState } from '../methods/prototype-memory.ts';
import type { ModelChannel } from '../model-channels.ts';
import { initNetwork } from '../network/networks.ts';
import type { Weights } from '../network/tape.ts';
import type { OptimiserName, SettledOptions, TrainingOptions, WithPlan } from '../options.ts';
import { Random } from '../random.ts';
import type { TwoStreamSampler } from './batch.ts';
import {
  type CheckpointMeta,
  type DecodedCheckpoint,
  membersOf,
  networkOf,
  predictingMembersOf,
} from './checkpoint.ts';
import { memberName } from './members.ts';
import { copyOf, disposeAll, zerosLike } from './optimiser.ts';
import { encodeSafetensors, type NamedArray } from './safetensors.ts';

export interface TrainState {
  /** Steps done, of all members of an ensemble. */
  step: number;
  /** Those before the network that learns now. */
  first: number;
  /** Weights of the members that are finished, as they predict. */
  finished: Record<string, NamedArray>[];
  networks: Record<string, Weights>;
  /** What the optimiser keeps: momentum of each trained network, both moments of an adversary (`momentsOf`). */
  velocities: Record<string, Weights>;
  dropout: Random;
  noise: Random;
  /** Steps in which a term was left out, by term. */
  skipped: Record<string, number>;
  memory: MemoryState;
}

/** Streams of random numbers are a network's own. */
const STREAMS = 16;

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
  return {
    step: 0,
    first: 0,
    finished: [],
    ...initialNetworks(method, options, classes, inputChannels, 0, from),
    dropout: new Random(options.seed, 3),
    noise: new Random(options.seed, 4),
    skipped: {},
    memory: {},
  };
}

/** First weights of a member. @param member from 0; it starts from the member of that place where `from` has several, else from its only one */
function initialNetworks(
  method: Method,
  options: TrainingOptions & WithPlan,
  classes: number,
  inputChannels: number,
  member: number,
  from?: DecodedCheckpoint,
): Pick<TrainState, 'networks' | 'velocities'> {
  const deepSupervision = options.deepSupervision === 'on';
  const shape = { width: options.width, inputChannels, classes, deepSupervision };
  const random = (stream: number) => new Random(options.seed, STREAMS * member + stream);
  const fresh = (stream: number) => initNetwork(options.network, shape, random(stream), options.plan);
  const starts = from && membersOf(from, 'student');
  const student = starts ? startedFrom(fresh(0), tensorsOf(starts[member % starts.length])) : fresh(0);
  const initialWeights = (kind: NetworkKind): Weights => {
    switch (kind) {
      case 'ema':
        return copyOf(student);
      case 'trained':
        return fresh(5);
      case 'adversary':
        return adversaryOf(method).init(classes, random(6), inputChannels);
    }
  };
  const networks: TrainState['networks'] = {};
  const velocities: TrainState['velocities'] = {};
  for (const [name, kind] of Object.entries(method.networks)) {
    networks[name] = name === 'student' ? student : initialWeights(kind);
    for (const moment of momentsOf(name, kind, options.optimiser)) velocities[moment] = zerosLike(networks[name]);
  }
  return { networks, velocities };
}

/** The network that learns is finished: it is kept as it predicts, all else of it is freed, and the next member begins. */
export async function nextMember(
  state: TrainState,
  method: Method,
  options: TrainingOptions & WithPlan,
  classes: number,
  inputChannels = 1,
  from?: DecodedCheckpoint,
): Promise<void> {
  state.finished.push(await arraysOf(state.networks[options.predictWith]));
  for (const weights of [...Object.values(state.networks), ...Object.values(state.velocities)]) disposeAll(weights);
  Object.assign(state, initialNetworks(method, options, classes, inputChannels, state.finished.length, from));
  state.first = state.step;
  state.memory = {};
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
  rare: readonly number[] = [],
): Promise<Uint8Array> {
  const tensors: Record<string, NamedArray> = {};
  const put = (prefix: string, arrays: Record<string, NamedArray>) => {
    for (const [name, array] of Object.entries(arrays)) tensors[`${prefix}/${name}`] = array;
  };
  state.finished.forEach((arrays, member) => void put(memberName(member), arrays));
  for (const [name, weights] of Object.entries(state.networks)) put(name, await arraysOf(weights));
  for (const [name, weights] of Object.entries(state.velocities)) put(`velocity.${name}`, await arraysOf(weights));
  const meta: CheckpointMeta = {
    format: 1,
    step: state.step,
    ...(state.first > 0 && { first: state.first }),
    options,
    classes,
    ...(channels && { channels }),
    ...(rare.length > 0 && { rare }),
    patch: options.patch,
    sampler: sampler.state,
    dropout: state.dropout.state,
    noise: state.noise.state,
    skipped: state.skipped,
    memory: state.memory,
  };
  return encodeSafetensors(tensors, { decile: JSON.stringify(meta) });
}

/** The weights saved under one prefix: 'student', 'teacher', 'velocity.student'. @throws checkpoint/corrupt where there are none */
export const weightsOf = (checkpoint: DecodedCheckpoint, prefix: string): Weights =>
  tensorsOf(networkOf(checkpoint, prefix));

const tensorsOf = (arrays: Readonly<Record<string, NamedArray>>): Weights =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape, values }]) => [name, tf.tensor(values, shape)]));

const arraysOf = async (weights: Weights): Promise<Record<string, NamedArray>> => {
  const arrays: Record<string, NamedArray> = {};
  for (const [name, w] of Object.entries(weights))
    arrays[name] = { shape: w.shape, values: (await w.data()) as Float32Array };
  return arrays;
};

/** The members of an ensemble that are finished, each as tensors of its own. */
export const finishedOf = ({ finished }: Pick<TrainState, 'finished'>): Weights[] => finished.map(tensorsOf);

/** The networks that predict together, each as tensors of its own. */
export const predictorsOf = (checkpoint: DecodedCheckpoint): Weights[] =>
  predictingMembersOf(checkpoint).map(tensorsOf);

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
  const { step, first = 0 } = meta;
  const finished = membersOf(checkpoint, 'student').slice(0, -1);
  return { step, first, finished, networks, velocities, dropout, noise, skipped: { ...meta.skipped }, memory };
}
