/** An ONNX graph as plain data: what `encodeOnnx` writes. Maps are [N, C, D, H, W]. */
import { NORM_EPSILON, type PerAxis } from '../network/kernels.ts';
import type { NamedArray } from '../train/safetensors.ts';

export type Attribute = { int: number } | { ints: readonly number[] } | { float: number } | { text: string };

export interface OnnxNode {
  op: string;
  inputs: string[];
  output: string;
  attributes: Record<string, Attribute>;
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  weights: Record<string, NamedArray>;
  /** Name, channels and side names of the image and of the probabilities. */
  input: { name: string; channels: number };
  output: { name: string; channels: number };
}

/** Builds a graph layer by layer; each method gives the name of its output. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly weights: Record<string, NamedArray> = {};
  private from: Readonly<Record<string, NamedArray>> = {};
  private prefix = '';

  /**
   * The network that the layers which follow are of.
   * @param from its weights, convolutions [kD, kH, kW, C, K], transposed ones [C, kD, kH, kW, K]
   * @param prefix before the names of its weights in the graph
   */
  read(from: Readonly<Record<string, NamedArray>>, prefix = ''): void {
    this.from = from;
    this.prefix = prefix;
  }

  node(
    op: string,
    inputs: string[],
    attributes: OnnxNode['attributes'] = {},
    output = `n${this.nodes.length}`,
  ): string {
    this.nodes.push({ op, inputs, output, attributes });
    return output;
  }

  /** Padded to the same size at stride 1, not at all at the kernel's own stride. A bias before a norm cancels and is left out. */
  conv(x: string, layer: string, { stride = 1, bias = false } = {}): string {
    const weight = this.permuted(`${layer}.weight`, [4, 3, 0, 1, 2]);
    const kernel = this.weights[weight].shape.slice(2);
    const pad = kernel.map((side) => (stride === 1 ? (side - 1) / 2 : 0));
    const inputs = [x, weight, ...(bias ? [this.kept(`${layer}.bias`)] : [])];
    return this.node('Conv', inputs, {
      kernel_shape: { ints: kernel },
      strides: { ints: [stride, stride, stride] },
      pads: { ints: [...pad, ...pad] },
    });
  }

  /** Kernel and stride are one: each voxel becomes a block. */
  transposed(x: string, layer: string): string {
    const weight = this.permuted(`${layer}.weight`, [0, 4, 1, 2, 3]);
    const factors = this.weights[weight].shape.slice(2);
    return this.node('ConvTranspose', [x, weight], { kernel_shape: { ints: factors }, strides: { ints: factors } });
  }

  /** With the layer's scale and shift, or without (1 and 0) where it has none. */
  norm(x: string, layer: string, channels: number): string {
    const affine = this.from[`${layer}.scale`] !== undefined;
    const scale = affine ? this.kept(`${layer}.scale`) : this.constant(`one${channels}`, channels, 1);
    const shift = affine ? this.kept(`${layer}.shift`) : this.constant(`zero${channels}`, channels, 0);
    return this.node('InstanceNormalization', [x, scale, shift], { epsilon: { float: NORM_EPSILON } });
  }

  maxPool(x: string, factors: PerAxis): string {
    return this.node('MaxPool', [x], { kernel_shape: { ints: factors }, strides: { ints: factors } });
  }

  /** Trilinear, twice as many voxels along each axis. */
  upsample(x: string): string {
    this.weights.twice ??= { shape: [5], values: Float32Array.of(1, 1, 2, 2, 2) };
    return this.node('Resize', [x, '', 'twice'], {
      mode: { text: 'linear' },
      coordinate_transformation_mode: { text: 'half_pixel' },
    });
  }

  /** Channels of a, then those of b. */
  concat(a: string, b: string): string {
    return this.node('Concat', [a, b], { axis: { int: 1 } });
  }

  /** Channels that a layer's convolution gives. */
  channels(layer: string): number {
    return this.from[`${layer}.weight`].shape[4];
  }

  private kept(name: string): string {
    const own = this.prefix + name;
    this.weights[own] = this.from[name];
    return own;
  }

  private constant(name: string, length: number, value: number): string {
    this.weights[name] ??= { shape: [length], values: new Float32Array(length).fill(value) };
    return name;
  }

  private permuted(name: string, order: readonly number[]): string {
    const { shape, values } = this.from[name];
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const sides = order.map((axis) => shape[axis]);
    const steps = order.map((axis) => strides[axis]);
    const into = new Float32Array(values.length);
    let at = 0;
    const walk = (axis: number, from: number): void => {
      if (axis === sides.length) into[at++] = values[from];
      else for (let i = 0; i < sides[axis]; i++) walk(axis + 1, from + i * steps[axis]);
    };
    walk(0, 0);
    const own = this.prefix + name;
    this.weights[own] = { shape: sides, values: into };
    return own;
  }
}
