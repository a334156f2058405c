/** Presets of CT and MR, ranges of one's own, and scans that training does not see. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { leaveOutOthers, otherKinds } from '../../src/project/services/import/other-kinds.ts';
import { suggestScans } from '../../src/project/services/review/suggest.ts';
import { leaveOut } from '../../src/project/services/train/leave-out.ts';
import { normalisationOf, planTraining } from '../../src/project/services/train/plan.ts';
import { createProject } from '../../src/project/store/index.ts';
import { decile } from '../cli/run.ts';
import { scanNamed } from '../store/helpers.ts';
import { newProject, projectWith, temporaryFolder } from './helpers.ts';

test('every CT preset clips to its own range, a range of one’s own comes first, and MR is not clipped', () => {
  const clips = (['ct-kidney', 'ct-abdomen', 'ct-lung', 'ct-bone', 'ct-head'] as const).map((preset) =>
    normalisationOf(preset),
  );
  assert.deepEqual(
    clips.map((one) => (one.kind === 'ct' ? one.clip : null)),
    [
      [-75, 175],
      [-160, 240],
      [-1350, 150],
      [-770, 1730],
      [0, 80],
    ],
  );
  assert.deepEqual(normalisationOf('ct-lung', [-1000, 0]), { kind: 'ct', clip: [-1000, 0] });
  assert.deepEqual(normalisationOf('mr'), { kind: 'mr' });
});

test('a project of CT may have a range of its own, from then on its runs clip to it; MR may not', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 3, 1);
  store.project.setRange([-200, 300]);
  assert.deepEqual(planTraining(store, { options: {} }).normalisation, { kind: 'ct', clip: [-200, 300] });
  store.project.setRange(null);
  assert.deepEqual(planTraining(store, { options: {} }).normalisation, { kind: 'ct', clip: [-75, 175], widen: true });
  assert.throws(() => store.project.setRange([300, -200]), { code: 'option/invalid' });
  const labels = [{ name: 'organ' }];
  const folder = temporaryFolder(t);
  assert.throws(() => createProject(join(folder, 'a'), { preset: 'ct', labels }), { code: 'option/invalid' });
  assert.throws(() => createProject(join(folder, 'b'), { preset: 'mr', range: [0, 1], labels }), {
    code: 'option/invalid',
  });
});

test('`decile new --preset ct-abdomen` and `--range`, changed later with a note on earlier runs', async (t) => {
  const folder = temporaryFolder(t);
  const made = await decile(['new', join(folder, 'p'), '--label', 'liver', '--preset', 'ct-abdomen', '--json']);
  assert.deepEqual(
    [made.status, JSON.parse(made.stdout).preset, JSON.parse(made.stdout).range],
    [0, 'ct-abdomen', null],
  );
  const own = await decile([
    'new',
    join(folder, 'q'),
    '--label',
    'x',
    '--preset',
    'ct',
    '--range',
    '-50,120',
    '--json',
  ]);
  assert.deepEqual(JSON.parse(own.stdout).range, [-50, 120]);
  assert.equal((await decile(['new', join(folder, 'r'), '--label', 'x', '--preset', 'ct'])).status, 2);
  assert.equal(
    (await decile(['new', join(folder, 's'), '--label', 'x', '--preset', 'ct', '--range', '5,1'])).status,
    2,
  );
  const changed = await decile(['range', join(folder, 'q'), '--json', '--', '-10,20']);
  assert.deepEqual(JSON.parse(changed.stdout), { range: [-10, 20], earlierRuns: 0 });
  assert.match((await decile(['range', join(folder, 'q'), 'auto'])).stderr, /option\/invalid/);
  const mr = await decile(['new', join(folder, 'm'), '--label', 'x', '--preset', 'mr']);
  assert.equal(mr.status, 0, mr.stderr);
  for (const range of ['auto', '0,100'])
    assert.match((await decile(['range', join(folder, 'm'), range])).stderr, /option\/invalid/);
  const auto = await decile(['range', join(folder, 'p'), '--json', '--', '-10,20']);
  assert.deepEqual(JSON.parse(auto.stdout).range, [-10, 20]);
  const again = await decile(['range', join(folder, 'p'), 'auto']);
  assert.match(again.stdout, /Training clips to -160 to 240 HU, more where that clips most of a label\./);
});

test('a scan that is left out is neither learned from nor suggested, and comes back', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 4, 2);
  const [first, , third] = store.scans.list();
  leaveOut(store, [first, third], 'bad quality');
  const plan = planTraining(store, { options: {} });
  assert.deepEqual(
    [plan.labelled, plan.unlabelled].map((scans) => scans.map(({ name }) => name)),
    [['case_02'], ['case_04']],
  );
  assert.ok(plan.notices.includes('2 of 4 scans are left out of training.'));
  const suggested = await suggestScans(store, { count: 4 });
  assert.ok(suggested.suggestions.every(({ scan }) => scan !== third.id));
  leaveOut(store, [first, third], '');
  assert.equal(planTraining(store, { options: {} }).labelled.length, 2);
  leaveOut(store, store.scans.list(), 'all of them');
  assert.throws(() => planTraining(store, { options: {} }), { code: 'train/no-scans' });
});

test('scans of another kind than the project, by their header, wait outside of training', (t) => {
  const store = newProject(t);
  const add = (name: string, modality: string) =>
    store.scans.add(store.scans.nextId(), { ...scanNamed(name), modality, contentHash: name });
  const scans = [add('a', 'CT'), add('b', 'MR'), add('c', '')];
  const others = otherKinds(store, scans);
  assert.deepEqual(others.map(({ name, why }) => [name, why]), [['b', 'MR in a project of CT']]); // biome-ignore format: short
  assert.match(leaveOutOthers(store, others) ?? '', /1 scan is of another kind .*: b \(MR in a project of CT\)\./);
  assert.deepEqual(
    store.scans.list().map(({ leftOut }) => leftOut),
    ['', 'MR in a project of CT', ''],
  );
  assert.equal(leaveOutOthers(store, otherKinds(store, [scans[0]])), null);
});

test('`decile leave-out` and `--undo`', async (t) => {
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  const { folder } = store;
  store.close();
  const out = await decile(['leave-out', folder, 'case_02', '--reason', 'moved', '--json']);
  assert.deepEqual(JSON.parse(out.stdout), { scans: [{ scan: 'case_02', leftOut: 'moved' }] });
  const back = await decile(['leave-out', folder, 'case_02', '--undo', '--json']);
  assert.deepEqual(JSON.parse(back.stdout), { scans: [{ scan: 'case_02', leftOut: '' }] });
  assert.match((await decile(['leave-out', folder, 'case_9'])).stderr, /scan\/unknown/);
});
