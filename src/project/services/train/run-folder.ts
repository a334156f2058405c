/** The folder of a run that begins. */
import { rmSync } from 'node:fs';
import { makeFolder } from '../../../disk/index.ts';
import { type Run, runFolder, type Store } from '../../store/index.ts';

/**
 * Makes a run together with its first files: both are there, or neither. Its folder is empty before: an import that was killed may
 * have left the files of another model under a number that was then given anew, and a trainer takes what it finds there.
 * @param fill writes into the folder
 */
export function beginRun(store: Store, create: () => Run, fill: (folder: string, run: Run) => void = () => {}): Run {
  return store.transaction(() => {
    const run = create();
    const folder = store.path(runFolder(run.id));
    rmSync(folder, { recursive: true, force: true });
    try {
      makeFolder(folder);
      fill(folder, run);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    return store.runs.get(run.id);
  });
}
