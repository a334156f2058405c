/** The window asks about files that may be masks or scans, and imports them as the user says. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createApi } from '../../src/api/index.ts';
import { createApp } from '../../src/app.ts';
import type { JobInfo, ScanRow } from '../../src/shared/contract/index.ts';
import { maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

async function windowOn(t: TestContext, project: string) {
  const config = temporaryFolder(t);
  const shell = { about: () => assert.fail(), chooseFolder: async () => null, browsing: true, documents: config };
  const api = createApi(shell, createApp(), config);
  t.after(() => api.close());
  await api.call('projects.open', { folder: api.registerFolder(project).folder });
  return api;
}

interface Answer {
  settled?: { paths: string[]; as: 'mask' | 'scan' };
  overlaps?: 'smaller' | 'separate';
}

/** The job of an import, once it ended. */
async function importedBy(
  api: Awaited<ReturnType<typeof windowOn>>,
  path: string,
  answer: Answer = {},
): Promise<JobInfo> {
  const { folder } = api.registerFolder(path);
  const { job } = await api.call('scans.import', { folder, ...answer });
  for (;;) {
    const info = (await api.call('jobs.list', undefined)).find(({ id }: JobInfo) => id === job);
    if (info && info.status !== 'running') return info;
    await new Promise((next) => setImmediate(next));
  }
}

test('an import asks about files that are not sure, and takes the answer', async (t) => {
  const folder = join(temporaryFolder(t), 'scans');
  const files = { 'FLAIR.nii.gz': scanOf(1), 'T1.nii.gz': scanOf(2), 'wmh.nii.gz': maskOf() };
  await writeVolumes(join(folder, 'a'), files);
  const store = newProject(t);
  store.close();
  const api = await windowOn(t, store.folder);
  const first = await importedBy(api, folder);
  const { unsure } = first;
  assert.deepEqual(unsure?.paths, [join(folder, 'a', 'wmh.nii.gz')], JSON.stringify(first));
  const answered = await importedBy(api, folder, { settled: { paths: unsure.paths, as: 'mask' } });
  assert.deepEqual([answered.unsure, answered.failures], [undefined, []]);
  const rows: ScanRow[] = await api.call('scans.list', undefined);
  assert.deepEqual(rows.map(({ name }) => name), ['FLAIR', 'T1']); // biome-ignore format: short
});

test('an import asks what counts where labels overlap, and takes the answer', async (t) => {
  const folder = join(temporaryFolder(t), 'scans');
  const [organ, tumour] = [maskOf(1, [1, 1, 1], [4, 4, 4]), maskOf(1, [2, 2, 2], [3, 3, 3])];
  const masks = { 'segmentations/organ.nii.gz': organ, 'segmentations/tumour.nii.gz': tumour };
  await writeVolumes(join(folder, 'a'), { 'ct.nii.gz': scanOf(1), ...masks });
  const store = newProject(t, ['tumour', 'organ']);
  store.close();
  const api = await windowOn(t, store.folder);
  const first = await importedBy(api, folder);
  assert.deepEqual([first.overlapping?.masks, first.failures.length], [1, 1], JSON.stringify(first));
  const answered = await importedBy(api, folder, { overlaps: 'smaller' });
  assert.deepEqual([answered.overlapping, answered.failures], [undefined, []]);
  assert.match(answered.notices.join(' '), /1 voxels are both tumour and organ; they became tumour/);
});
