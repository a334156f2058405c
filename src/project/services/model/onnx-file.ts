/**
 * ONNX files: the protobuf messages of onnx.proto (ONNX 1.12, IR 8, operators 17) that a network needs, by their field numbers there.
 * The wire format is pbf's.
 */
import { PbfWriter } from 'pbf';
import { modelCard } from '../../../core/model/card.ts';
import type { ModelDescription } from '../../../core/model/description.ts';
import type { Attribute, OnnxGraph, OnnxNode } from '../../../core/onnx/graph.ts';
import { networkGraph } from '../../../core/onnx/networks.ts';
import type { NamedArray } from '../../../core/train/safetensors.ts';
import type { Tensors } from './model-file.ts';

const IR_VERSION = 8;
const OPERATORS = 17;
const FLOAT = 1;
/** Kinds of attributes. */
const KIND = { float: 1, int: 2, text: 3, ints: 7 } as const;
const SIDES = ['depth', 'height', 'width'];

type Write<T> = (value: T, pbf: PbfWriter) => void;
type Named<T> = readonly [name: string, value: T];

/** An ONNX model from one image, or several, to the probabilities of background and labels; what it expects is in its metadata. */
export function encodeOnnx(description: ModelDescription, tensors: Tensors): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, description.program);
  pbf.writeStringField(6, modelCard(description));
  pbf.writeMessage(7, graph, networkGraph(description, tensors));
  pbf.writeMessage(8, (version: number, into) => into.writeVarintField(2, version), OPERATORS);
  for (const entry of Object.entries(metadataOf(description))) pbf.writeMessage(14, metadataEntry, entry);
  return pbf.finish();
}

/** What a program needs that does not read the whole description: axes, sides, intensities, labels. */
function metadataOf(description: ModelDescription): Record<string, string> {
  const { patch, spacing, voxel, channels, labels, training } = description;
  return {
    decile_model: JSON.stringify(description),
    axes: 'batch, channel, depth, height, width',
    orientation: training.options.orientation,
    resampling: training.options.resampling,
    orientations: JSON.stringify(training.orientations),
    window: JSON.stringify(patch.toReversed()),
    spacing: spacing === 'native' ? 'native' : JSON.stringify([...voxel].reverse()),
    channels: JSON.stringify(channels),
    labels: JSON.stringify(['background', ...labels.map(({ name }) => name)]),
  };
}

const metadataEntry: Write<Named<string>> = ([key, value], pbf) => {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
};

const graph: Write<OnnxGraph> = ({ nodes, weights, input, output }, pbf) => {
  for (const one of nodes) pbf.writeMessage(1, node, one);
  pbf.writeStringField(2, 'decile');
  for (const entry of Object.entries(weights)) pbf.writeMessage(5, tensor, entry);
  pbf.writeMessage(11, valueInfo, input);
  pbf.writeMessage(12, valueInfo, output);
};

const node: Write<OnnxNode> = ({ op, inputs, output, attributes }, pbf) => {
  for (const input of inputs) pbf.writeStringField(1, input);
  pbf.writeStringField(2, output);
  pbf.writeStringField(3, output);
  pbf.writeStringField(4, op);
  for (const entry of Object.entries(attributes)) pbf.writeMessage(5, attribute, entry);
};

const attribute: Write<Named<Attribute>> = ([name, value], pbf) => {
  pbf.writeStringField(1, name);
  if ('float' in value) pbf.writeFloatField(2, value.float);
  if ('int' in value) pbf.writeVarintField(3, value.int);
  if ('text' in value) pbf.writeStringField(4, value.text);
  if ('ints' in value) for (const one of value.ints) pbf.writeVarintField(8, one);
  const [kind] = Object.keys(value) as (keyof typeof KIND)[];
  pbf.writeVarintField(20, KIND[kind]);
};

const tensor: Write<Named<NamedArray>> = ([name, { shape, values }], pbf) => {
  for (const side of shape) pbf.writeVarintField(1, side);
  pbf.writeVarintField(2, FLOAT);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
};

const valueInfo: Write<OnnxGraph['input']> = ({ name, channels }, pbf) => {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, type, channels);
};

const type: Write<number> = (channels, pbf) => pbf.writeMessage(1, tensorType, channels);

const tensorType: Write<number> = (channels, pbf) => {
  pbf.writeVarintField(1, FLOAT);
  pbf.writeMessage(2, shape, ['batch', channels, ...SIDES]);
};

const shape: Write<(string | number)[]> = (sides, pbf) => {
  for (const side of sides) pbf.writeMessage(1, dimension, side);
};

/** A number, or the name of one that is told with the image. */
const dimension: Write<string | number> = (side, pbf) => {
  if (typeof side === 'number') pbf.writeVarintField(1, side);
  else pbf.writeStringField(2, side);
};
