import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { openExistingProject, type Project } from '../../src/app.ts';
import { journalFile } from '../../src/project/services/drawing/working-mask.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { decile } from '../cli/run.ts';
import { projectWith, temporaryFolder } from './helpers.ts';

const stroke = (i: number) => encodeBoxes([{ start: [i, 0, 0], size: [1, 1, 1], values: Uint8Array.of(1) }]);

async function opened(t: TestContext): Promise<{ project: Project; ids: number[] }> {
  const store = await projectWith(t, temporaryFolder(t), 4, 3);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  return { project, ids: project.store.scans.list().map(({ id }) => id) };
}

const paths = (found: { path: string }[]) => found.map(({ path }) => path);

test('a sound project is sound, and a check changes nothing', async (t) => {
  const { project, ids } = await opened(t);
  await project.drawing.edit(ids[3], 'manual', stroke(1));
  const journal = readFileSync(project.store.path(journalFile(ids[3], 'manual')));
  assert.deepEqual(await project.check(), { damaged: [], missing: [], leftOver: [], repaired: [] });
  assert.deepEqual(readFileSync(project.store.path(journalFile(ids[3], 'manual'))), journal);
});

test('what is damaged, missing and left over is named; repair keeps what can be saved', async (t) => {
  const { project, ids } = await opened(t);
  const { store, drawing } = project;
  const [scans, masks] = [ids.map((id) => store.scans.get(id).volumeFile), ids.map((id) => `masks/${id}/1.nii.gz`)];
  await drawing.edit(ids[3], 'manual', stroke(1));
  await drawing.edit(ids[3], 'manual', stroke(2));
  await drawing.edit(ids[3], 'manual', stroke(3));
  const journal = journalFile(ids[3], 'manual');
  store.close();
  truncateSync(store.path(scans[0]), 400);
  const mask = readFileSync(store.path(masks[1]));
  mask[mask.length >> 1] ^= 0xff;
  writeFileSync(store.path(masks[1]), mask);
  rmSync(store.path(masks[2]));
  const strokes = readFileSync(store.path(journal));
  // In the values of the second of three records of 8 + 28 bytes.
  strokes[strokes.length - 36 - 2] ^= 1;
  writeFileSync(store.path(journal), strokes);
  writeFileSync(store.path('masks/1/7.nii.gz'), 'nobody names it');

  const again = openExistingProject(store.folder);
  t.after(() => again.close());
  const seen = await again.check();
  assert.deepEqual(paths(seen.damaged).sort(), [scans[0], masks[1], journal].sort());
  assert.deepEqual(paths(seen.missing), [masks[2]]);
  assert.deepEqual(seen.leftOver, ['masks/1/7.nii.gz']);
  assert.deepEqual(seen.repaired, []);

  const { repaired } = await again.check({ repair: true });
  assert.deepEqual(paths(repaired).sort(), [masks[1], masks[2], journal].sort());
  assert.ok(existsSync(store.path(`${masks[1]}.damaged`)) && existsSync(store.path(`${journal}.damaged`)));
  assert.deepEqual([...(await again.drawing.read(ids[3], 'manual'))!.data.subarray(0, 4)], [0, 1, 0, 1]);
  assert.equal(await again.drawing.read(ids[1], 'manual'), null);
  const after = await again.check();
  assert.deepEqual([paths(after.damaged), after.missing], [[scans[0]], []]);
});

test('decile check ends with 0, 1 or 4', async (t) => {
  const { project, ids } = await opened(t);
  const { store } = project;
  await project.close();
  const run = async (...flags: string[]) => {
    const { status, stdout } = await decile(['check', store.folder, '--json', ...flags]);
    return [status, Object.keys(JSON.parse(stdout) as object)];
  };
  const keys = ['damaged', 'missing', 'leftOver', 'repaired'];
  assert.deepEqual(await run(), [0, keys]);
  rmSync(store.path(`masks/${ids[0]}/1.nii.gz`));
  assert.deepEqual(await run(), [1, keys]);
  truncateSync(store.path(`volumes/${ids[0]}.nii`), 400);
  assert.deepEqual(await run('--repair'), [4, keys]);
  assert.deepEqual(await run('--repair'), [1, keys]);
});

test('a run without its intensities is damaged, folders of no run are left over, a damaged database is said in the same form', async (t) => {
  const { project } = await opened(t);
  const { store } = project;
  await project.close();
  const check = async () => {
    const { status, stdout } = await decile(['check', store.folder, '--json']);
    return { status, ...(JSON.parse(stdout) as { damaged: { path: string }[]; leftOver: string[] }) };
  };
  const trained = await decile(['train', store.folder, '--steps', '1', '--width', '1', '--patch', '16,16,16', '--engine', 'simd', '--quiet']); // biome-ignore format: a command
  assert.equal(trained.status, 0, trained.stderr);
  assert.equal((await check()).status, 0);
  writeFileSync(store.path('runs/1/normalisation.json'), '{"kind":"c');
  mkdirSync(store.path('runs/7'));
  const { status, damaged, leftOver } = await check();
  assert.deepEqual([status, paths(damaged), leftOver], [1, ['runs/1/normalisation.json'], ['runs/7']]);
  const database = readFileSync(store.path('project.sqlite'));
  writeFileSync(store.path('project.sqlite'), database.fill(0x33, 4096));
  const corrupt = await check();
  assert.deepEqual([corrupt.status, paths(corrupt.damaged)], [1, ['project.sqlite']]);
});
