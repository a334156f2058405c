import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMask, readVolume } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { createProject, openProject } from '../../src/project/store/index.ts';
import { maskOf, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

const TOTAL = 24;

/** Imports in a process of its own that is killed the hard way once `after` scans are done. */
function importAndKill(project: string, scans: string, masks: string, after: number): Promise<void> {
  const from = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const script = `
    import { openProject } from ${from('project/store/index.ts')};
    import { importScans } from ${from('project/services/import/import.ts')};
    const store = openProject(${JSON.stringify(project)});
    await importScans(store, ${JSON.stringify(scans)}, { labels: ${JSON.stringify(masks)}, onProgress: ({ phase, done }) => phase === 'importing' && process.stdout.write(done + '\\n') });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const done = Number(chunk.toString().trim().split('\n').at(-1));
    // Not at a fixed point of the work: wherever the next scan happens to be.
    if (done >= after) setTimeout(() => child.kill('SIGKILL'), after % 7);
  });
  return new Promise((resolve) => child.on('close', () => resolve()));
}

test('an import that is killed again and again loses no finished scan and leaves no row without its file', async (t) => {
  const folder = temporaryFolder(t);
  const [project, scans, masks] = ['project', 'scans', 'masks'].map((name) => join(folder, name));
  const names = Array.from({ length: TOTAL }, (_, n) => `case_${String(n).padStart(2, '0')}.nii.gz`);
  await writeVolumes(scans, Object.fromEntries(names.map((name, n) => [name, scanOf(n)])));
  await writeVolumes(masks, Object.fromEntries(names.map((name) => [name, maskOf()])));
  createProject(project, { preset: 'mr', labels: [{ name: 'organ' }] }).close();
  let before = 0;
  for (const after of [3, 9, 17]) {
    await importAndKill(project, scans, masks, after);
    const store = openProject(project);
    const list = store.scans.list();
    assert.ok(
      list.length >= before && list.length >= after - 1 && list.length < TOTAL,
      `${list.length} after ${after}`,
    );
    before = list.length;
    for (const scan of list) {
      await readVolume(store.path(scan.volumeFile));
      for (const mask of store.masks.history(scan.id)) await readMask(store.path(mask.file));
    }
    store.close();
  }
  const store = openProject(project);
  t.after(() => store.close());
  const report = await importScans(store, scans, { labels: masks });
  assert.deepEqual(
    [report.added.length, report.duplicates.length, report.failures.length],
    [TOTAL - before, before, 0],
  );
  assert.equal(store.masks.references().size, TOTAL);
  assert.deepEqual(
    readdirSync(join(project, 'volumes')).filter((name) => !/^\d+\.nii$/.test(name)),
    [],
  );
});
