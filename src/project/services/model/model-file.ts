/** Model files: safetensors whose metadata says everything that prediction needs (docs/reference/formats.md). */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { MODEL_FORMAT, type ModelDescription } from '../../../core/model/description.ts';
import { memberCount, memberName } from '../../../core/train/members.ts';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../../../core/train/safetensors.ts';
import { fileError } from '../../../disk/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { parseDescription } from './parse-description.ts';

export type Tensors = Record<string, NamedArray>;

export interface ModelFile {
  description: ModelDescription;
  /** Weights by name, convolutions [kD, kH, kW, C, K]. */
  tensors: Tensors;
  sha256: string;
  /** The file. */
  bytes: Uint8Array;
}

/** The bytes of a model file. Its metadata: `decile_model`, the description as JSON, and `sha256` of that and all weights. */
export function encodeModel(description: ModelDescription, tensors: Tensors): Uint8Array {
  const text = JSON.stringify(description);
  return encodeSafetensors(tensors, { decile_model: text, sha256: digest(text, tensors) });
}

/** SHA-256 of the description, then of each tensor in the order of names: name, sides, little-endian floats. */
function digest(text: string, tensors: Tensors): string {
  const hash = createHash('sha256').update(text);
  for (const name of Object.keys(tensors).sort()) {
    const { shape, values } = tensors[name];
    hash.update(`\n${name} ${shape.join(',')}\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

/** @throws model/not-a-model, model/damaged, model/version, and what reading a file throws */
export const readModel = async (path: string): Promise<ModelFile> => decodeModel(await bytesOf(path), path);

/**
 * Reads the content of a model file.
 * @param path for messages
 */
export async function decodeModel(bytes: Uint8Array, path: string): Promise<ModelFile> {
  const damaged = (why: string) =>
    new DecileError(
      'model/damaged',
      `A model file must be whole, got ${why} in ${path}.`,
      'Copy it again from where it came from, or export the model again.',
    );
  if (!startsAsModel(bytes)) throw notAModel(path, formatOf(bytes));
  const { tensors, metadata } = decodeSafetensors(bytes, damaged);
  const { decile_model: text, sha256 } = metadata;
  if (text === undefined)
    throw notAModel(
      path,
      metadata.decile === undefined ? 'a safetensors file of another program' : 'a checkpoint of a run',
    );
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    throw damaged('an unreadable description');
  }
  checkFormat(told, path);
  if (digest(text, tensors) !== sha256) throw damaged('another checksum');
  const description = parseDescription(told);
  if (!description) throw damaged('a description without what prediction needs');
  await checkShapes(description, tensors, damaged);
  return { description, tensors, sha256, bytes };
}

/** A safetensors file starts with the length of its header, then the header's brace. */
const startsAsModel = (head: Uint8Array): boolean => head[8] === 0x7b;

/** ONNX is a protocol buffer whose first field is the version of its form, and whose second names the program that wrote it. */
const formatOf = (head: Uint8Array): string => {
  if (head.length === 0) return 'an empty file';
  if (head.length < 9) return `${head.length} bytes`;
  return head[0] === 0x08 && head[2] === 0x12 ? 'an ONNX file, which is for other programs,' : 'another format';
};

/** Of another file no more than its start is read. */
async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(9), 0, 9, 0);
      const head = buffer.subarray(0, bytesRead);
      return startsAsModel(head) ? await file.readFile() : head;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

const notAModel = (path: string, got: string): DecileError =>
  new DecileError(
    'model/not-a-model',
    `A model must be a file that \`decile model export\` wrote, got ${got} in ${path}.`,
    'Export the model from the project that trained it: `decile model export DIR FILE`.',
  );

function checkFormat(told: unknown, path: string): void {
  const { format, program } = (told ?? {}) as { format?: unknown; program?: unknown };
  if (format === MODEL_FORMAT) return;
  const by = typeof program === 'string' ? `, written by ${program},` : '';
  throw new DecileError(
    'model/version',
    `A model file must be of format ${MODEL_FORMAT}, got ${JSON.stringify(format) ?? 'none'}${by} in ${path}.`,
    'Update Decile, or export the model again with this version.',
  );
}

/** Names of the coarse model's weights start so. */
export const REGION = 'region/';

/** The weights are those of the networks that the description names. */
async function checkShapes(
  { network: { kind, width, deepSupervision, plan }, region, channels, labels }: ModelDescription,
  tensors: Tensors,
  damaged: (why: string) => DecileError,
): Promise<void> {
  // Loaded here: networks bring the tensor library along.
  const { networkByName } = await import('../../../core/network/networks.ts');
  const inputChannels = channels.length;
  const shape = { width, inputChannels, classes: labels.length + 1, deepSupervision };
  const coarse = region && { width: region.width, inputChannels, classes: 2 };
  const members = memberCount(Object.keys(tensors));
  const expected = [
    ...Array.from({ length: members }, (_, n) =>
      networkByName(kind, plan)
        .shapes(shape)
        .map(([name, sides]) => [n === members - 1 ? name : `${memberName(n)}/${name}`, sides] as const),
    ).flat(),
    ...(coarse ? networkByName('unet').shapes(coarse) : []).map(
      ([name, sides]) => [`${REGION}${name}`, sides] as const,
    ),
  ];
  for (const [name, sides] of expected)
    if (tensors[name]?.shape.join() !== sides.join())
      throw damaged(`${tensors[name] ? `other sides of the weight ${name}` : `no weight ${name}`}`);
  if (Object.keys(tensors).length !== expected.length) throw damaged('weights of another network');
}
