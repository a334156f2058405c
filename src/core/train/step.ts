/** One step of any method: forward passes, the loss and its gradient at the outputs, the backward passes. */
import * as tf from '@tensorflow/tfjs';
import type { Batch, Context, Loss, Method, Output } from '../methods/method.ts';
import { channelsFirstEach, channelsLast } from '../network/channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import type { NetworkOutput } from '../network/network.ts';
import { networkByName } from '../network/networks.ts';
import type { NetworkPlan } from '../network/plan.ts';
import { Tape, type Weights } from '../network/tape.ts';
import type { Random } from '../random.ts';
import type { Recompute } from './step-bytes.ts';
import { groupsOf, type Reading } from './together.ts';

export interface StepInputs {
  method: Method;
  networks: Record<string, Weights>;
  batch: Batch;
  context: Context;
  kernels: Kernels;
  dropout: Dropout | null;
  /** Of the network `planned`. */
  plan?: NetworkPlan;
  recompute?: Recompute;
  /** Most patches that go through a network at once, where the engine takes several; absent: as many as there are. */
  together?: number;
}

/** How masks are drawn, and from what: a pass that is done again draws the same. */
export interface Dropout {
  random: Random;
  /** [images, D, H, W, C] for each shape of one image; images one by one draw the same. */
  draw(shapes: readonly (readonly number[])[], images: number, random: Random): FeatureMap[];
}

export interface StepResult {
  /** Every term before weighting, and `total`: on their way from where they were computed, while what comes next may begin. */
  losses: Promise<Record<string, number>>;
  skipped: string[];
  /** Per trained network and adversary, gradient by weight name; the caller frees them. */
  gradients: Record<string, Map<string, tf.Tensor>>;
}

/** One pass that carries gradient, of one patch or several. */
interface Trace {
  /** The recorded pass, or how to do it once more with a tape. */
  recorded: Pass | (() => Pass);
  /** Class maps and those of deeper levels, channels first, a list a level. */
  logits: tf.Tensor4D[][];
  /** One map a patch. */
  features: FeatureMap[];
  /** The patches in one map, freed after the backward pass; absent for one patch. */
  joined?: FeatureMap;
}

interface Pass {
  tape: Tape;
  raw: NetworkOutput;
}

const mapsOf = ({ logits, deep = [] }: NetworkOutput): FeatureMap[] => [logits, ...deep];

export async function methodStep({
  method,
  networks,
  batch,
  context,
  kernels,
  dropout,
  plan,
  recompute,
  together = Number.POSITIVE_INFINITY,
}: StepInputs): Promise<StepResult> {
  const { forward, patchShapes } = networkByName(context.options.network, plan);
  const gradients: StepResult['gradients'] = {};
  for (const [name, kind] of Object.entries(method.networks)) if (kind !== 'ema') gradients[name] = new Map();

  const traces: Trace[] = [];
  const constantTensors: tf.Tensor[] = [];
  const forwards = method.forwards(batch, context);
  const outputs: Record<string, Output> = Object.fromEntries(
    Object.keys(forwards).map((role) => [role, { logits: [], features: [] }]),
  );
  for (const group of groupsOf(forwards, mostTogether)) read(group);

  /** Patches of that shape that the engine holds at once; one where anything is computed again, which is for want of memory. */
  function mostTogether(network: string, image: FeatureMap): number {
    if (recompute || kernels.mostTogether === undefined) return 1;
    const held = Math.floor(kernels.mostTogether / patchShapes(networks[network], image.shape).largest);
    return Math.max(1, Math.min(held, together));
  }

  function read(group: readonly Reading[]): void {
    const { network, gradient, dropout: dropped } = group[0].spec;
    const options = { recompute: recompute !== undefined };
    const wanted = {
      features: context.options.prototypeFeatures,
      deepSupervision: gradient && context.options.deepSupervision === 'on',
    };
    const images = group.map(({ image }) => image);
    const joined = images.length > 1 ? (tf.concat(images) as FeatureMap) : undefined;
    const source = dropped && dropout ? dropout.random : null;
    const pass = (record: boolean, random: Random | null): Pass => {
      const tape = new Tape(kernels, networks[network], record, gradients[network], options);
      return {
        tape,
        raw: forward(tape, joined ?? images[0], { ...wanted, dropout: masksFrom(random, network, images) }),
      };
    };
    const later = gradient && recompute === 'passes';
    const copy = later && source ? source.copy() : source;
    const recorded = pass(gradient && !later, source);
    const { raw } = recorded;
    const logits = mapsOf(raw).map((maps) => tf.tidy(() => channelsFirstEach(maps)));
    const features = joined ? (tf.split(raw.features, images.length) as FeatureMap[]) : [raw.features];
    if (gradient) traces.push({ recorded: later ? () => pass(true, copy) : recorded, logits, features, joined });
    if (!gradient || later) tf.dispose(mapsOf(raw));
    if (!gradient) tf.dispose(joined);
    if (!gradient && joined) raw.features.dispose();
    if (!gradient || joined) constantTensors.push(...features);
    constantTensors.push(...logits.flat());
    for (const [k, { role }] of group.entries()) {
      const output = outputs[role];
      const [first, ...deep] = logits.map((level) => level[k]);
      output.logits.push(first);
      output.features.push(features[k]);
      deep.forEach((map, level) => {
        output.deep ??= deep.map(() => []);
        output.deep[level].push(map);
      });
    }
  }

  /** Draws the masks of one patch when they are asked for; of several before, patch by patch. */
  function masksFrom(random: Random | null, network: string, images: readonly FeatureMap[]) {
    if (!random || !dropout) return null;
    if (images.length === 1) return (shape: readonly number[]) => dropout.draw([shape], 1, random)[0];
    const { masks } = patchShapes(networks[network], images[0].shape);
    const drawn = dropout.draw(masks, images.length, random);
    return (shape: readonly number[]) => {
      const mask = drawn.shift();
      if (!mask || !tf.util.arraysEqual(mask.shape, shape as number[]))
        throw new Error(
          `A dropout mask must be of shape [${shape}], got [${mask?.shape}] from the network's own list.`,
        );
      return mask;
    };
  }

  const constants = method.constants ? await method.constants(outputs, batch, context) : undefined;
  const adversary = Object.keys(method.networks).find((name) => method.networks[name] === 'adversary');
  const adversaryWeights = adversary ? networks[adversary] : undefined;
  const leaves: tf.Tensor[] = traces.flatMap(({ logits, features }) => [...logits.flat(), ...features]);
  let loss: Loss | undefined;
  const { value, grads } = tf.engine().gradients(
    () => {
      loss = method.loss(outputs, batch, context, constants, adversaryWeights);
      for (const term of Object.values(loss.terms)) tf.keep(term);
      return loss.total;
    },
    leaves,
    undefined,
    true,
  );
  const { terms, skipped = [] } = loss as Loss;

  const slopes = new Map(leaves.map((leaf, n) => [leaf.id, grads[n] as tf.Tensor | null]));
  const slopesOf = <T extends tf.Tensor>(maps: readonly T[]) => maps.map((map) => slopes.get(map.id) as T | null);
  for (const { recorded, logits, features, joined } of traces) {
    const again = typeof recorded === 'function';
    const { tape, raw } = again ? recorded() : recorded;
    if (again) tf.dispose(features);
    const seeds = mapsOf(raw).map((map, level) => ({ map, gradient: seedOf(map, slopesOf(logits[level])) }));
    const dFeatures = joinedSlopes(slopesOf(features));
    tape.backward(dFeatures ? [...seeds, { map: raw.features, gradient: dFeatures }] : seeds);
    tf.dispose(joined);
  }

  if (method.adversary && adversary && adversaryWeights) {
    const loss = () => method.adversary!.loss(adversaryWeights, outputs, batch, context);
    const own = tf.engine().gradients(loss, Object.values(adversaryWeights), undefined, true);
    Object.keys(adversaryWeights).forEach((name, i) => {
      if (own.grads[i]) gradients[adversary].set(name, own.grads[i]);
    });
    terms[adversary] = own.value as tf.Scalar;
  }

  tf.dispose([constantTensors, constants as tf.TensorContainer]);
  return { losses: valuesOf({ total: value as tf.Scalar, ...terms }), skipped, gradients };
}

/** Reads scalars, all in one wait, and frees them. */
async function valuesOf(scalars: Record<string, tf.Scalar>): Promise<Record<string, number>> {
  // A term may be the total itself.
  const kept = new Set(Object.values(scalars));
  try {
    const values = await Promise.all(Object.values(scalars).map((scalar) => scalar.data()));
    return Object.fromEntries(Object.keys(scalars).map((name, n) => [name, values[n][0]]));
  } finally {
    tf.dispose([...kept]);
  }
}

/**
 * The gradient at a network's output [N, D, H, W, C] from those at its class maps [C, D, H, W], which are freed. A step whose terms were
 * skipped may leave a patch without gradient; its tape still has to run to free its maps.
 */
function seedOf(map: FeatureMap, gradients: readonly (tf.Tensor4D | null)[]): FeatureMap {
  const known = gradients.find(Boolean);
  if (!known) return tf.zeros(map.shape) as FeatureMap;
  const seed = tf.tidy(() => channelsLast(gradients.map((gradient) => gradient ?? tf.zerosLike(known))));
  tf.dispose(gradients as tf.Tensor4D[]);
  return seed;
}

/** The gradient at a network's features from those at each patch's, which are freed; null where the loss read none. */
function joinedSlopes(gradients: readonly (FeatureMap | null)[]): FeatureMap | null {
  const known = gradients.find(Boolean);
  if (!known || gradients.length === 1) return known ?? null;
  const slopes = tf.tidy(() => tf.concat(gradients.map((gradient) => gradient ?? tf.zerosLike(known))));
  tf.dispose(gradients as FeatureMap[]);
  return slopes as FeatureMap;
}
