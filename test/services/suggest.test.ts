import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Grid, spacingMm, type Volume } from '../../src/core/volume.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { suggestScans } from '../../src/project/services/review/suggest.ts';
import type { Store } from '../../src/project/store/index.ts';
import { decile } from '../cli/run.ts';
import { GRID, maskOf, newProject, temporaryFolder, writeVolumes } from './helpers.ts';

/** Ten scans: seven alike, one bright, one long, one with thick slices. The first of `labelled` have a mask. */
async function mixedProject(t: Parameters<typeof newProject>[0], labelled: string[]): Promise<Store> {
  const folder = temporaryFolder(t);
  /** Every slice the same, so that length and spacing change nothing else. */
  const scanOf = (level: number, grid: Grid = GRID): Volume => ({
    ...grid,
    data: Int16Array.from(
      { length: grid.size[0] * grid.size[1] * grid.size[2] },
      (_, n) => level + 100 * ((n % 56) % 5),
    ),
  });
  const alike = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'].map((name, n) => [name, scanOf(n)] as const);
  const scans = Object.fromEntries([
    ...alike,
    ['bright', scanOf(3000)],
    ['long', scanOf(8, { ...GRID, size: [8, 7, 30] })],
    ['thick', scanOf(9, { ...GRID, spacing: spacingMm(1, 1.5, 12) })],
  ]);
  const file = (name: string) => `${name}.nii.gz`;
  await writeVolumes(
    join(folder, 'scans'),
    Object.fromEntries(Object.entries(scans).map(([name, scan]) => [file(name), scan])),
  );
  await writeVolumes(
    join(folder, 'masks'),
    Object.fromEntries(labelled.map((name) => [file(name), maskOf(1, [2, 2, 2], [5, 5, 5], scans[name])])),
  );
  const store = newProject(t, ['kidney']);
  await importScans(store, join(folder, 'scans'), labelled.length ? { labels: join(folder, 'masks') } : {});
  return store;
}

test('with nothing labelled, a typical scan comes first and then those that differ, each with its reason', async (t) => {
  const { suggestions } = await suggestScans(await mixedProject(t, []), { count: 4 });
  const [first, ...rest] = suggestions;
  assert.match(first.name, /^a\d$/);
  assert.deepEqual([first.reason, first.distance], ['most typical of all', null]);
  assert.deepEqual(rest.map(({ name }) => name).sort(), ['bright', 'long', 'thick']);
  const reasons = Object.fromEntries(rest.map(({ name, reason }) => [name, reason]));
  assert.match(reasons.bright, /bright/);
  assert.match(reasons.long, /long scan/);
  assert.match(reasons.thick, /thick slices/);
  const distances = rest.map(({ distance }) => distance as number);
  assert.deepEqual(
    distances,
    distances.toSorted((a, b) => b - a),
    'each adds less than the one before',
  );
});

test('scans like the labelled ones come last, and labelled ones never', async (t) => {
  const store = await mixedProject(t, ['a1', 'bright']);
  const { suggestions, labelled } = await suggestScans(store, { count: 8 });
  assert.equal(labelled, 2);
  assert.deepEqual(
    suggestions
      .slice(0, 2)
      .map(({ name }) => name)
      .sort(),
    ['long', 'thick'],
  );
  assert.equal(suggestions.length, 8);
  assert.ok(suggestions.every(({ name }) => name !== 'a1' && name !== 'bright'));
});

test('the labelled scans count towards a percentage, not towards a count', async (t) => {
  const store = await mixedProject(t, ['a1', 'bright']);
  const names = async (request: object) => (await suggestScans(store, request)).suggestions.length;
  assert.deepEqual(
    [await names({}), await names({ percent: 30 }), await names({ percent: 100 }), await names({ count: 3 })],
    [0, 1, 8, 3],
  );
  await assert.rejects(suggestScans(store, { percent: 0 }), { code: 'option/invalid' });
});

test('a scan whose voxels are gone is reported and never suggested', async (t) => {
  const store = await mixedProject(t, []);
  rmSync(store.path(store.scans.find('long')!.volumeFile));
  // Traits are kept for the life of a process, so another one is asked.
  const run = await decile(['suggest', store.folder, '--count', '10', '--json']);
  assert.equal(run.status, 4, run.stderr);
  const report = run.json() as Awaited<ReturnType<typeof suggestScans>>;
  assert.deepEqual(report.unreadable, [{ name: 'long', code: 'scan/missing' }]);
  assert.equal(report.suggestions.length, 9);
  assert.match(run.stderr, /long is left out: scan\/missing/);
  const list = await decile(['suggest', store.folder, '--count', '2']);
  assert.match(
    list.stdout,
    /^0 of 10 scans are labelled\. Label next:\n.*reason\n1 {2}a\d.*most typical of all\n2 {2}/,
  );
});

test('an empty project has nothing to suggest and says so', async (t) => {
  await assert.rejects(suggestScans(newProject(t, ['kidney'])), { code: 'train/no-scans' });
});

test('looking at scans says how far it is, and can be stopped', async (t) => {
  const store = await mixedProject(t, []);
  const seen: number[] = [];
  await suggestScans(store, { onProgress: (done, total) => seen.push(total === 10 ? done : -1) });
  assert.deepEqual(
    seen,
    Array.from({ length: 11 }, (_, n) => n),
  );
  const abort = new AbortController();
  const onProgress = (done: number) => done === 3 && abort.abort();
  await assert.rejects(suggestScans(store, { onProgress, signal: abort.signal }), { code: 'suggest/cancelled' });
});

test('the window looks at many scans as one job, which can be stopped, and at few without', async () => {
  const { jobBoard } = await import('../../src/api/jobs.ts');
  const { suggesting } = await import('../../src/api/suggesting.ts');
  const jobs = jobBoard(() => {});
  let scans = 200;
  let asked = 0;
  const project = {
    store: { scans: { list: () => Array.from({ length: scans }) } },
    async suggest({ signal }: { signal?: AbortSignal } = {}) {
      asked++;
      if (signal?.aborted) throw Object.assign(new Error('stopped'), { code: 'suggest/cancelled' });
      return { scans };
    },
  };
  const ask = suggesting({ jobs, project: () => project } as unknown as Parameters<typeof suggesting>[0]);
  await ask();
  assert.equal(jobs.list().length, 0);
  scans = 201;
  const both = [ask(), ask()];
  const [job] = jobs.list();
  jobs.cancel(job.id);
  for (const one of both) await assert.rejects(one, { code: 'suggest/cancelled' });
  assert.equal(asked, 2, 'who asks meanwhile waits for the same answer');
  await ask();
  await ask();
  assert.deepEqual(
    jobs.list().map(({ kind, status }) => [kind, status]),
    [
      ['suggest', 'cancelled'],
      ['suggest', 'done'],
    ],
  );
});
