/** Scans of another kind or part of the body than the project, by their headers: left out of training, asked about, taken in by a flag. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { commonRegions, regionsOf } from '../../src/core/body-regions.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import { openProject } from '../../src/project/store/index.ts';
import { decile } from '../cli/run.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { temporaryFolder } from './helpers.ts';

test('regions are read from the header, otherwise from clear words of the description', () => {
  assert.deepEqual(regionsOf('CHESTABDPELVIS', ''), ['chest', 'abdomen', 'pelvis']);
  assert.deepEqual(regionsOf('BRAIN', 'Abdomen 5.0'), ['head'], 'the header counts');
  assert.deepEqual(regionsOf('', 'Schädel nativ'), ['head']);
  assert.deepEqual(regionsOf('', 't1_knee_sag'), ['leg']);
  for (const unclear of ['', 'overhead view', 'handled', 't2 tse', 'shipped'])
    assert.deepEqual(regionsOf('', unclear), []);
  assert.deepEqual(regionsOf('WHOLEBODY', 'head'), [], 'all of them');
});

test('what most scans show needs two of them and more than half', () => {
  assert.deepEqual(commonRegions([['head'], ['head'], ['leg'], []]), ['head']);
  assert.deepEqual(commonRegions([['head'], ['leg']]), []);
  assert.deepEqual(commonRegions([['head']]), []);
});

/** A series of a kind and part of the body. */
function series(folder: string, modality: string, part: string, first: number): void {
  writeSeries(folder, {
    positions: Array.from({ length: 4 }, (_, k) => [0, 0, 3 * k]),
    value: (i, j, k) => first + i + 10 * j + 100 * k,
    extra: () => [el('00080060', 'CS', modality), ...(part ? [el('00180015', 'CS', part)] : [])],
  });
}

for (const [flag, left] of [
  [[], [['MR in a project of CT', 'head in a project of abdomen and pelvis', '', '']]],
  [['--other-kinds', 'take'], [['', '', '', '']]],
] as const)
  test(`CT of the abdomen ${flag.length ? 'takes other kinds in with --other-kinds take' : 'leaves MR and heads out of training'}`, async (t) => {
    const folder = temporaryFolder(t);
    const scans = join(folder, 'scans');
    series(join(scans, 'a'), 'MR', 'ABDOMEN', 1);
    series(join(scans, 'b'), 'CT', 'HEAD', 2);
    series(join(scans, 'c'), 'CT', 'ABDPELVIS', 3);
    series(join(scans, 'd'), 'CT', '', 4);
    const project = join(folder, 'p');
    await decile(['new', project, '--label', 'organ', '--preset', 'ct-abdomen']);
    const imported = await decile(['import', project, scans, ...flag, '--json']);
    assert.equal(imported.status, 0, imported.stderr);
    const { added, others } = imported.json() as { added: unknown[]; others: { name: string; why: string }[] };
    assert.equal(added.length, 4, 'nothing is lost');
    assert.deepEqual(others.map(({ why }) => why).sort(), [
      'MR in a project of CT',
      'head in a project of abdomen and pelvis',
    ]);
    const store = openProject(project, 'read');
    t.after(() => store.close());
    assert.deepEqual(
      store.scans
        .list()
        .map(({ leftOut }) => leftOut)
        .sort(),
      [...left[0]].sort(),
    );
    if (flag.length === 0) assert.match(imported.stderr, /--other-kinds take/);
  });

test('without a part in the preset the scans of the project say which part is another', async (t) => {
  const folder = temporaryFolder(t);
  const project = join(folder, 'p');
  await decile(['new', project, '--label', 'organ', '--preset', 'ct-bone']);
  for (const n of [1, 2]) series(join(folder, 'knees', String(n)), 'CT', 'KNEE', n);
  series(join(folder, 'more'), 'CT', 'HEAD', 9);
  assert.deepEqual(
    ((await decile(['import', project, join(folder, 'knees'), '--json'])).json() as { others: [] }).others,
    [],
  );
  const { others } = (await decile(['import', project, join(folder, 'more'), '--json'])).json() as {
    others: { why: string }[];
  };
  assert.deepEqual(
    others.map(({ why }) => why),
    ['head in a project of leg'],
  );
});
