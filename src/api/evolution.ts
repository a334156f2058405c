/** Pictures of the prototype evolution (the paper's Fig. 6), as the trainer left them in the run folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder, type Store } from '../project/store/index.ts';
import type { EvolutionFrame } from '../shared/contract/index.ts';

export const evolutionFolder = (store: Store, run: number): string => store.path(`${runFolder(run)}/evolution`);

export function evolutionFrames(store: Store, run: number): EvolutionFrame[] {
  store.runs.get(run);
  const folder = evolutionFolder(store, run);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as EvolutionFrame)
    .sort((a, b) => a.step - b.step);
}
