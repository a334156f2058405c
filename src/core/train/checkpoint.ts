/** Reading a checkpoint, and writing one that a network starts from; without the tensor library. */
import { DecileError } from '../errors.ts';
import type { MemoryState } from '../methods/prototype-memory.ts';
import type { ModelChannel } from '../model-channels.ts';
import type { SettledOptions } from '../options.ts';
import type { TwoStreamState } from './batch.ts';
import { completeMembers, memberName, splitMembers } from './members.ts';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from './safetensors.ts';

/** What a model file says of itself: enough to predict with it and to go on training. */
export interface CheckpointMeta {
  format: 1;
  step: number;
  /** Steps before the network that learns now; absent where it is the first. */
  first?: number;
  options: SettledOptions;
  classes: string[];
  /**
   * What the network sees, in the order of its inputs: name, and how its intensities are normalised (`kind`, and `clip` in HU for CT).
   * Absent in files of earlier versions, which see one channel.
   */
  channels?: ModelChannel[];
  /** Labels that patches from anywhere rarely held, by value (`rareLabels`). Absent where there are none, and in files of earlier versions. */
  rare?: readonly number[];
  /** As in `options`, which held what was asked for in files of earlier versions. */
  patch: SettledOptions['patch'];
  sampler: TwoStreamState;
  dropout: readonly number[];
  noise: readonly number[];
  skipped: Record<string, number>;
  /** Absent in files of earlier versions. */
  memory?: MemoryState;
}

export interface DecodedCheckpoint {
  meta: CheckpointMeta;
  tensors: Record<string, NamedArray>;
}

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

/** The tensors of one network, without the prefix: 'student', 'teacher'. @throws checkpoint/corrupt where there are none */
export function networkOf({ tensors }: DecodedCheckpoint, prefix: string): Record<string, NamedArray> {
  const found = Object.entries(tensors).flatMap(([name, tensor]) =>
    name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), tensor] as const] : [],
  );
  if (found.length > 0) return Object.fromEntries(found);
  throw new DecileError(
    'checkpoint/corrupt',
    `A checkpoint must hold the network ${prefix}, got none.`,
    'Use an earlier checkpoint of the run, or train again.',
  );
}

/** The members of an ensemble in their order: those that are finished, and a network of the one that learned last; it alone without an ensemble. */
export function membersOf(checkpoint: DecodedCheckpoint, last: string): Record<string, NamedArray>[] {
  const members: Record<string, NamedArray>[] = [];
  while (Object.keys(checkpoint.tensors).some((name) => name.startsWith(`${memberName(members.length)}/`)))
    members.push(networkOf(checkpoint, memberName(members.length)));
  return [...members, networkOf(checkpoint, last)];
}

/** The members that predict together: where some are finished, one that is still in the middle of its steps is not among them. */
export function predictingMembersOf(checkpoint: DecodedCheckpoint): Record<string, NamedArray>[] {
  const { step, options } = checkpoint.meta;
  const members = membersOf(checkpoint, options.predictWith ?? 'student');
  return members.slice(0, completeMembers(step, options));
}

/** A checkpoint that holds one network, as the student, or an ensemble (`joinMembers`), and nothing to go on with: to predict with, or to start from. */
export function encodeNetwork(
  tensors: Readonly<Record<string, NamedArray>>,
  told: Omit<CheckpointMeta, 'format' | 'patch' | 'first' | 'sampler' | 'dropout' | 'noise' | 'skipped' | 'memory'>,
): Uint8Array {
  const meta = {
    ...told,
    format: 1,
    options: { ...told.options, predictWith: 'student' },
    patch: told.options.patch,
    ...{ sampler: {}, dropout: [], noise: [], skipped: {} },
  };
  const members = splitMembers(tensors).flatMap((member, n, all) => {
    const prefix = n === all.length - 1 ? 'student' : memberName(n);
    return Object.entries(member).map(([name, tensor]) => [`${prefix}/${name}`, tensor]);
  });
  return encodeSafetensors(Object.fromEntries(members), { decile: JSON.stringify(meta) });
}
