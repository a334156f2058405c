import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { evolutionFrames, evolutionPicture } from '../../src/project/services/train/evolution.ts';
import { runFolder } from '../../src/project/store/index.ts';
import { addRun, newProject } from '../store/helpers.ts';

test('the prototypes’ pictures of a run come in the order of the steps, each with its file', (t) => {
  const store = newProject(t);
  const run = addRun(store);
  assert.deepEqual(evolutionFrames(store, run.id), []);
  const folder = store.path(`${runFolder(run.id)}/evolution`);
  mkdirSync(folder, { recursive: true });
  for (const step of [500, 1000, 20])
    writeFileSync(join(folder, `${step}.json`), JSON.stringify({ step, panels: ['P_l'], caption: `step ${step}` }));
  writeFileSync(join(folder, 'notes.json'), '{}');
  assert.deepEqual(
    evolutionFrames(store, run.id).map(({ step }) => step),
    [20, 500, 1000],
  );
  assert.equal(evolutionPicture(store, run.id, 500, 'P_l'), join(folder, '500', 'P_l.png'));
  assert.throws(() => evolutionFrames(store, 99), { code: 'run/unknown' });
  assert.throws(() => evolutionPicture(store, 99, 500, 'P_l'), { code: 'run/unknown' });
});
