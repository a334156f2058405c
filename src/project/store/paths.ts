/** The project folder's layout (docs/reference/project-folder.md). */
import { join, resolve, sep } from 'node:path';
import { DecileError } from '../../shared/errors.ts';

export const DATABASE_FILE = 'project.sqlite';
export const LOCK_FILE = '.decile.lock';

/** Paths below the project folder, relative and with `/`, as they are kept in the database. */
export const volumeFile = (scan: number): string => `volumes/${scan}.nii`;
/** Channels after a scan's first one. */
export const channelFile = (scan: number, place: number): string => `volumes/${scan}.${place}.nii`;
export const maskFolder = (scan: number): string => `masks/${scan}`;
export const maskFile = (scan: number, version: number): string => `masks/${scan}/${version}.nii.gz`;
export const runFolder = (run: number): string => `runs/${run}`;
/** Where the trainer keeps what a run goes on from and predicts with. */
export const checkpointFile = (run: number): string => `runs/${run}/checkpoint.safetensors`;
export const entropyFolder = (run: number): string => `runs/${run}/entropy`;
/** Of the prediction that is this version of the scan's mask. */
export const entropyFile = (run: number, scan: number, version: number): string =>
  `${entropyFolder(run)}/${scan}-${version}.nii.gz`;

/** Absolute path of a file named in the database; throws `project/corrupt` when it would leave the project folder. */
export function insideProject(folder: string, relative: string): string {
  const root = resolve(folder);
  const path = resolve(root, relative);
  if (path !== root && !path.startsWith(root + sep)) {
    throw new DecileError(
      'project/corrupt',
      `A path in the project must stay inside its folder, got ${relative}.`,
      'Restore the project from a backup.',
    );
  }
  return path;
}

export const databasePath = (folder: string): string => join(folder, DATABASE_FILE);
