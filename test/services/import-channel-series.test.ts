import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { worldToVoxel } from '../../src/core/geometry.ts';
import { lpsPoint } from '../../src/core/volume.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { codes, newProject, temporaryFolder } from './helpers.ts';

const CHANNELS = [{ name: 'CT' }, { name: 'PET' }];
const FRAME = '1.2.3.4.5';

/** A series whose voxels are the sum of their coordinates (mm), so that any grid of it can be checked. */
function series(
  folder: string,
  modality: string,
  o: { frame?: string; patient?: string; mm?: number; text?: string } = {},
) {
  const { mm = 1, frame = FRAME, patient = 'P1', text = modality } = o;
  const count = Math.round(12 / mm);
  writeSeries(folder, {
    columns: count,
    rows: count,
    positions: Array.from({ length: count }, (_, k) => [0, 0, k * mm]),
    spacing: [mm, mm],
    value: (i, j, k) => 10 * mm * (i + j + k),
    description: text,
    extra: () => [
      el('00080060', 'CS', modality),
      el('00100020', 'LO', patient),
      el('00200052', 'UI', frame),
      ...(modality === 'PT' ? [el('00541001', 'CS', 'BQML')] : []),
    ],
  });
}

async function imported(t: TestContext, make: (folder: string) => void, channels = CHANNELS) {
  const folder = temporaryFolder(t);
  make(folder);
  const store = newProject(t);
  const report = await importScans(store, folder, { channels });
  const scans = store.scans.list();
  return { store, report, scans, of: (n: number) => store.channels.of(scans[n].id), said: report.notices.join('\n') };
}

test('series of one patient in one frame of reference are channels of a scan, on the grid of the first, and that is said', async (t) => {
  const { store, report, scans, of, said } = await imported(t, (folder) => {
    series(join(folder, 'a/pet'), 'PT', { mm: 2 });
    series(join(folder, 'a/ct'), 'CT');
    series(join(folder, 'a/mr'), 'MR', { text: 'localiser' });
    series(join(folder, 'b/ct'), 'CT', { patient: 'P2', frame: '1.2.3.9' });
  });
  assert.deepEqual([codes(report.failures), scans.length], [[], 2]);
  const [first, second] = [0, 1].map(of).sort((a, b) => b.length - a.length);
  assert.deepEqual(
    first.map(({ name, kind }) => [name, kind]),
    [
      ['CT', 'ct'],
      ['PET', 'pet'],
    ],
  );
  assert.deepEqual(
    second.map(({ name }) => name),
    ['CT'],
  );
  const [ct, pet] = await Promise.all(first.map(async ({ file }) => (await readVolume(store.path(file))).volume));
  assert.deepEqual(
    [ct.size, pet.size],
    [
      [12, 12, 12],
      [12, 12, 12],
    ],
  );
  for (const at of [lpsPoint(2, 4, 6), lpsPoint(3, 5, 1)]) {
    const [i, j, k] = worldToVoxel(pet, at).map(Math.round);
    const expected = 10 * (at[0] + at[1] + at[2]);
    assert.ok(Math.abs(pet.data[i + 12 * (j + 12 * k)] - expected) < 1e-3, `${at}`);
  }
  const notices = report.added.flatMap((scan) => scan.notices).join('\n');
  assert.match(
    notices,
    /PET was put on the grid of CT \(6 x 6 x 6 voxels of 2 x 2 x 2 mm became 12 x 12 x 12 voxels of 1/,
  );
  assert.match(notices, /The scan has no PET/);
  assert.match(said, /none of the channels CT, PET were left out: .*localiser/);
});

test('series in other frames of reference, and several that fit a channel, are refused by name', async (t) => {
  const frames = await imported(t, (folder) => {
    series(join(folder, 'ct'), 'CT');
    series(join(folder, 'pet'), 'PT', { frame: '1.2.3.9' });
  });
  assert.deepEqual([codes(frames.report.failures), frames.scans.length], [['channels/other-frame'], 0]);
  assert.match(frames.report.failures[0].message, /got another one for .*(PT|CT).* than for (CT|PET)/);
  const two = await imported(t, (folder) => {
    series(join(folder, 'ct'), 'CT', { text: 'thin' });
    series(join(folder, 'ct2'), 'CT', { text: 'thick', mm: 2 });
    series(join(folder, 'pet'), 'PT');
  });
  assert.deepEqual([codes(two.report.failures), two.scans.length], [['channels/several'], 0]);
  assert.match(two.report.failures[0].message, /The channel CT must be one series, got .* and /);
});

test('words of the descriptions tell sequences apart', async (t) => {
  const { report, of } = await imported(
    t,
    (folder) => {
      series(join(folder, '1'), 'MR', { text: 'ax T1 gd' });
      series(join(folder, '2'), 'MR', { text: 'ax T2 FLAIR', mm: 2 });
    },
    [{ name: 'T1' }, { name: 'FLAIR' }],
  );
  assert.deepEqual(codes(report.failures), []);
  assert.deepEqual(
    of(0).map(({ name, kind }) => [name, kind]),
    [
      ['T1', 'mr'],
      ['FLAIR', 'mr'],
    ],
  );
});
