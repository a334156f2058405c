/** Pictures of the prototype evolution (the paper's Fig. 6), as the trainer left them in the run folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvolutionFrame } from '../../../shared/contract/index.ts';
import { runFolder, type Store } from '../../store/index.ts';

const evolutionFolder = (store: Store, run: number): string => store.path(`${runFolder(run)}/evolution`);

/** Path of one picture; throws `run/unknown`. */
export function evolutionPicture(store: Store, run: number, step: number, panel: string): string {
  store.runs.get(run);
  return join(evolutionFolder(store, run), String(step), `${panel}.png`);
}

/** What was drawn so far, by step; throws `run/unknown`. */

export function evolutionFrames(store: Store, run: number): EvolutionFrame[] {
  store.runs.get(run);
  const folder = evolutionFolder(store, run);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as EvolutionFrame)
    .sort((a, b) => a.step - b.step);
}
