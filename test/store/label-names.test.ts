/** Labels that cannot be told apart on a screen are one label, which a project has once; older projects that hold such pairs go on. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { alike, labelNamed } from '../../src/core/label-names.ts';
import { matchLabels } from '../../src/core/model/labels.ts';
import { replaceLabels } from '../../src/project/services/drawing/labels.ts';
import { createProject, openProject, type Store } from '../../src/project/store/index.ts';
import { addScan, keepMask, newProject, temporaryFolder } from './helpers.ts';

/** What cannot be told apart on a screen, by what differs. */
const TWINS: Record<string, readonly [string, string]> = {
  case: ['left kidney', 'Left KIDNEY'],
  'spaces at the ends': ['kidney', ' kidney\u00a0'],
  'spaces within': ['left kidney', 'left \u2009kidney'],
  'Unicode form': ['Hüfte', 'Hu\u0308fte'],
  width: ['kidney', 'ｋｉｄｎｅｙ'],
  ligature: ['fibula fissure', 'ﬁbula ﬁssure'],
  'sharp s': ['Gefäße', 'GEFÄSSE'],
  'zero width': ['kidney', 'kid\u200bney\ufeff'],
  'soft hyphen': ['kidney', 'kid\u00adney'],
  'direction mark': ['kidney', '\u202ekidney\u202c'],
  'control character': ['kidney', 'kid\u0007ney'],
  dash: ['l-kidney', 'l\u2011kidney'],
  'Cyrillic small letters': ['spleen', 'ѕрlееn'],
  'Cyrillic capitals': ['KTH', 'КТН'],
  'Greek capitals': ['Kidney', 'Κidney'],
  'Greek small letters': ['vein', 'νein'],
};

/** What can. */
const APART: readonly (readonly [string, string])[] = [
  ['left kidney', 'left_kidney'],
  ['left kidney', 'leftkidney'],
  ['kidney', 'kidneys'],
  ['lesion 1', 'lesion 2'],
  ['печень', 'почка'],
  ['腎臓', '肝臓'],
  ['Hufte', 'Hüfte'],
];

test('names that look the same are alike, others are not', () => {
  for (const [what, [a, b]] of Object.entries(TWINS)) assert.ok(alike(a, b) && alike(b, a), what);
  for (const [a, b] of APART) assert.ok(!alike(a, b), `${a}, ${b}`);
});

test('a label is found by its letters before its likeness', () => {
  const labels = ['kidney', 'Kidney', 'spleen'].map((name) => ({ name }));
  assert.equal(labelNamed(labels, 'Kidney'), labels[1]);
  assert.equal(labelNamed(labels, ' SPLEEN '), labels[2]);
  assert.equal(labelNamed(labels, 'KIDNEY'), undefined, 'it is both');
  assert.equal(labelNamed(labels, 'liver'), undefined);
});

test('the labels of a model are those of their letters before those that are like them', () => {
  const term = null;
  const project = ['left kidney', 'left_kidney', 'spleen'].map((name, n) => ({ name, term, value: n + 1 }));
  const values = (...names: string[]) =>
    matchLabels(
      names.map((name) => ({ name, term })),
      project,
    ).map(({ value }) => value);
  assert.deepEqual(values('left_kidney', 'Spleen'), [2, 3]);
  assert.deepEqual(values('left_kidney', 'Left Kidney'), [2, 1], 'each label once');
  assert.throws(() => values('spleen', 'Spleen'), { code: 'model/labels' });
});

const refused = { code: 'label/invalid', message: /must (look different|be unique)/ };

test('a project takes no label that looks like another: new, added, renamed or in a list', async (t) => {
  for (const [what, [a, b]] of Object.entries(TWINS)) {
    const labels = [a, b].map((name) => ({ name }));
    assert.throws(
      () => createProject(join(temporaryFolder(t), 'p'), { preset: 'ct-kidney', labels }).close(),
      refused,
      what,
    );
    const store = newProject(t, [a, 'other']);
    assert.throws(() => store.labels.add({ name: b }), refused, what);
    assert.throws(() => store.labels.update(2, { name: b }), refused, what);
    const list = [...store.labels.list(), { ...store.labels.list()[0], value: -1, name: b }];
    await assert.rejects(replaceLabels(store, { commitAll: async () => {} } as never, list), refused, what);
    assert.equal(store.labels.list().length, 2);
    assert.equal(store.labels.update(1, { name: b }).value, 1, `${what}: the same label spelled another way`);
  }
  const store = newProject(t, APART[0].slice());
  assert.deepEqual(store.labels.classes().slice(1), APART[0]);
});

test('a name that shows nothing, or looks like background, is none', (t) => {
  const store = newProject(t);
  for (const name of ['', '  ', '\u200b', '\u202e\u202c', 'ВАСKGRОUND', 'back\u200bground'])
    assert.throws(() => store.labels.add({ name }), { code: 'label/invalid', message: /other than background/ }, name);
});

/** A project that an earlier version let have the label twice. */
function older(t: Parameters<typeof newProject>[0], name: string, twin: string): Store {
  const made = newProject(t, [name, 'other']);
  made.close();
  const db = new Database(join(made.folder, 'project.sqlite'));
  db.prepare('UPDATE labels SET name = ? WHERE value = 2').run(twin);
  db.close();
  const store = openProject(made.folder);
  t.after(() => store.close());
  return store;
}

test('a project that has such a pair opens, and what is not its name can be changed', async (t) => {
  for (const [what, [a, b]] of Object.entries(TWINS)) {
    const store = older(t, a, b);
    assert.deepEqual(store.labels.classes(), ['background', a, b], what);
    assert.equal(store.labels.update(2, { locked: true, colour: '#123456' }).name, b);
    await replaceLabels(store, { commitAll: async () => {} } as never, store.labels.list());
    assert.deepEqual(store.labels.classes(), ['background', a, b], what);
    assert.equal(store.labels.update(2, { name: 'liver' }).name, 'liver');
    assert.throws(() => store.labels.update(2, { name: b }), refused, what);
  }
});

const noStrokes = { commitAll: async () => {} } as never;
/** What the list becomes with other names, by value. */
const renamed = (store: Store, names: Record<number, string>) =>
  store.labels.list().map((label) => ({ ...label, name: names[label.value] ?? label.name }));

test('labels swap their names in one save, each with its value, colour, term and masks as they were', async (t) => {
  const store = newProject(t, ['left', 'right', 'middle']);
  const scan = addScan(store, 'a');
  const mask = keepMask(store, {
    ...{ scan: scan.id, origin: 'manual', accepted: true },
    labels: [{ value: 1, voxels: 3, ml: 0.1 }],
  });
  const before = store.labels.list();
  await replaceLabels(store, noStrokes, renamed(store, { 1: 'right', 2: 'left' }));
  assert.deepEqual(store.labels.classes(), ['background', 'right', 'left', 'middle']);
  await replaceLabels(store, noStrokes, renamed(store, { 1: 'Left', 2: 'Middle', 3: 'Right' }));
  assert.deepEqual(store.labels.classes(), ['background', 'Left', 'Middle', 'Right']);
  const others = (labels: typeof before) => labels.map(({ name: _, ...label }) => label);
  assert.deepEqual(others(store.labels.list()), others(before));
  assert.deepEqual(store.masks.get(mask.id), mask);
});

test('a name that a label gives up is free for a new one, and one that a deleted label had for another', async (t) => {
  const store = newProject(t, ['left', 'right']);
  const [left] = store.labels.list();
  const added = { ...left, value: -1, name: 'left' };
  await replaceLabels(store, noStrokes, [added, ...renamed(store, { 1: 'both' })]);
  assert.deepEqual(store.labels.classes(), ['background', 'both', 'right', 'left']);
  await replaceLabels(
    store,
    noStrokes,
    renamed(store, { 1: 'right' }).filter(({ value }) => value !== 2),
  );
  assert.deepEqual(store.labels.classes(), ['background', 'right', 'unused 2', 'left']);
});

test('a list that is refused changes nothing', async (t) => {
  const store = newProject(t, ['left', 'right', 'middle']);
  const before = store.labels.list();
  const refusals: Record<number, string>[] = [
    { 1: 'right' },
    { 1: 'right', 2: 'left', 3: 'LEFT' },
    { 1: 'middle', 3: 'middle' },
  ];
  for (const names of refusals) await assert.rejects(replaceLabels(store, noStrokes, renamed(store, names)), refused);
  const twice = [before[0], before[1], before[2], before[2]];
  await assert.rejects(replaceLabels(store, noStrokes, twice), { code: 'label/invalid' });
  const [first, ...others] = before;
  await assert.rejects(replaceLabels(store, noStrokes, [...others, { ...first, colour: 'red' }]), {
    code: 'label/invalid',
  });
  assert.deepEqual(store.labels.list(), before);
});
