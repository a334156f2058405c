/** Folders by id: the window never sends a path that a handler would open, except one that the user typed to be looked at. */

import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../disk/index.ts';
import { DATABASE_FILE } from '../project/store/index.ts';
import type { ChosenFolder, FolderListing } from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';

export interface FolderRegistry {
  /** Gives the folder an id, the same one each time. */
  register(path: string): ChosenFolder;
  /** Throws `folder/unknown`. */
  resolve(folder: string): string;
  browse(at: { folder?: string; path?: string }): Promise<FolderListing>;
  create(parent: string, name: string): Promise<ChosenFolder>;
}

export function folderRegistry(): FolderRegistry {
  const paths = new Map<string, string>();
  const ids = new Map<string, string>();
  const register = (given: string): ChosenFolder => {
    const path = resolve(given);
    let folder = ids.get(path);
    if (!folder) {
      folder = randomUUID();
      ids.set(path, folder);
      paths.set(folder, path);
    }
    return { folder, path };
  };
  const find = (folder: string): string => {
    const path = paths.get(folder);
    if (path === undefined)
      throw new DecileError(
        'folder/unknown',
        `A folder must be one chosen in this session, got ${folder}.`,
        'Choose the folder again.',
      );
    return path;
  };
  return {
    register,
    resolve: find,
    async browse({ folder, path }) {
      const here = folder ? find(folder) : resolve(path?.trim() || homedir());
      const entries = await readdir(here, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        throw new DecileError(
          'folder/unreadable',
          `A folder must be readable, got ${unreadable(error, here)}.`,
          'Choose another folder.',
        );
      });
      const folders = entries.filter((entry) => !entry.name.startsWith('.') && entry.isDirectory());
      const listed = folders.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })).slice(0, 2000);
      const parent = dirname(here);
      return {
        ...register(here),
        parent: parent === here ? null : register(parent).folder,
        files: entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).length,
        entries: await Promise.all(
          listed.map(async ({ name }) => ({
            folder: register(join(here, name)).folder,
            name,
            project: await stat(join(here, name, DATABASE_FILE)).then(
              () => true,
              () => false,
            ),
          })),
        ),
      };
    },
    async create(parent, name) {
      const path = join(find(parent), name);
      makeFolder(path);
      return register(path);
    },
  };
}

/** Why a folder cannot be listed, as a person says it. */
function unreadable({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === 'ENOENT') return `no folder at ${path}`;
  if (code === 'ENOTDIR') return `a file at ${path}, and no folder`;
  if (code === 'EACCES' || code === 'EPERM') return `no permission to read ${path}`;
  return message;
}
