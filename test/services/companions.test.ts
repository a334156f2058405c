/** Which scans can be looked at together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseOfName, overlap } from '../../src/core/companions.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { saveProvenance } from '../../src/project/services/export/provenance.ts';
import { companionsOf } from '../../src/project/services/review/companions.ts';
import { createProject, type NewScan, type Scan } from '../../src/project/store/index.ts';
import { temporaryFolder } from '../store/helpers.ts';

const GRID: Grid = {
  ...{ size: [20, 20, 10], spacing: spacingMm(1, 1, 2), origin: lpsPoint(0, 0, 0) },
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
const at = (x: number): Grid => ({ ...GRID, origin: lpsPoint(x, 0, 0) });

test('the case of a name is what stands before its sequence', () => {
  assert.equal(caseOfName('BraTS_001_t1ce'), 'brats_001');
  assert.equal(caseOfName('Case-7 FLAIR'), 'case-7');
  assert.equal(caseOfName('case_3'), null, 'a number is no sequence');
  assert.equal(caseOfName('t1'), null);
});

test('grids overlap by the larger share of either', () => {
  assert.equal(overlap(GRID, GRID), 1);
  assert.equal(overlap(GRID, at(100)), 0);
  const small: Grid = { ...GRID, size: [4, 4, 2], origin: lpsPoint(8, 8, 8) };
  assert.equal(overlap(GRID, small), 1, 'a part of it lies in it whole');
});

test('scans of one patient in one place are companions, by headers or else by names', (t) => {
  const store = createProject(temporaryFolder(t), { preset: 'mr', labels: [{ name: 'organ' }] });
  t.after(() => store.close());
  const add = (name: string, patient: NewScan['patient'], grid = GRID, frame?: string): Scan => {
    const id = store.scans.nextId();
    const seriesUid = frame === undefined ? null : `1.2.${id}`;
    const scan = store.scans.add(id, {
      ...grid,
      ...{ name, modality: 'MR', sourcePath: '/nowhere', contentHash: name, patient, seriesUid },
    });
    if (frame !== undefined) {
      const uids = { studyUid: '1.1', seriesUid: `1.2.${id}`, frameOfReference: frame };
      const rest = { seriesNumber: 1, modality: 'MR', shared: {}, instances: [] };
      saveProvenance(store, id, { version: 1, ...uids, ...rest });
    }
    return scan;
  };
  const names = (scan: Scan) => companionsOf(store, scan).map(({ name }) => name);
  const one = add('x_t1', null);
  add('x_flair', null);
  add('y_flair', null);
  add('x_t2', null, at(100));
  add('x_pd', { name: 'Doe', id: '7' });
  assert.deepEqual(names(one), ['x_flair']);
  const seven = add('head', { name: 'Doe', id: '7' });
  add('other', { name: 'Doe', id: '8' });
  assert.deepEqual(names(seven), ['x_pd'], 'the id counts before the name');
  assert.deepEqual(companionsOf(store, one)[0].sameFrame, null, 'files without headers have no frame');
  const first = add('first', { name: '', id: '9' }, GRID, '1.9.1');
  add('same', { name: '', id: '9' }, GRID, '1.9.1');
  add('moved', { name: '', id: '9' }, GRID, '1.9.2');
  const frames = companionsOf(store, first).map(({ name, sameFrame }) => [name, sameFrame]);
  assert.deepEqual(
    new Map(frames as [string, boolean][]),
    new Map([
      ['same', true],
      ['moved', false],
    ]),
  );
});
