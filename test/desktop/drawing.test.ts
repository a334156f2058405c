import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { readMask, writeNifti } from '../../src/imaging/index.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { baseOf, journalFile, openWorkingMask } from '../../src/project/services/drawing/working-mask.ts';
import { createProject, type Store, volumeFile } from '../../src/project/store/index.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';

const GRID = {
  size: [6, 5, 4],
  spacing: spacingMm(1, 1, 2),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
} as const;
const VOXELS = 6 * 5 * 4;
const stroke = (i: number, value: number) =>
  encodeBoxes([{ start: [i, 2, 1], size: [1, 1, 1], values: Uint8Array.of(value) }]);
const at = (data: Uint8Array, i: number) => data[i + 6 * (2 + 5 * 1)];

async function project(t: { after(work: () => void): void }): Promise<{ store: Store; scan: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'decile-drawing-'));
  const store = createProject(join(folder, 'p'), { preset: 'mr', labels: [{ name: 'organ' }, { name: 'other' }] });
  t.after(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const id = store.scans.nextId();
  await writeNifti(store.path(volumeFile(id)), { ...GRID, data: new Int16Array(VOXELS) });
  store.scans.add(id, { ...GRID, name: 'a', modality: 'MR', sourcePath: '/nowhere', contentHash: 'x' });
  return { store, scan: id };
}

test('a stroke is on the disk when it is reported, and a program killed then loses nothing', async (t) => {
  const { store, scan } = await project(t);
  const first = await openWorkingMask(store, scan, 'manual');
  first.edit(stroke(1, 1));
  first.edit(stroke(2, 2));
  // As after kill -9: nothing was closed or committed.
  const again = await openWorkingMask(store, scan, 'manual');
  assert.equal(at(again.data, 1), 1);
  assert.equal(at(again.data, 2), 2);
  assert.equal(again.dirty, true);
  again.close();
  first.close();
});

test('a stroke cut off in the middle of writing is dropped, those before it are kept, and drawing goes on', async (t) => {
  const { store, scan } = await project(t);
  const path = store.path(journalFile(scan, 'manual'));
  const first = await openWorkingMask(store, scan, 'manual');
  first.edit(stroke(1, 1));
  const whole = statSync(path).size;
  first.edit(stroke(2, 1));
  first.close();
  truncateSync(path, statSync(path).size - 3);
  const again = await openWorkingMask(store, scan, 'manual');
  assert.deepEqual([at(again.data, 1), at(again.data, 2)], [1, 0]);
  again.edit(stroke(3, 1));
  again.close();
  assert.equal(statSync(path).size, 2 * whole - headerLength(path, whole));
  const third = await openWorkingMask(store, scan, 'manual');
  assert.deepEqual([at(third.data, 1), at(third.data, 2), at(third.data, 3)], [1, 0, 1]);
  third.close();
});

/** All of the first journal but its one record of 8 + 28 bytes. */
const headerLength = (_path: string, whole: number) => whole - (8 + 28);

test('bytes of garbage after the last stroke change nothing', async (t) => {
  const { store, scan } = await project(t);
  const first = await openWorkingMask(store, scan, 'manual');
  first.edit(stroke(1, 1));
  first.close();
  appendFileSync(store.path(journalFile(scan, 'manual')), Buffer.from([255, 255, 255, 127, 1]));
  const again = await openWorkingMask(store, scan, 'manual');
  assert.equal(
    again.data.reduce((sum, value) => sum + value, 0),
    1,
  );
  again.close();
});

test('a commit makes a version that holds every stroke, and ends the journal', async (t) => {
  const { store, scan } = await project(t);
  const drawing = await openWorkingMask(store, scan, 'manual');
  drawing.edit(stroke(1, 1));
  drawing.edit(stroke(4, 2));
  const version = await drawing.commit();
  assert.ok(version);
  assert.equal(version.accepted, false, 'a drawing is not learned from before it is accepted');
  assert.equal(existsSync(store.path(journalFile(scan, 'manual'))), false);
  assert.deepEqual((await readMask(store.path(version.file))).data, drawing.data);
  assert.equal(await drawing.commit(), null, 'nothing new, no version');
  drawing.close();
});

test('a stroke that comes while a version is written is in the journal of the next', async (t) => {
  const { store, scan } = await project(t);
  const drawing = await openWorkingMask(store, scan, 'manual');
  drawing.edit(stroke(1, 1));
  const commit = drawing.commit();
  drawing.edit(stroke(2, 1));
  const version = await commit;
  assert.equal(at((await readMask(store.path(version!.file))).data, 2), 0);
  assert.equal(drawing.dirty, true);
  drawing.close();
  const again = await openWorkingMask(store, scan, 'manual');
  assert.deepEqual([at(again.data, 1), at(again.data, 2)], [1, 1]);
  again.close();
});

test('a correction starts from the prediction, and a newer prediction replaces an older correction underneath', async (t) => {
  const { store, scan } = await project(t);
  const predict = async (value: number) => {
    const data = new Uint8Array(VOXELS).fill(value);
    return saveMaskVersion(store, store.scans.get(scan), { ...GRID, data }, { origin: 'predicted', accepted: false });
  };
  await predict(1);
  const drawing = await openWorkingMask(store, scan, 'corrected');
  assert.equal(drawing.data[0], 1);
  drawing.edit(stroke(1, 0));
  const corrected = await drawing.commit();
  drawing.close();
  assert.equal(baseOf(store, scan, 'corrected')?.id, corrected!.id);
  const newer = await predict(2);
  assert.equal(baseOf(store, scan, 'corrected')?.id, newer.id);
});

test('a labelled case stays labelled when it is edited', async (t) => {
  const { store, scan } = await project(t);
  const drawing = await openWorkingMask(store, scan, 'manual');
  drawing.edit(stroke(1, 1));
  store.masks.setAccepted((await drawing.commit())!.id, true);
  drawing.close();
  const again = await openWorkingMask(store, scan, 'manual');
  again.edit(stroke(2, 1));
  const version = await again.commit();
  again.close();
  assert.equal(version!.accepted, true);
  assert.equal(store.masks.reference(scan)?.id, version!.id);
});

test('a mask of another size is refused and leaves the drawing as it was', async (t) => {
  const { store, scan } = await project(t);
  const drawing = await openWorkingMask(store, scan, 'manual');
  assert.throws(() => drawing.replace(new Uint8Array(3)), { code: 'mask/size' });
  assert.equal(drawing.dirty, false);
  drawing.close();
});
