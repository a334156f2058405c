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

test('an import asks about files that are not sure, and takes the answer', async (t) => {
  const folder = join(temporaryFolder(t), 'scans');
  const files = { 'FLAIR.nii.gz': scanOf(1), 'T1.nii.gz': scanOf(2), 'wmh.nii.gz': maskOf() };
  await writeVolumes(join(folder, 'a'), files);
  const store = newProject(t);
  store.close();
  const api = await windowOn(t, store.folder);
  const imported = async (settled?: { paths: string[]; as: 'mask' | 'scan' }): Promise<JobInfo> => {
    const place = api.registerFolder(folder).folder;
    const { job } = await api.call('scans.import', { folder: place, ...(settled ? { settled } : {}) });
    for (;;) {
      const info = (await api.call('jobs.list', undefined)).find(({ id }: JobInfo) => id === job);
      if (info && info.status !== 'running') return info;
      await new Promise((next) => setImmediate(next));
    }
  };
  const first = await imported();
  const { unsure } = first;
  assert.deepEqual(unsure?.paths, [join(folder, 'a', 'wmh.nii.gz')], JSON.stringify(first));
  const answered = await imported({ paths: unsure.paths, as: 'mask' });
  assert.deepEqual([answered.unsure, answered.failures], [undefined, []]);
  const rows: ScanRow[] = await api.call('scans.list', undefined);
  assert.deepEqual(rows.map(({ name }) => name), ['FLAIR', 'T1']); // biome-ignore format: short
});
