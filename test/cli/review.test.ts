import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openProject } from '../../src/project/store/index.ts';
import { maskOf, projectWith, temporaryFolder } from '../services/helpers.ts';
import { keepPrediction } from '../services/predicted.ts';
import { addRun } from '../store/helpers.ts';
import { decile } from './run.ts';

interface Report {
  decided: { scan: string; state: string; review: string }[];
  refused: { scan: string; code: string }[];
  left: number;
}

/** case_01 has no mask, 02 to 04 are predicted, each more uncertain than the one before. */
async function predicted(t: TestContext): Promise<string> {
  const store = await projectWith(t, temporaryFolder(t), 4, 0);
  const run = addRun(store, 'run-1');
  for (const [n, scan] of store.scans.list().entries())
    if (n > 0) await keepPrediction(store, run, scan, maskOf(), [0, 0, n / 10, 0, 0, 0]);
  store.close();
  return store.folder;
}

test('review on the command line: list, accept, reject, and what training then learns from', async (t) => {
  const folder = await predicted(t);
  const run = (...args: string[]) => decile(['review', ...args]);
  const listed = await run('list', folder, '--json');
  assert.equal(listed.status, 0, listed.stderr);
  const { queue } = listed.json() as { queue: { name: string; rank: number; flagged: number[]; reasons: string[] }[] };
  assert.deepEqual(
    queue.map(({ name, rank, flagged }) => [name, rank, flagged]),
    [
      ['case_04', 1, [2]],
      ['case_03', 2, [2]],
      ['case_02', 3, [2]],
    ],
  );
  const told = await run('list', folder);
  assert.match(told.stdout, /3 to review, most worth a look first:/);
  assert.match(told.stdout, /^1 {2}case_04 +0\.60 +3 of 6 +most uncertain of all$/m, 'slices count from 1');

  const accepted = await run('accept', folder, 'case_04', 'case_02', '--json');
  assert.equal(accepted.status, 0, accepted.stderr);
  assert.deepEqual(accepted.json() as Report, {
    decided: [
      { scan: 'case_04', state: 'reviewed', review: 'accepted' },
      { scan: 'case_02', state: 'reviewed', review: 'accepted' },
    ],
    refused: [],
    left: 1,
  });
  const rejected = await run('reject', folder, 'case_02', 'case_03', '--quiet');
  assert.deepEqual([rejected.status, rejected.stderr], [0, '']);
  assert.equal(rejected.stdout, '2 scans rejected, 0 left to review.\n');
  const empty = await run('list', folder);
  assert.equal(empty.stdout, 'No prediction waits for review.\n');
  const plan = await decile(['train', folder, '--dry-run', '--json']);
  assert.deepEqual((plan.json() as { labelled: string[] }).labelled, ['case_04']);
  const store = openProject(folder, 'read');
  t.after(() => store.close());
  assert.equal(store.masks.history(store.scans.find('case_02')?.id ?? 0).length, 2, 'a decision deletes nothing');
});

test('what cannot be decided is listed, and a name that is no scan’s stops before anything is decided', async (t) => {
  const folder = await predicted(t);
  const partly = await decile(['review', 'accept', folder, 'case_01', 'case_03', 'case_03', '--json']);
  const { decided, refused, left } = partly.json() as Report;
  assert.equal(partly.status, 4);
  assert.deepEqual([decided.map(({ scan }) => scan), left], [['case_03'], 2]);
  assert.deepEqual(
    refused.map(({ scan, code }) => [scan, code]),
    [['case_01', 'review/no-mask']],
  );
  const none = await decile(['review', 'accept', folder, 'case_01']);
  assert.equal(none.status, 1);
  assert.match(none.stdout, /0 scans accepted, 2 left to review\.\n {2}case_01\n {4}review\/no-mask: /);
  const unknown = await decile(['review', 'reject', folder, 'case_02', 'case_9', '--json']);
  const { error } = unknown.json() as { error: { code: string; message: string } };
  assert.deepEqual([unknown.status, error.code], [1, 'scan/unknown']);
  assert.match(error.message, /got case_9\./);
  const after = (await decile(['review', 'list', folder, '--json'])).json() as { queue: { name: string }[] };
  assert.ok(after.queue.some(({ name }) => name === 'case_02'));
  for (const wrong of [['review'], ['review', 'accept', folder], ['review', 'fly', folder], ['review', 'list']])
    assert.equal((await decile(wrong)).status, 2, wrong.join(' '));
});

test('the report is exported by command, de-identified where that is asked', async (t) => {
  const folder = await predicted(t);
  const out = join(dirname(folder), 'out');
  const early = await decile(['export', folder, out, '--format', 'html', '--json']);
  assert.deepEqual([early.status, (early.json() as { error: { code: string } }).error.code], [1, 'export/nothing']);
  assert.equal((await decile(['review', 'accept', folder, 'case_03'])).status, 0);
  const made = await decile(['export', folder, out, '--format', 'html', '--run', 'run-1', '--json']);
  assert.equal(made.status, 0, made.stderr);
  assert.deepEqual((made.json() as { files: string[]; withoutMask: string[] }).files, ['report.html']);
  assert.deepEqual((made.json() as { withoutMask: string[] }).withoutMask, []);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  assert.match(page, /case_03: Dice 100\.0/);
  assert.match(page, /1 predicted cases were reviewed: 1 accepted as they were, 0 corrected, 0 rejected\./);
  const bare = join(dirname(folder), 'bare');
  const hidden = await decile(['export', folder, bare, '--format', 'html', '--deidentify', '--json']);
  assert.equal(hidden.status, 0, hidden.stderr);
  const { renamed } = hidden.json() as { renamed: { scan: string; name: string }[] };
  const nameOf = renamed.find(({ scan }) => scan === 'case_03')?.name ?? '';
  assert.ok(readFileSync(join(bare, 'report.html'), 'utf8').includes(`${nameOf}: Dice 100.0`));
  assert.equal(existsSync(join(out, 'report.html.tmp')), false);
});
