import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { createApi } from '../../src/api/index.ts';
import { createApp, openExistingProject, type Project } from '../../src/app.ts';
import type { Scan, Store } from '../../src/project/store/index.ts';
import { encodeBoxes, type QueueEntry, type ScanRow } from '../../src/shared/contract/index.ts';
import { decile } from '../cli/run.ts';
import { addRun } from '../store/helpers.ts';
import { GRID, maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

const VOXEL_ML = (GRID.spacing[0] * GRID.spacing[1] * GRID.spacing[2]) / 1000;

/**
 * case_01 is labelled; 02 to 05 are predicted. 02 is empty, 03 to 05 are alike but for their entropy, which falls with the
 * number: the queue is not the order of the names.
 */
async function predictedProject(t: TestContext): Promise<{ project: Project; scan: (n: number) => Scan }> {
  const store: Store = await projectWith(t, temporaryFolder(t), 5, 1);
  const run = addRun(store, 'run-1');
  const scans = store.scans.list();
  const entropies = [0, 0.1, 0.2, 0.5, 0.4];
  for (const [n, scan] of scans.entries()) {
    if (n === 0) continue;
    const mask = n === 1 ? maskOf(0) : maskOf();
    const peak = entropies[n];
    await keepPrediction(store, run, scan, mask, [0, 0, peak, 0, 0, peak / 2]);
  }
  store.close();
  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  return { project, scan: (n) => scans[n - 1] };
}

test('the queue has empty masks first, then the most uncertain, with the slices to look at', async (t) => {
  const { project } = await predictedProject(t);
  const queue = project.review.queue();
  assert.deepEqual(
    queue.map(({ name, rank }) => [rank, name]),
    [
      [1, 'case_02'],
      [2, 'case_04'],
      [3, 'case_05'],
      [4, 'case_03'],
    ],
  );
  assert.equal(queue[0].worth, 1);
  assert.deepEqual(queue[0].reasons, ['no kidney found']);
  // The peak, and nothing below 0.6 of it.
  assert.deepEqual(queue[1].flagged, [2]);
  const [first, second, third, last] = queue.map(({ scan }) => scan);
  assert.deepEqual(
    [undefined, first, second, third, last].map((scan) => project.review.next(scan)),
    [first, second, third, last, first],
  );
});

test('window and command line see one queue: the service, the api’s call, the table’s ranks and `decile review list` agree', async (t) => {
  const { project } = await predictedProject(t);
  const { folder } = project.store;
  const known = project.review.queue();
  await project.close();
  const config = temporaryFolder(t);
  const shell = { about: () => assert.fail(), chooseFolder: async () => null, browsing: true, documents: config };
  const api = createApi(shell, createApp(), config);
  t.after(() => api.close());
  await api.call('projects.open', { folder: api.registerFolder(folder).folder });
  const queue: QueueEntry[] = await api.call('review.queue', undefined);
  assert.deepEqual(queue, known);
  // Reading needs no lock: the window has the project open.
  const listed = await decile(['review', 'list', folder, '--json']);
  // These predictions are of an older version: they say nothing of their Dice.
  assert.deepEqual(listed.json(), { queue: known.map((entry) => ({ ...entry, expectedDice: null })), left: 0 });
  const rows: ScanRow[] = await api.call('scans.list', undefined);
  const ranked = rows.filter(({ rank }) => rank !== undefined).sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  assert.deepEqual(
    ranked.map(({ name }) => name),
    known.map(({ name }) => name),
  );
});

test('accepting an untouched prediction makes it a correction of nothing; its case leaves the queue, and the next is told', async (t) => {
  const { project, scan } = await predictedProject(t);
  const { store, review } = project;
  const before = store.masks.history(scan(4).id).length;
  const { next, state } = await review.decide(scan(4).id, 'accept');
  assert.deepEqual([next, state], [scan(5).id, 'reviewed']);
  const reference = store.masks.reference(scan(4).id);
  assert.deepEqual([reference?.origin, reference?.run !== null], ['corrected', true]);
  assert.equal(store.scans.get(scan(4).id).review, 'accepted');
  assert.equal(store.masks.history(scan(4).id).length, before + 1);
  assert.ok(review.queue().every((entry) => entry.scan !== scan(4).id));
});

test('rejecting keeps every mask and takes it from training; accepting brings it back; reopening queues it again', async (t) => {
  const { project, scan } = await predictedProject(t);
  const { store, review } = project;
  const { id } = scan(1);
  const versions = store.masks.history(id).length;
  assert.equal((await review.decide(id, 'reject')).state, 'rejected');
  assert.equal(store.masks.reference(id), null);
  assert.equal(store.masks.history(id).length, versions);
  assert.equal((await review.decide(id, 'accept')).state, 'labelled');
  assert.notEqual(store.masks.reference(id), null);
  await review.decide(scan(3).id, 'reject');
  assert.equal((await review.decide(scan(3).id, 'reopen')).state, 'predicted');
  assert.ok(review.queue().some((entry) => entry.scan === scan(3).id));
});

test('slices are decided as ranges, whichever way round, within the scan', async (t) => {
  const { project, scan } = await predictedProject(t);
  const { review } = project;
  const { id } = scan(3);
  await review.decide(id, 'accept', { slices: { from: 3, to: 1 } });
  await review.decide(id, 'reject', { slices: { from: 4, to: 99 } });
  const { slices, state } = await review.decide(id, 'reopen', { slices: { from: 2, to: 2 } });
  assert.deepEqual(slices, [
    { from: 1, to: 1, decision: 'accept' },
    { from: 3, to: 3, decision: 'accept' },
    { from: 4, to: GRID.size[2] - 1, decision: 'reject' },
  ]);
  assert.equal(state, 'predicted', 'slices alone decide no case');
});

test('changes of a prediction are counted in ml with the strokes that no version holds yet', async (t) => {
  const { project, scan } = await predictedProject(t);
  const { id } = scan(3);
  const none = await project.compare.changes(id);
  assert.deepEqual([none[0].addedMl, none[0].removedMl, none[0].dice], [0, 0, 100]);
  assert.deepEqual(await project.compare.changes(scan(1).id), [], 'no prediction, no change');
  // Two voxels more at the corner of the scan, one of the 27 less.
  await project.drawing.edit(
    id,
    'corrected',
    encodeBoxes([
      { start: [0, 0, 0], size: [2, 1, 1], values: Uint8Array.of(1, 1) },
      { start: [2, 2, 2], size: [1, 1, 1], values: Uint8Array.of(0) },
    ]),
  );
  const [change] = await project.compare.changes(id);
  assert.ok(Math.abs(change.addedMl - 2 * VOXEL_ML) < 1e-12);
  assert.ok(Math.abs(change.removedMl - VOXEL_ML) < 1e-12);
  assert.ok(Math.abs(change.dice - (100 * 2 * 26) / (27 + 28)) < 1e-9);
});

test('the summary compares a run with what people made of it, and leaves out what the run learned from', async (t) => {
  const { project, scan } = await predictedProject(t);
  const { store, review, compare, drawing } = project;
  assert.deepEqual((await compare.summary()).cases, [], 'nothing was reviewed');
  await review.decide(scan(4).id, 'accept');
  const stroke = encodeBoxes([{ start: [0, 0, 4], size: [2, 1, 1], values: Uint8Array.of(1, 1) }]);
  await drawing.edit(scan(3).id, 'corrected', stroke);
  await review.decide(scan(3).id, 'accept');
  await review.decide(scan(5).id, 'reject');
  const summary = await compare.summary(store.runs.find('run-1').id);
  assert.deepEqual(
    [summary.reviewed, summary.accepted, summary.acceptedUnedited, summary.corrected, summary.rejected],
    [3, 2, 1, 1, 1],
  );
  const [corrected, untouched] = ['case_03', 'case_04'].map((name) => summary.cases.find((row) => row.name === name));
  assert.deepEqual([corrected?.worstSlice, untouched?.worstSlice, untouched?.dice], [4, null, 100]);
  assert.ok(Math.abs((summary.meanChangeMl ?? 0) - VOXEL_ML) < 1e-12, 'two voxels in one of two cases');
  assert.deepEqual([untouched?.hd95Max, untouched?.surfaceDice, untouched?.missed, untouched?.spurious], [0, 100, false, false]); // biome-ignore format: one row
  // A run that learned from case_03 says nothing of it.
  const learned = store.runs.create({
    name: 'learned',
    options: store.runs.find('run-1').options,
    classes: store.labels.classes(),
    cases: [{ scan: scan(3).id, role: 'labelled', mask: store.masks.reference(scan(3).id)?.id ?? null }],
  });
  await keepPrediction(store, learned, store.scans.get(scan(3).id), maskOf(), [0, 0, 0, 0, 0, 0]);
  assert.deepEqual((await compare.summary(learned.id)).cases, []);
});

test('a case is opened with the kind that strokes go into and the reasons of its place', async (t) => {
  const { project, scan } = await predictedProject(t);
  const [labelled, empty] = [await project.review.case(scan(1).id), await project.review.case(scan(2).id)];
  assert.deepEqual(
    [labelled.editing, labelled.state, labelled.prediction, labelled.reasons],
    ['manual', 'labelled', null, []],
  );
  assert.deepEqual([empty.editing, empty.state, empty.reasons], ['corrected', 'predicted', ['no kidney found']]);
  assert.equal(empty.current?.origin, 'predicted');
  const entropy = await project.review.entropy(scan(4).id);
  assert.equal(entropy?.length, GRID.size[0] * GRID.size[1] * GRID.size[2]);
  assert.equal(entropy?.[2 * GRID.size[0] * GRID.size[1]], 0.5);
  assert.equal(await project.review.entropy(scan(1).id), null);
});

test('a thumbnail is kept, and drawn again for another version of the mask', async (t) => {
  const { project, scan } = await predictedProject(t);
  const { id } = scan(3);
  const png = await project.review.thumbnail(id);
  assert.deepEqual([...png.subarray(1, 4)], [...Buffer.from('PNG')]);
  const version = project.review.current(id)?.version;
  assert.ok(existsSync(project.store.path(`.cache/thumbnails/${id}-${version}.png`)));
  await project.review.decide(id, 'accept');
  await project.review.thumbnail(id);
  assert.ok(existsSync(project.store.path(`.cache/thumbnails/${id}-${(version ?? 0) + 1}.png`)));
});
