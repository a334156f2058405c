/** Each network as an ONNX graph, from an image to the probabilities of its classes. */
import type { ModelDescription } from '../model/description.ts';
import { HALVES, LEAK } from '../network/kernels.ts';
import type { NetworkPlan } from '../network/plan.ts';
import { memberName, splitMembers } from '../train/members.ts';
import type { NamedArray } from '../train/safetensors.ts';
import { GraphBuilder, type OnnxGraph } from './graph.ts';

const INPUT = 'image';
const OUTPUT = 'probabilities';

/** Levels of the papers' networks, and convolutions of the V-Net's stages, down and up. */
const LEVELS = [0, 1, 2, 3] as const;
const VNET_DOWN = [1, 2, 3, 3, 3] as const;
const VNET_UP = [1, 2, 3, 3] as const;

/** Without the outputs of deep supervision, which only training reads; an ensemble's probabilities are the mean of its members'. */
export function networkGraph(
  { network, channels, labels }: Pick<ModelDescription, 'network' | 'channels' | 'labels'>,
  weights: Readonly<Record<string, NamedArray>>,
): OnnxGraph {
  const graph = new GraphBuilder();
  const members = splitMembers(weights);
  const probabilities = members.map((member, n) => {
    graph.read(member, n === members.length - 1 ? '' : `${memberName(n)}/`);
    const logits = graph.conv(featuresOf(graph, network), 'out', { bias: true });
    return graph.node('Softmax', [logits], { axis: { int: 1 } }, members.length === 1 ? OUTPUT : undefined);
  });
  if (members.length > 1) graph.node('Mean', probabilities, {}, OUTPUT);
  return {
    nodes: graph.nodes,
    weights: graph.weights,
    input: { name: INPUT, channels: channels.length },
    output: { name: OUTPUT, channels: labels.length + 1 },
  };
}

function featuresOf(graph: GraphBuilder, { kind, plan }: ModelDescription['network']): string {
  switch (kind) {
    case 'unet':
      return unet(graph);
    case 'vnet':
      return vnet(graph);
    case 'planned':
      if (!plan) throw new Error('A planned network must have its plan, got none.');
      return planned(graph, plan);
  }
}

/** As `unetForward`. */
function unet(graph: GraphBuilder): string {
  const layer = (x: string, name: string) =>
    graph.node('Relu', [graph.norm(graph.conv(x, name), name, graph.channels(name))]);
  const block = (x: string, name: string) => layer(layer(x, `${name}.conv1`), `${name}.conv2`);
  const skips: string[] = [];
  let map = INPUT;
  for (const level of LEVELS) {
    skips.push(block(map, `down${level}`));
    map = graph.maxPool(skips[level], HALVES);
  }
  map = block(map, 'bottom');
  for (const level of LEVELS.toReversed()) map = block(graph.concat(skips[level], graph.upsample(map)), `up${level}`);
  return map;
}

/** As `vnetForward`. */
function vnet(graph: GraphBuilder): string {
  const normed = (x: string, name: string, channels: number) => graph.node('Relu', [graph.norm(x, name, channels)]);
  const stage = (x: string, name: string, convs: number) => {
    let map = x;
    for (let n = 1; n <= convs; n++) {
      const layer = `${name}.conv${n}`;
      map = normed(graph.conv(map, layer), layer, graph.channels(layer));
    }
    return map;
  };
  const skips: string[] = [];
  let map = INPUT;
  for (const level of LEVELS) {
    skips.push(stage(map, `down${level}`, VNET_DOWN[level]));
    const halve = `down${level}.halve`;
    map = normed(graph.conv(skips[level], halve, { stride: 2 }), halve, graph.channels(halve));
  }
  map = stage(map, 'bottom', VNET_DOWN[LEVELS.length]);
  for (const level of LEVELS.toReversed()) {
    const double = `up${level}.double`;
    const up = normed(graph.transposed(map, double), double, graph.channels(double));
    map = stage(graph.node('Add', [up, skips[level]]), `up${level}`, VNET_UP[level]);
  }
  return map;
}

/** As `plannedForward`. */
function planned(graph: GraphBuilder, { pools }: NetworkPlan): string {
  const layer = (x: string, name: string) =>
    graph.node('LeakyRelu', [graph.norm(graph.conv(x, name), name, graph.channels(name))], { alpha: { float: LEAK } });
  const block = (x: string, name: string) => layer(layer(x, `${name}.conv1`), `${name}.conv2`);
  const skips: string[] = [];
  let map = INPUT;
  pools.forEach((factors, level) => {
    skips.push(block(map, `down${level}`));
    map = graph.maxPool(skips[level], factors);
  });
  map = block(map, 'bottom');
  for (let level = pools.length - 1; level >= 0; level--)
    map = block(graph.concat(skips[level], graph.transposed(map, `up${level}.transposed`)), `up${level}`);
  return map;
}
