/** Files that rows of the database name. */
import { rmSync } from 'node:fs';

/** Writes rows that belong to a new file; where that fails (a full disk), the file goes too. */
export function orRemove<T>(path: string, writeRows: () => T): T {
  try {
    return writeRows();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}
