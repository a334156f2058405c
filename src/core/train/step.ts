/** One step of any method: forward passes, the loss and its gradient at the outputs, the backward passes. */
import * as tf from '@tensorflow/tfjs';
import type { Batch, Context, Forward, Loss, Method, Output } from '../methods/method.ts';
import { channelsFirst } from '../network/channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import type { ForwardOptions, NetworkOutput } from '../network/network.ts';
import { networkByName } from '../network/networks.ts';
import { Tape, type Weights } from '../network/tape.ts';

export interface StepInputs {
  method: Method;
  networks: Record<string, Weights>;
  batch: Batch;
  context: Context;
  kernels: Kernels;
  drawDropout: ForwardOptions['dropout'];
}

export interface StepResult {
  /** Every term before weighting, and `total`. */
  losses: Record<string, number>;
  skipped: string[];
  /** Per trained network and adversary, gradient by weight name; the caller frees them. */
  gradients: Record<string, Map<string, tf.Tensor>>;
}

/** One image of one forward pass that carries gradient. */
interface Trace {
  tape: Tape;
  raw: NetworkOutput;
  logits: tf.Tensor4D;
}

export async function methodStep({
  method,
  networks,
  batch,
  context,
  kernels,
  drawDropout,
}: StepInputs): Promise<StepResult> {
  const { forward } = networkByName(context.options.network);
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
    for (const image of spec.images) {
      const tape = new Tape(kernels, networks[spec.network], spec.gradient, gradients[spec.network]);
      const raw = forward(tape, image, {
        features: context.options.prototypeFeatures,
        dropout: spec.dropout ? drawDropout : null,
      });
      const logits = tf.tidy(() => channelsFirst(raw.logits));
      if (spec.gradient) traces.push({ tape, raw, logits });
      else {
        raw.logits.dispose();
        constantTensors.push(raw.features);
      }
      constantTensors.push(logits);
      output.logits.push(logits);
      output.features.push(raw.features);
    }
    return output;
  }

  const constants = method.constants ? await method.constants(outputs, batch, context) : undefined;
  const adversary = Object.keys(method.networks).find((name) => method.networks[name] === 'adversary');
  const adversaryWeights = adversary ? networks[adversary] : undefined;
  const leaves = traces.flatMap(({ logits, raw }) => [logits, raw.features]);
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

  traces.forEach(({ tape, raw }, i) => {
    const [dLogits, dFeatures] = [grads[2 * i] as tf.Tensor4D | null, grads[2 * i + 1] as FeatureMap | null];
    const [, d, h, w, c] = raw.logits.shape;
    // A step whose terms were skipped may leave a pass without gradient; its tape still has to run to free its maps.
    const seed = dLogits
      ? tf.tidy(() => tf.transpose(dLogits.reshape([c, d * h * w])).reshape([1, d, h, w, c]) as FeatureMap)
      : (tf.zeros(raw.logits.shape) as FeatureMap);
    dLogits?.dispose();
    tape.backward([
      { map: raw.logits, gradient: seed },
      ...(dFeatures ? [{ map: raw.features, gradient: dFeatures }] : []),
    ]);
  });

  if (method.adversary && adversary && adversaryWeights) {
    const loss = () => method.adversary!.loss(adversaryWeights, outputs, batch, context);
    const own = tf.engine().gradients(loss, Object.values(adversaryWeights), undefined, true);
    Object.keys(adversaryWeights).forEach((name, i) => {
      if (own.grads[i]) gradients[adversary].set(name, own.grads[i]);
    });
    terms[adversary] = own.value as tf.Scalar;
  }

  const losses: Record<string, number> = { total: (await value.data())[0] };
  for (const [name, term] of Object.entries(terms)) losses[name] = (await term.data())[0];
  tf.dispose([value, Object.values(terms), constantTensors]);
  tf.dispose(constants as tf.TensorContainer);
  return { losses, skipped, gradients };
}
