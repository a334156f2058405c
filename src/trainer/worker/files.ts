/** Files of a run folder: written whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DecileError } from '../../shared/errors.ts';

export const checkpointPath = (runFolder: string): string => join(runFolder, 'checkpoint.safetensors');

/** Writes beside the file, syncs, renames. @throws disk/full */
export function writeAtomic(path: string, bytes: Uint8Array): void {
  const part = `${path}.part-${process.pid}`;
  try {
    const file = openSync(part, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw diskError(error, path);
  }
}

export function diskError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new DecileError(
      'disk/full',
      `The disk must have room for ${path}, got none left.`,
      'Free some space and resume: the last checkpoint is whole.',
    );
  return error;
}
