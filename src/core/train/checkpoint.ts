/** Reading a checkpoint, and writing one that a network starts from; without the tensor library. */
import { DecileError } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from './safetensors.ts';
import type { CheckpointMeta, DecodedCheckpoint } from './state.ts';

/** @throws checkpoint/corrupt where it is not what `encodeCheckpoint` writes */
function readMeta(text: string | undefined): CheckpointMeta {
  try {
    const meta = JSON.parse(text ?? '{}') as CheckpointMeta;
    if (meta.format !== 1 || META.every((name) => typeof meta[name] === 'object' && meta[name] !== null)) return meta;
  } catch {}
  throw new DecileError(
    'checkpoint/corrupt',
    'A checkpoint must say what it was trained with, got unreadable metadata.',
    'Use an earlier checkpoint of the run, or train again.',
  );
}

const META = ['options', 'classes', 'patch', 'sampler', 'dropout', 'noise', 'skipped'] as const;

/** @throws checkpoint/corrupt, checkpoint/version */
export function decodeCheckpoint(bytes: Uint8Array): DecodedCheckpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const meta = readMeta(metadata.decile);
  if (meta.format !== 1) {
    throw new DecileError(
      'checkpoint/version',
      `A checkpoint must be of format 1, got ${meta.format ?? 'none'}.`,
      'Open it with the version of Decile that wrote it.',
    );
  }
  return { meta: { ...meta, options: { ...meta.options, patch: meta.patch } }, tensors };
}

/** The tensors of one network, without the prefix: 'student', 'teacher'. */
export const networkOf = ({ tensors }: DecodedCheckpoint, prefix: string): Record<string, NamedArray> =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), tensor]] : [],
    ),
  );

/** A checkpoint that holds one network, as the student, and nothing to go on with: to predict with, or to start from. */
export function encodeNetwork(
  tensors: Readonly<Record<string, NamedArray>>,
  told: Omit<CheckpointMeta, 'format' | 'patch' | 'sampler' | 'dropout' | 'noise' | 'skipped' | 'memory'>,
): Uint8Array {
  const meta = {
    ...told,
    format: 1,
    options: { ...told.options, predictWith: 'student' },
    patch: told.options.patch,
    ...{ sampler: {}, dropout: [], noise: [], skipped: {} },
  };
  const student = Object.entries(tensors).map(([name, tensor]) => [`student/${name}`, tensor]);
  return encodeSafetensors(Object.fromEntries(student), { decile: JSON.stringify(meta) });
}
