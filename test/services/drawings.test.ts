import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { openExistingProject, type Project } from '../../src/app.ts';
import { journalFile } from '../../src/project/services/drawing/working-mask.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { addRun } from '../store/helpers.ts';
import { projectWith, temporaryFolder } from './helpers.ts';

const stroke = (i: number, value = 1) =>
  encodeBoxes([{ start: [i, 0, 0], size: [1, 1, 1], values: Uint8Array.of(value) }]);

async function opened(t: TestContext, scans: number, labelled = 0): Promise<{ project: Project; ids: number[] }> {
  const store = await projectWith(t, temporaryFolder(t), scans, labelled, ['kidney', 'tumour']);
  const ids = store.scans.list().map(({ id }) => id);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  return { project, ids };
}

test('a mask that is open is read with its strokes, a version without', async (t) => {
  const { project, ids } = await opened(t, 1, 1);
  const [id] = ids;
  const { drawing } = project;
  assert.equal((await drawing.read(id, 'manual'))?.version, 1);
  assert.equal(await drawing.read(id, 'predicted'), null);
  await drawing.edit(id, 'manual', stroke(0));
  const open = await drawing.read(id, 'manual');
  assert.deepEqual([open?.data[0], open?.version], [1, undefined]);
  assert.equal((await drawing.read(id, 'manual', 1))?.data[0], 0);
  await assert.rejects(drawing.read(id, 'manual', 2), { code: 'mask/unknown' });
  await assert.rejects(drawing.read(99, 'manual'), { code: 'scan/unknown' });
});

test('the fifth mask closes the one that was used longest ago, with its strokes in a version', async (t) => {
  const { project, ids } = await opened(t, 5);
  const { drawing, store } = project;
  for (const id of ids.slice(0, 4)) await drawing.edit(id, 'manual', stroke(1));
  // The first was used again: the second is the oldest now.
  await drawing.edit(ids[0], 'manual', stroke(2));
  await drawing.edit(ids[4], 'manual', stroke(1));
  // A stroke does not wait for the version of another scan.
  while (store.masks.history(ids[1]).length === 0) await new Promise(setImmediate);
  assert.deepEqual(
    ids.map((id) => store.masks.history(id).length),
    [0, 1, 0, 0, 0],
  );
  assert.equal(await drawing.look(ids[1], 'manual'), null);
  assert.equal((await drawing.look(ids[0], 'manual'))?.[1], 1);
});

test('closing a project makes versions of all strokes', async (t) => {
  const { project, ids } = await opened(t, 2);
  for (const id of ids) await project.drawing.edit(id, 'manual', stroke(2));
  const { folder } = project.store;
  await project.close();
  const again = openExistingProject(folder);
  t.after(() => again.close());
  for (const id of ids) {
    assert.equal((await again.drawing.read(id, 'manual'))?.data[2], 1);
    assert.equal(existsSync(again.store.path(journalFile(id, 'manual'))), false);
  }
});

test('strokes that a killed program left become a version at the next opening, and before a decision', async (t) => {
  const { project, ids } = await opened(t, 2);
  for (const id of ids) await project.drawing.edit(id, 'manual', stroke(3));
  // As after kill -9: the lock and the journals stay as they are, nothing is committed.
  project.store.close();
  const again = openExistingProject(project.store.folder);
  t.after(() => again.close());
  assert.equal((await again.review.decide(ids[0], 'accept')).state, 'labelled');
  assert.equal(again.store.masks.history(ids[1]).length, 0);
  await again.drawing.recover();
  assert.equal((await again.drawing.read(ids[1], 'manual'))?.data[3], 1);
});

test('an older version comes back as a new one', async (t) => {
  const { project, ids } = await opened(t, 1, 1);
  const [id] = ids;
  const { drawing, store } = project;
  await drawing.edit(id, 'manual', stroke(0));
  const restored = await drawing.restore(id, 1);
  // The strokes became version 2 before, so that nothing is lost.
  assert.deepEqual([restored.version, restored.origin, restored.accepted], [3, 'manual', true]);
  assert.equal((await drawing.read(id, 'manual', 2))?.data[0], 1);
  assert.equal((await drawing.read(id, 'manual'))?.data[0], 0);
  assert.equal(store.masks.reference(id)?.version, 3);
  await assert.rejects(drawing.restore(id, 9), { code: 'mask/unknown' });
});

test('labels are replaced as a whole; one that only open strokes use stays', async (t) => {
  const { project, ids } = await opened(t, 1);
  const { store, drawing, setLabels } = project;
  const [kidney, tumour] = store.labels.list();
  await setLabels([
    { ...kidney, name: 'left kidney', locked: true },
    tumour,
    { ...tumour, value: 7, name: 'cyst', colour: '#123456' },
  ]);
  assert.deepEqual(
    store.labels.list().map(({ value, name, locked }) => [value, name, locked]),
    [
      [1, 'left kidney', true],
      [2, 'tumour', false],
      [7, 'cyst', false],
    ],
  );
  await drawing.edit(ids[0], 'manual', stroke(4, 7));
  await assert.rejects(setLabels([kidney]), { code: 'label/in-use' });
  assert.equal(store.labels.list().length, 3, 'all or nothing');
  assert.equal(store.labels.list()[0].name, 'left kidney');
});

test('a new label is never a new name for what is drawn, or predicted, of one that is deleted with it', async (t) => {
  const { project, ids } = await opened(t, 1);
  const { store, drawing, setLabels } = project;
  const [kidney, tumour] = store.labels.list();
  const cyst = { ...tumour, value: -1, name: 'cyst' };
  await drawing.edit(ids[0], 'manual', stroke(4, tumour.value));
  await assert.rejects(setLabels([kidney, cyst]), { code: 'label/in-use', message: /tumour in masks of 1 scans/ });
  await setLabels([kidney, tumour, cyst]);
  const named = () => store.labels.list().map(({ value, name }) => `${value} ${name}`);
  assert.deepEqual(named(), ['1 kidney', '2 tumour', '3 cyst']);
  addRun(store, 'first');
  await assert.rejects(setLabels([kidney, tumour]), {
    code: 'label/in-use',
    message: /no run predicts, got cyst in first/,
  });
  await setLabels([kidney, tumour, { ...cyst, value: 3 }, { ...cyst, name: 'vessel' }]);
  await setLabels([kidney, tumour, { ...cyst, value: 3 }]);
  assert.deepEqual(named(), ['1 kidney', '2 tumour', '3 cyst'], 'one that no run knows goes');
});
