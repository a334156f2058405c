/** A study of made-up cubes, planned. */
import { join } from 'node:path';
import { parseStudy } from '../../src/study/definition.ts';
import { planStudy } from '../../src/study/plan.ts';
import { maskOf, temporaryFolder, writeVolumes } from '../services/helpers.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

type Test = Parameters<typeof temporaryFolder>[0];

/** Six cases, four of them for training; `methods` beside the first two of the list. */
export async function planOf(t: Test, methods: object[], more: object = {}) {
  const root = temporaryFolder(t);
  const cubes = Object.fromEntries(NAMES.map((name) => [`${name}.nii.gz`, maskOf(1, [1, 1, 1], [4, 4, 4])]));
  await writeVolumes(join(root, 'images'), cubes);
  await writeVolumes(join(root, 'labels'), cubes);
  const definition = parseStudy(
    {
      ...{ name: 'Chosen', images: 'images', labels: 'labels', preset: 'mr', classes: ['cube'] },
      ...{ split: { train: ['a..d'], test: ['e', 'f'] }, labelled: [2], seeds: [1], against: 'first' },
      methods: [{ name: 'first', method: 'supervised' }, ...methods],
      options: { steps: 3, width: 1 },
      ...more,
    },
    root,
  );
  const out = join(root, 'out');
  return { out, plan: planStudy(definition, out) };
}
