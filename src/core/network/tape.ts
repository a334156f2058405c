/**
 * Reverse-mode differentiation of a network on one image, or on several at once. TensorFlow.js's own tape keeps every intermediate and
 * every gradient until the end; this one frees an activation as soon as the backward pass has used it.
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvWeights, CUBE, type FeatureMap, HALVES, type Kernels, type PerAxis } from './kernels.ts';

export type Weights = Record<string, tf.Tensor>;

interface Node {
  output: FeatureMap;
  /** Gives the inputs their gradient; disposes what only this node needed. */
  backward(dy: FeatureMap): void;
}

/** Where an operation's backward pass hands its gradients; they become the tape's. */
export interface GradientSink {
  map(input: FeatureMap, gradient: FeatureMap): void;
  weight(name: string, gradient: tf.Tensor): void;
}

/** How a tape treats the maps of the forward pass. */
export interface TapeOptions {
  /**
   * Gives up the maps after a norm once their reader has run, and computes them again from the convolution's output when the backward
   * pass needs them (as Chen et al., 2016, and Rota Bulo et al., 2018, do): the same values in about two thirds of the memory.
   */
  recompute?: boolean;
}

/** Reads one image, or several in one map. With `record` false nothing is kept: a map is freed once its last reader has run. */
export class Tape {
  private readonly nodes: Node[] = [];
  private readonly gradients = new Map<number, FeatureMap>();
  private readonly kept = new Set<number>();
  /** How to compute a map again, by its number; only where maps are given up. */
  private readonly makers = new Map<number, () => FeatureMap>();
  /** Maps that were computed again, until the node that made them first has run backward, or another has. */
  private readonly again = new Map<number, FeatureMap>();
  private readonly recompute: boolean;
  readonly kernels: Kernels;
  readonly weights: Weights;
  readonly record: boolean;
  /** Sums d loss / d weight by weight name; shared by the tapes of one step. */
  private readonly into: Map<string, tf.Tensor>;
  /** The same of these images alone, until their backward pass is over. */
  private readonly own = new Map<string, tf.Tensor>();

  constructor(
    kernels: Kernels,
    weights: Weights,
    record: boolean,
    into = new Map<string, tf.Tensor>(),
    { recompute = false }: TapeOptions = {},
  ) {
    this.kernels = kernels;
    this.weights = weights;
    this.record = record;
    this.into = into;
    this.recompute = record && recompute;
  }

  /** Marks a map that is read again later (skip connections, features, logits, the caller's input). */
  keep(map: FeatureMap): FeatureMap {
    this.kept.add(map.id);
    return map;
  }

  /** The values of a map that a node read: those kept, or the same ones computed again. */
  values(map: FeatureMap): FeatureMap {
    if (!map.isDisposed) return map;
    let made = this.again.get(map.id);
    if (!made) {
      const make = this.makers.get(map.id);
      if (!make) throw new Error(`A map that is read backward must be there, got none of shape ${map.shape}.`);
      // It may be asked for within a tidy, and outlives that.
      made = tf.keep(make());
      this.again.set(map.id, made);
    }
    return made;
  }

  /** The last reader has run. */
  release(map: FeatureMap): FeatureMap {
    this.kept.delete(map.id);
    return map;
  }

  /** Convolution 3x3x3 (same), instance norm, ReLU. A bias before instance norm cancels exactly, so none is added. */
  convNormRelu(x: FeatureMap, name: string, wantsInputGradient = true): FeatureMap {
    const w = this.weights[`${name}.weight`] as ConvWeights;
    return this.normRelu([x], this.kernels.conv3d(x, w), (dPre) => {
      this.addWeight(`${name}.weight`, this.kernels.conv3dGradWeights(this.values(x), dPre, CUBE));
      if (wantsInputGradient) this.add(x, this.kernels.conv3dGradInput(dPre, w));
    });
  }

  /**
   * The same of the channels of a, then those of b. The concatenated map need not exist: with weights w = (w_a, w_b),
   * conv(concat(a, b), w) = conv(a, w_a) + conv(b, w_b). Neither a nor b is read again by the network.
   */
  concatConvNormRelu(a: FeatureMap, b: FeatureMap, name: string): FeatureMap {
    if (!this.kernels.splitsConcatenation) return this.convNormRelu(this.concat(a, b), name);
    const w = this.weights[`${name}.weight`] as ConvWeights;
    const parts = () => tf.split(w, [a.shape[4], b.shape[4]], 3) as ConvWeights[];
    const pre = tf.tidy(() => {
      const [wa, wb] = parts();
      return tf.add(this.kernels.conv3d(a, wa), this.kernels.conv3d(b, wb)) as FeatureMap;
    });
    return this.normRelu([a, b], pre, (dPre) => {
      const [wa, wb] = parts();
      const gradient = tf.tidy(() =>
        tf.concat(
          [a, b].map((map) => this.kernels.conv3dGradWeights(this.values(map), dPre, CUBE)),
          3,
        ),
      );
      this.addWeight(`${name}.weight`, gradient);
      this.add(a, this.kernels.conv3dGradInput(dPre, wa));
      this.add(b, this.kernels.conv3dGradInput(dPre, wb));
      tf.dispose([wa, wb]);
    });
  }

  /** Instance norm and ReLU of a convolution's output, which the tape takes over; `backward` leaves dPre to the tape. */
  private normRelu(inputs: readonly FeatureMap[], pre: FeatureMap, backward: (dPre: FeatureMap) => void): FeatureMap {
    const norm = this.kernels.instanceNormRelu(pre);
    if (!this.record) tf.dispose([pre, norm.saved]);
    this.wasRead(inputs);
    if (!this.record) return norm.y;
    this.mayMakeAgain(norm.y, () => {
      const { y, saved } = this.kernels.instanceNormRelu(pre);
      tf.dispose(saved);
      return y;
    });
    return this.push(norm.y, (dy) => {
      const dPre = this.kernels.instanceNormReluGrad(dy, pre, { ...norm, y: this.values(norm.y) });
      tf.dispose([dy, pre, norm.saved]);
      backward(dPre);
      dPre.dispose();
    });
  }

  /** 1x1x1 convolution with bias. */
  conv1(x: FeatureMap, name: string): FeatureMap {
    const w = this.weights[`${name}.weight`] as ConvWeights;
    const [n, d, h, wd, c] = x.shape;
    const k = w.shape[4];
    const flat = () => this.values(x).reshape([n * d * h * wd, c]) as tf.Tensor2D;
    const matrix = () => w.reshape([c, k]) as tf.Tensor2D;
    const y = tf.tidy(
      () => tf.matMul(flat(), matrix()).add(this.weights[`${name}.bias`]).reshape([n, d, h, wd, k]) as FeatureMap,
    );
    this.wasRead([x]);
    if (!this.record) return y;
    return this.push(y, (dy) => {
      const flatDy = dy.reshape([n * d * h * wd, k]) as tf.Tensor2D;
      this.addWeight(
        `${name}.weight`,
        tf.tidy(() => tf.matMul(flat(), flatDy, true).reshape(w.shape)),
      );
      this.addWeight(`${name}.bias`, tf.sum(flatDy, 0));
      this.add(
        x,
        tf.tidy(() => tf.matMul(flatDy, matrix(), false, true).reshape(x.shape) as FeatureMap),
      );
      tf.dispose([dy, flatDy]);
    });
  }

  /**
   * An operation that is defined elsewhere: `output` was computed from `inputs`. `backward` leaves dy to the tape, and asks it for the
   * `values` of the inputs that it reads.
   * @param again computes the output once more, where that costs little
   */
  operation(
    inputs: readonly FeatureMap[],
    output: FeatureMap,
    backward: (dy: FeatureMap, into: GradientSink) => void,
    again?: () => FeatureMap,
  ): FeatureMap {
    this.wasRead(inputs);
    if (!this.record) return output;
    if (again) this.mayMakeAgain(output, again);
    return this.push(output, (dy) => {
      backward(dy, {
        map: (input, gradient) => this.add(input, gradient),
        weight: (name, gradient) => this.addWeight(name, gradient),
      });
      dy.dispose();
    });
  }

  maxPool(x: FeatureMap, factors: PerAxis = HALVES): FeatureMap {
    const y = this.kernels.maxPool(x, factors);
    this.wasRead([x]);
    if (!this.record) return y;
    return this.push(y, (dy) => {
      this.add(x, this.kernels.maxPoolGrad(dy, this.values(x), y, factors));
      dy.dispose();
    });
  }

  upsample(x: FeatureMap): FeatureMap {
    const y = this.kernels.upsample(x);
    this.wasRead([x]);
    if (!this.record) return y;
    return this.push(y, (dy) => {
      this.add(x, this.kernels.upsampleGrad(dy));
      dy.dispose();
    });
  }

  /** Channels of a, then those of b. Neither is read again by the network. */
  concat(a: FeatureMap, b: FeatureMap): FeatureMap {
    const y = tf.concat([a, b], 4);
    this.wasRead([a, b]);
    if (!this.record) return y;
    this.freeUnlessKept(b); // only its shape is needed from here on
    return this.push(y, (dy) => {
      const [da, db] = tf.split(dy, [a.shape[4], b.shape[4]], 4) as FeatureMap[];
      dy.dispose();
      this.add(a, da);
      this.add(b, db);
    });
  }

  /** Multiplies by a given mask (dropout: 0 or 1/(1-p)); takes the mask over. */
  mask(x: FeatureMap, mask: FeatureMap): FeatureMap {
    const y = tf.mul(x, mask) as FeatureMap;
    if (!this.record) mask.dispose();
    this.wasRead([x]);
    if (!this.record) return y;
    return this.push(y, (dy) => {
      this.add(x, tf.mul(dy, mask) as FeatureMap);
      tf.dispose([dy, mask]);
    });
  }

  /**
   * The backward pass: seeds are (map, d loss / d map), consumed. Frees every recorded map, adds weight gradients
   * to the shared sums. A tape runs backward once.
   */
  backward(seeds: readonly { map: FeatureMap; gradient: FeatureMap }[]): void {
    for (const { map, gradient } of seeds) this.add(map, gradient);
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const { output, backward } = this.nodes[i];
      const dy = this.gradients.get(output.id);
      this.gradients.delete(output.id);
      if (!dy) throw new Error(`A recorded map must reach the loss, got none for node ${i} of shape ${output.shape}.`);
      backward(dy);
      output.dispose();
      this.forgetAgain(this.nodes[i - 1]?.output);
    }
    this.nodes.length = 0;
    this.makers.clear();
    this.addToShared();
  }

  /** Adds these images' weight gradients to the shared sums: all at once, where the engine can. */
  private addToShared(): void {
    const { weightedSums } = this.kernels;
    const both = [...this.own].filter(([name]) => this.into.has(name));
    const pairs = both.map(([name, gradient]) => [this.into.get(name) as tf.Tensor, gradient] as const);
    const sums = weightedSums?.([1, 1], pairs) ?? pairs.map(([sum, gradient]) => tf.add(sum, gradient));
    for (const [name, gradient] of this.own) if (!this.into.has(name)) this.into.set(name, gradient);
    both.forEach(([name], n) => {
      this.into.set(name, sums[n]);
      tf.dispose([...pairs[n]]);
    });
    this.own.clear();
  }

  private push(output: FeatureMap, backward: (dy: FeatureMap) => void): FeatureMap {
    this.nodes.push({ output, backward });
    return output;
  }

  private add(map: FeatureMap, gradient: FeatureMap): void {
    const sum = this.gradients.get(map.id);
    this.gradients.set(map.id, sum ? (tf.add(sum, gradient) as FeatureMap) : gradient);
    if (sum) tf.dispose([sum, gradient]);
  }

  private addWeight(name: string, gradient: tf.Tensor): void {
    const sum = this.own.get(name);
    this.own.set(name, sum ? tf.add(sum, gradient) : gradient);
    if (sum) tf.dispose([sum, gradient]);
  }

  /** An operation has read these maps on the way forward. */
  private wasRead(inputs: readonly FeatureMap[]): void {
    for (const map of inputs) if (!this.record || this.makers.has(map.id)) this.freeUnlessKept(map);
  }

  private mayMakeAgain(map: FeatureMap, make: () => FeatureMap): void {
    if (this.recompute) this.makers.set(map.id, make);
  }

  /** Frees what was computed again, but for the map whose own node is next. */
  private forgetAgain(next: FeatureMap | undefined): void {
    for (const [id, map] of this.again) {
      if (id === next?.id) continue;
      map.dispose();
      this.again.delete(id);
    }
  }

  private freeUnlessKept(map: FeatureMap): void {
    if (!this.kept.has(map.id)) map.dispose();
  }
}
