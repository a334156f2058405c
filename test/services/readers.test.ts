/** Two readers of one scan are compared, and what everybody did is told. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { NOT_DRAWN } from '../../src/core/volume.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { exportProject } from '../../src/project/services/export/export.ts';
import { compareVersions, historyOf } from '../../src/project/services/review/readers.ts';
import { openProject } from '../../src/project/store/index.ts';
import { decile } from '../cli/run.ts';
import { maskOf, projectWith, temporaryFolder, writeVolumes } from './helpers.ts';

test('readers’ masks come in under their names, are compared, and the history says who did what', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 2, 0);
  const at = store.folder;
  store.close();
  const scans = join(folder, 'scans');
  // 27 voxels each, 18 of them shared: Dice 2 * 18 / 54.
  for (const [name, mask] of [
    ['Li', maskOf(1, [2, 2, 2], [5, 5, 5])],
    ['Wang', maskOf(1, [3, 2, 2], [6, 5, 5])],
  ] as const) {
    const masks = join(folder, name);
    mkdirSync(masks);
    await writeVolumes(masks, { 'case_01.nii.gz': mask });
    const imported = await decile(['import', at, scans, '--labels', masks, '--as', name, '--json']);
    assert.equal(JSON.parse(imported.stdout).masks.length, 1, imported.stderr);
  }
  const compared = await decile(['review', 'compare', at, 'case_01', '--json']);
  const { first, second, labels } = JSON.parse(compared.stdout);
  assert.deepEqual([first.person, second.person], ['Li', 'Wang']);
  const voxelMl = (1 * 1.5 * 3) / 1000;
  assert.ok(Math.abs(labels[0].dice - (100 * 2 * 18) / 54) < 1e-6);
  assert.ok(Math.abs(labels[0].addedMl - 9 * voxelMl) < 1e-9 && Math.abs(labels[0].removedMl - 9 * voxelMl) < 1e-9);
  assert.equal(labels[0].worstSlice, 2);
  const turned = await decile(['review', 'compare', at, 'case_01', '--readers', 'Wang,Li', '--json']);
  assert.equal(JSON.parse(turned.stdout).first.person, 'Wang');
  assert.match(
    (await decile(['review', 'compare', at, 'case_02'])).stderr,
    /review\/readers: case_02 .* got masks of nobody/,
  );
  const rejected = await decile(['review', 'reject', at, 'case_01', '--as', 'Chen', '--reason', 'too-large']);
  assert.equal(rejected.status, 0, rejected.stderr);
  const { history } = JSON.parse((await decile(['review', 'history', at, 'case_01', '--json'])).stdout);
  assert.deepEqual(
    history.map((one: Record<string, string>) => [one.who, one.what, one.reason]),
    [
      ['Li', 'drew', ''],
      ['Wang', 'drew', ''],
      ['Chen', 'rejected', 'too large'],
    ],
  );
  const again = openProject(at, 'read');
  t.after(() => again.close());
  const tables = (name: string, deidentify?: { dates: 'remove' }) =>
    exportProject(again, { format: 'csv', output: join(folder, name), ...(deidentify && { deidentify }) });
  await tables('csv');
  assert.match(readFileSync(join(folder, 'csv', 'history.csv'), 'utf8'), /case_01,[^,]+,Chen,rejected,2,,too large,/);
  await tables('clean', { dates: 'remove' });
  assert.doesNotMatch(readFileSync(join(folder, 'clean', 'history.csv'), 'utf8'), /Chen|Li|Wang/);
});

test('what one of two readers has not drawn is no difference, whichever of the two', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  const [scan] = store.scans.list();
  const whole = maskOf(1, [2, 2, 1], [5, 5, 5]);
  const some = maskOf(1, [2, 2, 1], [5, 5, 5]);
  const slice = some.size[0] * some.size[1];
  some.data.fill(NOT_DRAWN, 3 * slice);
  const versions: number[] = [];
  for (const mask of [whole, some])
    versions.push((await saveMaskVersion(store, scan, mask, { origin: 'manual', accepted: false })).version);
  for (const [first, second] of [versions, versions.toReversed()]) {
    const { labels } = await compareVersions(store, scan.id, [first, second]);
    const { dice, hd95, addedMl, removedMl, worstSlice } = labels[0];
    // A distance is told where the second is drawn whole alone, and then of a part: of nothing here.
    assert.deepEqual([dice, addedMl, removedMl, worstSlice], [100, 0, 0, null]);
    assert.equal(hd95, null);
  }
});

test('the history keeps what followed what, though the clock was set back', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  const [scan] = project.store.scans.list();
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2038, 0, 20) });
  const at = (...date: [number, number, number]) => t.mock.timers.setTime(Date.UTC(...date));
  const draw = async (low: [number, number, number]) => {
    await project.drawing.replace(scan.id, 'manual', maskOf(1, low, [5, 5, 5]).data);
    await project.drawing.commit(scan.id);
  };
  await draw([2, 2, 2]);
  at(2026, 2, 29);
  await project.review.decide(scan.id, 'accept');
  await draw([3, 2, 2]);
  at(2026, 0, 1);
  await project.review.decide(scan.id, 'reject');
  at(2025, 0, 1);
  await draw([4, 2, 2]);
  assert.deepEqual(
    historyOf(project.store, [scan]).map(({ what, version }) => [what, version]),
    [
      ['drew', 1],
      ['accepted', 1],
      ['drew', 2],
      ['rejected', 2],
      ['drew', 3],
    ],
  );
});
