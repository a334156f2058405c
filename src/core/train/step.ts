/** One step of any method: forward passes, the loss and its gradient at the outputs, the backward passes. */
import * as tf from '@tensorflow/tfjs';
import type { Batch, Context, Forward, Loss, Method, Output } from '../methods/method.ts';
import { channelsFirst } from '../network/channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import type { NetworkOutput } from '../network/network.ts';
import { networkByName } from '../network/networks.ts';
import type { NetworkPlan } from '../network/plan.ts';
import { Tape, type Weights } from '../network/tape.ts';
import type { Random } from '../random.ts';
import type { Recompute } from './step-bytes.ts';

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
}

/** How masks are drawn, and from what: a pass that is done again draws the same. */
export interface Dropout {
  random: Random;
  draw(shape: readonly number[], random: Random): FeatureMap;
}

export interface StepResult {
  /** Every term before weighting, and `total`: on their way from where they were computed, while what comes next may begin. */
  losses: Promise<Record<string, number>>;
  skipped: string[];
  /** Per trained network and adversary, gradient by weight name; the caller frees them. */
  gradients: Record<string, Map<string, tf.Tensor>>;
}

/** One image of one forward pass that carries gradient. */
interface Trace {
  /** The recorded pass, or how to do it once more with a tape. */
  recorded: Pass | (() => Pass);
  features: FeatureMap;
  /** Class maps and those of deeper levels, channels first. */
  logits: tf.Tensor4D[];
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
}: StepInputs): Promise<StepResult> {
  const { forward } = networkByName(context.options.network, plan);
  const gradients: StepResult['gradients'] = {};
  for (const [name, kind] of Object.entries(method.networks)) if (kind !== 'ema') gradients[name] = new Map();

  const outputs: Record<string, Output> = {};
  const traces: Trace[] = [];
  const constantTensors: tf.Tensor[] = [];
  for (const [role, spec] of Object.entries(method.forwards(batch, context))) {
    outputs[role] = read(spec);
  }

  function read(spec: Forward): Output {
    const output: Output = { logits: [], features: [] };
    const wanted = {
      features: context.options.prototypeFeatures,
      deepSupervision: spec.gradient && context.options.deepSupervision === 'on',
    };
    for (const image of spec.images) {
      const source = spec.dropout && dropout ? dropout.random : null;
      const pass = (record: boolean, random: Random | null): Pass => {
        const masks = random && dropout && ((shape: readonly number[]) => dropout.draw(shape, random));
        const options = { recompute: recompute !== undefined };
        const tape = new Tape(kernels, networks[spec.network], record, gradients[spec.network], options);
        return { tape, raw: forward(tape, image, { ...wanted, dropout: masks }) };
      };
      const later = spec.gradient && recompute === 'passes';
      const copy = later && source ? source.copy() : source;
      const recorded = pass(spec.gradient && !later, source);
      const { raw } = recorded;
      const [logits, ...deep] = mapsOf(raw).map((map) => tf.tidy(() => channelsFirst(map)));
      if (spec.gradient)
        traces.push({
          recorded: later ? () => pass(true, copy) : recorded,
          features: raw.features,
          logits: [logits, ...deep],
        });
      else constantTensors.push(raw.features);
      if (!spec.gradient || later) tf.dispose(mapsOf(raw));
      constantTensors.push(logits, ...deep);
      output.logits.push(logits);
      output.features.push(raw.features);
      deep.forEach((map, level) => {
        output.deep ??= deep.map(() => []);
        output.deep[level].push(map);
      });
    }
    return output;
  }

  const constants = method.constants ? await method.constants(outputs, batch, context) : undefined;
  const adversary = Object.keys(method.networks).find((name) => method.networks[name] === 'adversary');
  const adversaryWeights = adversary ? networks[adversary] : undefined;
  const leaves = traces.flatMap(({ logits, features }) => [...logits, features]);
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

  let leaf = 0;
  for (const { recorded, features } of traces) {
    const again = typeof recorded === 'function';
    const { tape, raw } = again ? recorded() : recorded;
    if (again) features.dispose();
    const seeds = mapsOf(raw).map((map) => ({
      map,
      gradient: seedOf(map, grads[leaf++] as tf.Tensor4D | null),
    }));
    const dFeatures = grads[leaf++] as FeatureMap | null;
    tape.backward([...seeds, ...(dFeatures ? [{ map: raw.features, gradient: dFeatures }] : [])]);
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
 * The gradient at a network's output from the one at its class maps [C, D, H, W], which is freed. A step whose terms were
 * skipped may leave a pass without gradient; its tape still has to run to free its maps.
 */
function seedOf(map: FeatureMap, gradient: tf.Tensor4D | null): FeatureMap {
  if (!gradient) return tf.zeros(map.shape) as FeatureMap;
  const [, d, h, w, c] = map.shape;
  const seed = tf.tidy(() => tf.transpose(gradient.reshape([c, d * h * w])).reshape([1, d, h, w, c]) as FeatureMap);
  gradient.dispose();
  return seed;
}
