import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseStudy } from '../../src/study/definition.ts';
import { lockPlan } from '../../src/study/lock.ts';
import { planStudy } from '../../src/study/plan.ts';
import { temporaryFolder } from '../store/helpers.ts';

/** A folder with empty files of these names: plans read none. */
function folderWith(t: TestContext, paths: readonly string[]): string {
  const root = temporaryFolder(t);
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  return root;
}

const LABELS = ['a', 'b', 'c'].map((name) => `labels/${name}.nii.gz`);
const STUDY = {
  name: 'channels',
  images: 'images',
  labels: 'labels',
  preset: 'mr',
  classes: ['tumour'],
  split: { train: ['a', 'b'], test: ['c'] },
  methods: ['supervised'],
  labelled: [2],
  seeds: [1],
};
const planOf = (root: string, study: object) => planStudy(parseStudy({ ...STUDY, ...study }, root), join(root, 'out'));
/** Of the first case: name, file below the root, volume. */
const filesOf = (root: string, study: object, scan = 0) =>
  planOf(root, study).cohort.cases[scan].channels?.map(({ name, path, part }) => [
    name,
    path.slice(root.length + 1).replaceAll('\\', '/'),
    ...(part === undefined ? [] : [part]),
  ]);

test("channels are volumes of 4D files, nnU-Net's numbers, endings of names, or folders", (t) => {
  const four = folderWith(t, [...LABELS, ...['a', 'b', 'c'].map((name) => `images/${name}.nii.gz`)]);
  assert.deepEqual(filesOf(four, { channels: ['t1', 'ct'] }), [
    ['t1', 'images/a.nii.gz', 0],
    ['ct', 'images/a.nii.gz', 1],
  ]);
  assert.deepEqual(filesOf(four, { channels: [{ name: 'pet', from: 2 }] }), [['pet', 'images/a.nii.gz', 2]]);
  const numbered = folderWith(t, [
    ...LABELS,
    ...['a', 'b', 'c'].flatMap((name) => [0, 1, 2].map((n) => `images/${name}_000${n}.nii.gz`)),
  ]);
  assert.deepEqual(filesOf(numbered, { channels: ['t1', { name: 'pet', from: 2 }] }), [
    ['t1', 'images/a_0000.nii.gz'],
    ['pet', 'images/a_0002.nii.gz'],
  ]);
  assert.equal(planOf(numbered, { channels: ['t1'] }).cohort.cases.length, 3);
  const named = folderWith(t, [
    ...LABELS,
    ...['a', 'b', 'c'].flatMap((name) => ['t1', 't1ce'].map((end) => `images/${name}/${name}_${end}.nii.gz`)),
  ]);
  const endings = {
    channels: [
      { name: 't1', from: '_t1' },
      { name: 't1ce', from: '_t1ce' },
    ],
  };
  assert.deepEqual(filesOf(named, endings, 1), [
    ['t1', 'images/b/b_t1.nii.gz'],
    ['t1ce', 'images/b/b_t1ce.nii.gz'],
  ]);
  const folders = folderWith(t, [
    ...LABELS,
    ...['a', 'b', 'c'].map((name) => `t1/${name}.nii.gz`),
    ...['a', 'c'].map((name) => `ct/${name}_0000.nii.gz`),
  ]);
  const two = { images: ['t1', 'ct'], channels: ['t1', 'ct'] };
  assert.deepEqual(filesOf(folders, two), [
    ['t1', 't1/a.nii.gz'],
    ['ct', 'ct/a_0000.nii.gz'],
  ]);
  assert.deepEqual(filesOf(folders, two, 1), [['t1', 't1/b.nii.gz']], 'a scan that lacks a channel has the others');
});

test('a channel is normalised by its kind, said or known by its name', (t) => {
  const root = folderWith(t, [...LABELS, ...['a', 'b', 'c'].map((name) => `images/${name}.nii.gz`)]);
  const kinds = (channels: unknown[], preset = 'mr') =>
    planOf(root, { channels, preset }).jobs[0].channels?.map(({ name, normalisation }) => [name, normalisation]);
  assert.deepEqual(kinds(['t1', 'CT', 'FDG PET', 'other', { name: 'x', kind: 'ct' }]), [
    ['t1', { kind: 'mr' }],
    ['CT', { kind: 'ct', clip: [-75, 175], widen: true }],
    ['FDG PET', { kind: 'pet' }],
    ['other', { kind: 'mr' }],
    ['x', { kind: 'ct', clip: [-75, 175], widen: true }],
  ]);
  assert.deepEqual(kinds(['other', 'flair'], 'ct-kidney'), [
    ['other', { kind: 'ct', clip: [-75, 175], widen: true }],
    ['flair', { kind: 'mr' }],
  ]);
  assert.deepEqual(kinds(['ct'], 'ct-lung'), [['ct', { kind: 'ct', clip: [-1350, 150], widen: true }]]);
});

test("a study of CT has a range of its own, or the preset's; one that goes on keeps it", (t) => {
  const root = folderWith(t, [...LABELS, ...['a', 'b', 'c'].map((name) => `images/${name}.nii.gz`)]);
  const lung = { preset: 'ct-lung', range: [-1000, 200] };
  assert.deepEqual(planOf(root, lung).cohort.normalisation, { kind: 'ct', clip: [-1000, 200] });
  assert.deepEqual(planOf(root, { ...lung, channels: ['ct'] }).jobs[0].channels?.[0].normalisation, {
    kind: 'ct',
    clip: [-1000, 200],
  });
  const out = join(root, 'results');
  lockPlan(out, planOf(root, lung));
  lockPlan(out, planOf(root, lung));
  const changed = { code: 'study/changed', message: /got another range/ };
  assert.throws(() => lockPlan(out, planOf(root, { ...lung, range: [-1000, 300] })), changed);
  assert.throws(() => lockPlan(out, planOf(root, { preset: 'ct-lung' })), changed);
  for (const wrong of [{ range: [0, 100] }, { preset: 'ct-lung', range: [100, 0] }])
    assert.throws(() => planOf(root, wrong), {
      code: 'study/invalid',
      message: /range of a study must be LOW below HIGH/,
    });
});

test('a study with a channel of CT goes on that began before ranges were widened', (t) => {
  const root = folderWith(t, [...LABELS, ...['a', 'b', 'c'].map((name) => `images/${name}.nii.gz`)]);
  const plan = planOf(root, { channels: ['t1', 'ct'] });
  const out = join(root, 'results');
  lockPlan(out, plan);
  const lock = join(out, 'study.lock.json');
  writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll(/,\s*"widen": true/g, ''));
  assert.doesNotMatch(readFileSync(lock, 'utf8'), /widen/);
  lockPlan(out, plan);
});

test('a method sees the channels that it names, and a study that goes on keeps them', (t) => {
  const root = folderWith(t, [...LABELS, ...['a', 'b', 'c'].map((name) => `images/${name}.nii.gz`)]);
  const methods = ['supervised', { name: 'one', method: 'supervised', channels: ['ct'] }];
  const plan = planOf(root, { channels: ['t1', 'ct'], methods });
  const seen = Object.fromEntries(plan.jobs.map(({ id, channels }) => [id, channels?.map(({ name }) => name)]));
  assert.deepEqual([seen['supervised-2-1'], seen['one-2-1']], [['t1', 'ct'], ['ct']]);
  const out = join(root, 'results');
  lockPlan(out, plan);
  lockPlan(out, planOf(root, { channels: ['t1', 'ct'], methods: [...methods, 'cpcl'] }));
  assert.throws(() => lockPlan(out, planOf(root, { channels: ['ct', 't1'], methods })), {
    code: 'study/changed',
    message: /the channels ct \(ct\), t1 \(mr\) instead of t1 \(mr\), ct \(ct\)/,
  });
});

test('channels that cannot be are refused', (t) => {
  const root = folderWith(t, LABELS);
  for (const [study, message] of [
    [{ channels: ['t1', 't1'] }, /its own name, got t1 twice/],
    [{ images: ['t1', 'ct'] }, /a folder for each of the channels, got 2 folders and 0 channels/],
    [{ channels: ['t1'], methods: [{ name: 'x', method: 'cpcl', channels: ['ct'] }] }, /of x must be .* got ct/],
    [{ methods: [{ name: 'x', method: 'cpcl', channels: ['ct'] }] }, /among those of the study, got ct/],
    [{ channels: Array.from({ length: 10 }, (_, n) => `c${n}`) }, /channels/],
  ] as const)
    assert.throws(() => planOf(root, study), { code: 'study/invalid', message });
});
