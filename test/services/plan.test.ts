import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { spacingMm } from '../../src/core/volume.ts';
import { normalisationOf, planTraining, trainingLists } from '../../src/project/services/train/plan.ts';
import type { NewMask } from '../../src/project/store/index.ts';
import { addRun, scanNamed } from '../store/helpers.ts';
import { keepMask, newProject, projectWith, temporaryFolder } from './helpers.ts';

const names = (scans: { name: string }[]) => scans.map((scan) => scan.name.slice(-2)).join(' ');

test('labelled scans are learned from in name order, the others count as unlabelled', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 6, 4);
  const plan = planTraining(store, { options: {} });
  assert.equal(names(plan.labelled), '01 02 03 04');
  assert.equal(names(plan.unlabelled), '05 06');
  assert.equal(names(plan.validation), '');
  assert.deepEqual(plan.classes, ['background', 'kidney']);
});

test('--labeled N sees the first N masks alone, and --validation the N that follow', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 6, 5);
  const plan = planTraining(store, { options: {}, labelled: 2, validation: 1 });
  assert.equal(names(plan.labelled), '01 02');
  assert.equal(names(plan.validation), '03');
  assert.equal(names(plan.unlabelled), '04 05 06');
  assert.ok(plan.notices.some((text) => text.startsWith('2 scans have a mask')));
  const lists = trainingLists(store, plan.cases);
  assert.equal(
    lists.labelled.every((c) => c.maskPath),
    true,
  );
  assert.deepEqual(
    lists.unlabelled.filter((c) => 'maskPath' in c),
    [],
  );
});

test('without --labeled the last N labelled scans are held out', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 6, 5);
  const plan = planTraining(store, { options: {}, validation: 2 });
  assert.equal(names(plan.labelled), '01 02 03');
  assert.equal(names(plan.validation), '04 05');
});

test('no scan, no label and too few labels each stop training with their own reason', async (t) => {
  assert.throws(() => planTraining(newProject(t), { options: {} }), { code: 'train/no-scans' });
  assert.throws(() => planTraining(newProject(t), { options: { steps: 0 } }), { code: 'option/invalid' });
  const none = await projectWith(t, temporaryFolder(t), 2, 0);
  assert.throws(() => planTraining(none, { options: {} }), { code: 'train/no-labels' });
  const two = await projectWith(t, temporaryFolder(t), 3, 2);
  assert.throws(() => planTraining(two, { options: {}, labelled: 3 }), {
    code: 'train/too-few-labels',
    message: /got 2/,
  });
  assert.throws(() => planTraining(two, { options: {}, labelled: 2, validation: 1 }), { code: 'train/too-few-labels' });
  assert.throws(() => planTraining(two, { options: {}, validation: 2 }), { code: 'train/too-few-labels' });
});

test('one labelled scan is enough, with a notice', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 1);
  const plan = planTraining(store, { options: {} });
  assert.equal(names(plan.labelled), '01');
  assert.match(plan.notices[0], /Only one scan \(case_01\)/);
});

test('a label that no labelled scan shows is named', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 2, ['kidney', 'tumour']);
  assert.throws(() => planTraining(store, { options: {} }), { code: 'train/class-missing', message: /tumour/ });
});

test('a project whose scans are all labelled can be trained on', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 2);
  const plan = planTraining(store, { options: {} });
  assert.deepEqual([plan.labelled.length, plan.unlabelled.length], [2, 0]);
});

test('a draft and an unreviewed prediction are no labels', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const scan = store.scans.find('case_02')!.id;
  keepMask(store, { scan, origin: 'predicted', accepted: false, labels: [] });
  keepMask(store, { scan, origin: 'manual', accepted: false, labels: [] });
  assert.equal(names(planTraining(store, { options: {} }).labelled), '01');
});

test('CT is clipped to -75..175 HU unless its labels need more, MR is not', () => {
  assert.deepEqual(normalisationOf('ct-kidney'), { kind: 'ct', clip: [-75, 175], widen: true });
  assert.deepEqual(normalisationOf('mr-flair'), { kind: 'mr' });
  assert.deepEqual(normalisationOf('mr'), { kind: 'mr' });
});

test('a correction is held against the prediction of its own run, though another run predicted the scan since', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 1, 0);
  const [scan] = store.scans.list();
  const [first, second] = [addRun(store, 'first'), addRun(store, 'second')];
  const keep = (as: Pick<NewMask, 'origin' | 'run' | 'accepted'>) => {
    const mask = keepMask(store, { scan: scan.id, labels: [{ value: 1, voxels: 1, ml: 1 }], ...as });
    writeFileSync(store.path(mask.file), '');
    return mask;
  };
  const own = keep({ origin: 'predicted', run: first.id, accepted: false });
  keep({ origin: 'predicted', run: second.id, accepted: false });
  // As an older correction is when it is brought back.
  keep({ origin: 'corrected', run: first.id, accepted: true });
  const { labelled } = trainingLists(store, planTraining(store, { options: {} }).cases);
  assert.deepEqual(
    labelled.map(({ predictedPath }) => predictedPath),
    [store.path(own.file)],
  );
});

/** An abdomen's worth of scans, of which the first have a tumour drawn in a kidney. */
function abdomens(t: TestContext, scans: number, drawn: number) {
  const store = newProject(t, ['kidney', 'tumour']);
  for (let n = 0; n < scans; n++) {
    const scan = { ...scanNamed(`abdomen ${String(n).padStart(2, '0')}`), size: [512, 512, 102] as const };
    const { id } = store.scans.add(store.scans.nextId(), { ...scan, spacing: spacingMm(0.9, 0.9, 3) });
    const labels = [
      { value: 1, voxels: 160_000, ml: 390 },
      { value: 2, voxels: 6000, ml: 15 },
    ];
    if (n < drawn) keepMask(store, { scan: id, origin: 'manual', accepted: true, labels });
  }
  return store;
}

test('small labels are made up for by what their labelled scans allow; of few it is said how many find more', (t) => {
  const few = planTraining(abdomens(t, 6, 4), { options: {} });
  assert.deepEqual(
    [few.options.smallStructures, few.options.region, few.options.foregroundShare, few.options.diceClasses],
    ['few', 'auto', 0.33, 'all'],
  );
  assert.deepEqual(few.notices, [
    'tumour is small in these scans, and 4 labelled scans have it: the region of the labels alone is learned from, a third of the patches around labels. Much of it may still stay unseen; from 14 labelled scans on small patches find more.',
  ]);
  const store = abdomens(t, 16, 14);
  const enough = planTraining(store, { options: {} });
  const { smallStructures, region, foregroundShare, diceClasses } = enough.options;
  assert.deepEqual([smallStructures, region, foregroundShare, diceClasses], ['on', 'auto', 0.33, 'present']);
  assert.ok(enough.options.steps > 3 * few.options.steps, `${few.options.steps}, then ${enough.options.steps}`);
  assert.deepEqual(enough.notices, [
    'tumour is small in these scans: small patches around labels are learned from (small structures).',
  ]);
  const off = planTraining(store, { options: { smallStructures: 'off' } });
  assert.deepEqual([off.options.region, off.options.steps, off.notices], ['off', few.options.steps, []]);
  const held = planTraining(store, { options: {}, validation: 1 });
  assert.equal(held.options.smallStructures, 'few', 'a scan that is held out teaches nothing');
});

test('of scans drawn in part nobody knows how large their labels are', (t) => {
  const store = abdomens(t, 16, 0);
  const labels = [1, 2].map((value) => ({ value, voxels: 9, ml: 0.02 }));
  for (const { id } of store.scans.list())
    keepMask(store, { scan: id, origin: 'manual', accepted: true, notDrawn: 1000, labels });
  const { options, notices } = planTraining(store, { options: {} });
  assert.deepEqual([options.smallStructures, notices], ['off', []]);
});
