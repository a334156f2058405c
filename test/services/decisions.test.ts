/** Decisions are kept with who, when, why and on what; each can be taken back; a rejected case comes back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openExistingProject, type Project } from '../../src/app.ts';
import type { Scan } from '../../src/project/store/index.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { rejectReason } from '../../src/shared/review.ts';
import { decile } from '../cli/run.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

const FLAT = [0, 0, 0.1, 0, 0, 0];

/** case_01 is labelled, 02 to 05 are predicted alike. */
async function predicted(t: TestContext): Promise<{ project: Project; scans: Scan[] }> {
  const store = await projectWith(t, temporaryFolder(t), 5, 1);
  const run = addRun(store, 'run-1');
  const scans = store.scans.list();
  for (const scan of scans.slice(1)) await keepPrediction(store, run, scan, maskOf(), FLAT);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  return { project, scans };
}

test('a decision says who, on which mask of which run, and why', async (t) => {
  const { project, scans } = await predicted(t);
  project.store.person.name = 'Dr. Li';
  await project.review.decide(scans[1].id, 'reject', { reason: 'too large' });
  const [decision, ...others] = project.review.decisions(scans[1].id);
  assert.deepEqual(others, []);
  const { run, mask, person, reason } = decision;
  assert.deepEqual([person, reason, decision.decision], ['Dr. Li', 'too large', 'reject']);
  assert.equal(run, project.store.runs.find('run-1').id);
  assert.equal(mask, project.store.masks.current(scans[1].id, 'predicted')?.id);
});

test('each decision can be taken back, and leaves the case and its masks as they were', async (t) => {
  const { project, scans } = await predicted(t);
  const { review, store } = project;
  const id = scans[1].id;
  for (const decision of ['accept', 'reject', 'correct'] as const) {
    await review.decide(id, decision);
    assert.equal(review.undo(id), 'predicted', decision);
    assert.equal(store.masks.reference(id), null, decision);
    assert.equal(store.scans.get(id).review, 'unreviewed', decision);
  }
  // Done on a labelled case that was drawn on once more: the older reference is the reference again.
  const before = store.masks.reference(scans[0].id);
  await review.decide(scans[0].id, 'reject');
  review.undo(scans[0].id);
  assert.deepEqual(store.masks.reference(scans[0].id), before);
  assert.throws(() => review.undo(scans[0].id), { code: 'review/nothing-to-undo' });
  assert.deepEqual(
    review.decisions(id).map(({ undoneAt }) => undoneAt === null),
    [false, false, false],
    'what was taken back is still told',
  );
});

test('two decisions are taken back one after the other', async (t) => {
  const { project, scans } = await predicted(t);
  const { review } = project;
  await review.decide(scans[1].id, 'reject');
  await review.decide(scans[1].id, 'accept');
  assert.equal(review.undo(scans[1].id), 'rejected');
  assert.equal(review.undo(scans[1].id), 'predicted');
});

test('a rejected case is back in the next round’s queue, higher than its like, with the reason', async (t) => {
  const { project, scans } = await predicted(t);
  const { review, store } = project;
  await review.decide(scans[3].id, 'reject', { reason: 'missing part' });
  await review.decide(scans[4].id, 'reject', { reason: 'bad scan' });
  assert.deepEqual(
    review.queue().map(({ name }) => name),
    ['case_02', 'case_03'],
  );
  const next = addRun(store, 'run-2');
  for (const scan of scans.slice(1)) await keepPrediction(store, next, scan, maskOf(), FLAT);
  const queue = review.queue();
  assert.deepEqual(
    queue.map(({ name }) => name),
    ['case_04', 'case_02', 'case_03', 'case_05'],
    'a bad scan comes last',
  );
  assert.equal(queue[0].reasons[0], 'rejected before: missing part');
  assert.equal(queue[3].reasons[0], 'rejected before: bad scan');
});

test('`decile review` rejects with a reason, under a name, and takes it back', async (t) => {
  const { project } = await predicted(t);
  const { folder } = project.store;
  await project.close();
  const rejected = await decile([
    'review',
    'reject',
    folder,
    'case_02',
    '--reason',
    'missing-part',
    '--as',
    'Wang',
    '--json',
  ]);
  assert.equal(rejected.status, 0, rejected.stderr);
  const again = openExistingProject(folder);
  const id = again.store.scans.find('case_02')!.id;
  const [{ reason, person }] = again.review.decisions(id);
  assert.deepEqual([reason, person, again.store.scans.get(id).review], ['missing part', 'Wang', 'rejected']);
  await again.close();
  const undone = await decile(['review', 'undo', folder, 'case_02', '--json']);
  assert.deepEqual(JSON.parse(undone.stdout), { undone: [{ scan: 'case_02', state: 'predicted' }] });
  const twice = await decile(['review', 'undo', folder, 'case_02']);
  assert.match(twice.stderr, /review\/nothing-to-undo/);
});

test('reasons are known by their words, however they are written', () => {
  assert.equal(rejectReason('Missing_part'), 'missing part');
  assert.equal(rejectReason('moved during the scan '), 'moved during the scan');
});

test('what is drawn on a case after a decision counts, or not, as the case stands when it is kept', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  const { drawing, review } = project;
  const [{ id }] = project.store.scans.list();
  const draw = (at: number) =>
    drawing.edit(id, 'manual', encodeBoxes([{ start: [at, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }]));
  const reference = () => project.store.masks.reference(id)?.version ?? null;
  await draw(1);
  await review.decide(id, 'accept');
  assert.equal(reference(), 1);
  await draw(2);
  await review.decide(id, 'accept');
  assert.equal(reference(), 2, 'the second drawing is what training learns from');
  const [, accepted] = review.decisions(id);
  assert.equal(project.store.masks.get(accepted.mask ?? 0).version, 2);
  await draw(3);
  await review.decide(id, 'reopen');
  await draw(4);
  await drawing.commit(id);
  assert.equal(reference(), null, 'a case that was opened again is not labelled by a stroke');
});

test('an older drawing that is brought back is the one that Done takes', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  const { drawing, review } = project;
  const [{ id }] = project.store.scans.list();
  for (const at of [1, 2]) {
    await drawing.edit(id, 'manual', encodeBoxes([{ start: [at, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }]));
    await drawing.commit(id);
  }
  await review.decide(id, 'accept');
  await drawing.restore(id, 1);
  assert.equal(review.current(id)?.version, 3);
  await review.decide(id, 'accept');
  assert.equal(project.store.masks.reference(id)?.version, 3);
});

test('a mask of the prediction’s volumes in other places is corrected; its copy is predicted, until it is drawn on', async (t) => {
  const { project, scans } = await predicted(t);
  const { review, store, drawing } = project;
  const [, moved, copied, drawnOn] = scans;
  const mask = maskOf();
  await drawing.replace(moved.id, 'corrected', mask.data.slice().reverse());
  for (const { id } of [moved, copied, drawnOn]) await review.decide(id, 'accept');
  await drawing.replace(drawnOn.id, 'corrected', mask.data.slice().reverse());
  await drawing.commit(drawnOn.id);
  assert.deepEqual(
    [moved, copied, drawnOn].map(({ id }) => store.scans.get(id).review),
    ['corrected', 'accepted', 'corrected'],
  );
  const out = join(store.folder, '..', 'csv');
  await project.close();
  const exported = await decile(['export', store.folder, out, '--format', 'csv', '--json']);
  assert.equal(exported.status, 0, exported.stderr);
  const [head, ...rows] = readFileSync(join(out, 'scans.csv'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const origins = new Map(rows.map((row) => [row[0], row[head.indexOf('mask_origin')]]));
  assert.deepEqual(
    [moved, copied, drawnOn].map(({ name }) => origins.get(name)),
    ['corrected', 'predicted', 'corrected'],
  );
});
