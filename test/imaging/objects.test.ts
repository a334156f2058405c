import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { voxelToWorld } from '../../src/core/geometry.ts';
import { voxelIndex } from '../../src/core/volume.ts';
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readMask, readScan, readVolume } from '../../src/imaging/index.ts';
import { assertSameImage, dcm2niix, GRIDS, missing, rejectsWith, scratch, writeSeries } from './helpers.ts';
import { enhanced, rtStruct } from './objects.ts';

const folder = scratch();
let n = 0;
const fresh = () => {
  const path = join(folder, `o${n++}`);
  mkdirSync(path);
  return path;
};

test('an enhanced multi-frame file is one volume, frames ordered by position, spacing from positions', async () => {
  const path = join(fresh(), 'enhanced');
  writeFileSync(path, enhanced());
  const { volume, modality } = await readVolume(path);
  assert.equal(modality, 'MR');
  assert.deepEqual([...volume.size], [4, 3, 4]);
  assert.deepEqual([...volume.spacing], [0.75, 1.5, 2.5]);
  assert.deepEqual([...volume.origin], [1, 2, 3]);
  for (let k = 0; k < 4; k++) assert.equal(volume.data[12 * k + 5], 100 * k + 5);
});

test('an enhanced file equals dcm2niix', { skip: missing('dcm2niix') }, async () => {
  const here = fresh();
  writeFileSync(join(here, 'enhanced.dcm'), enhanced({ slices: 6, thickness: '2.5' }));
  const out = fresh();
  dcm2niix(here, out);
  assertSameImage((await readVolume(here)).volume, (await readVolume(join(out, 'v.nii'))).volume);
});

test('the time points of an enhanced file are scans of their own, each with its own rescale', async () => {
  const here = fresh();
  writeFileSync(join(here, 'enhanced'), enhanced({ volumes: 3, slope: (f) => (f < 4 ? 1 : 0.5) }));
  const { sources } = await discoverScans(here);
  assert.deepEqual(
    sources.map((s) => [s.name, s.part]),
    [
      ['MR_9_enhanced_time1', 0],
      ['MR_9_enhanced_time2', 1],
      ['MR_9_enhanced_time3', 2],
    ],
  );
  const second = await readScan(sources[1]);
  assert.equal(second.volume.data[5], 0.5 * (400 + 5));
  await rejectsWith(readVolume(join(here, 'enhanced')), 'scan/several-volumes');
});

test('a concatenation in two files is one volume; files that are one time point each are two', async () => {
  for (const frames of [2, 4]) {
    const here = fresh();
    const uids = { series: newUid(), study: newUid(), frame: newUid(), frames };
    writeFileSync(join(here, 'a'), enhanced({ within: { ...uids, before: 0 } }));
    writeFileSync(join(here, 'b'), enhanced({ within: { ...uids, before: frames } }));
    const { sources, failures } = await discoverScans(here);
    assert.deepEqual(failures, []);
    const first = [];
    for (const source of sources) {
      const { volume } = await readScan(source);
      first.push([0, 1, 2, 3].map((k) => volume.data[12 * k]));
    }
    const expected = [
      [0, 100, 200, 300],
      [400, 500, 600, 700],
    ];
    assert.deepEqual(first, expected.slice(0, frames / 2));
  }
});

test('a DICOMDIR and its folder tree give the same scans as the files alone', async () => {
  const here = fresh();
  writeSeries(join(here, 'DICOM', 'A0001'), {
    positions: [
      [0, 0, 0],
      [0, 0, 2],
      [0, 0, 4],
    ],
  });
  writeFileSync(join(here, 'DICOMDIR'), Buffer.alloc(200));
  const { sources, failures } = await discoverScans(here);
  assert.equal(sources.length, 1);
  assert.deepEqual(failures, []);
});

test('files that a DICOMDIR names and that are not there are told, however the disc was copied', async () => {
  const here = fresh();
  const positions = [0, 2, 4].map((z) => [0, 0, z]);
  const [first] = writeSeries(join(here, 'dicom', 'a0001'), { positions });
  const record = (name: string) => [el('00041430', 'CS', 'IMAGE'), el('00041500', 'CS', ['DICOM', 'A0001', name])];
  const directory = (...names: string[]) => {
    const records = [[el('00041430', 'CS', 'PATIENT')], ...names.map(record)];
    const file = encodeFile([el('00041220', 'SQ', records)], '1.2.840.10008.1.3.10', newUid());
    writeFileSync(join(here, 'DICOMDIR'), file);
  };
  const there = ['IM003', 'IM010', 'IM017'];
  directory(...there);
  assert.deepEqual((await discoverScans(here)).failures, []);
  // As the file system of discs names them.
  renameSync(first, join(here, 'dicom', 'a0001', 'im003.;1'));
  assert.deepEqual((await discoverScans(here)).failures, []);
  directory(...there, 'IM024', 'IM031');
  const [failure, ...others] = (await discoverScans(here)).failures;
  assert.deepEqual([failure.code, others], ['scan/missing-files', []]);
  assert.match(failure.message, /got 2 of 5 missing \(DICOM\/A0001\/IM024, DICOM\/A0001\/IM031\)/);
  const { volume, notices } = await readVolume(join(here, 'DICOMDIR'));
  assert.equal(volume.size[2], 3);
  assert.match(notices.join(), /scan\/missing-files/, 'a single conversion says so as well');
});

test('a classic multi-frame file without positions is refused', async () => {
  const path = join(fresh(), 'cine');
  const bytes = Buffer.from(enhanced());
  // The per-frame groups become an unknown private sequence.
  const at = bytes.indexOf(Buffer.from('00523092', 'hex'));
  bytes.writeUInt16LE(0x5201, at);
  writeFileSync(path, bytes);
  await rejectsWith(readVolume(path), 'scan/no-geometry');
});

test('RTSTRUCT contours become masks on the scan, holes and all', async () => {
  for (const grid of Object.values(GRIDS)) {
    const path = join(fresh(), 'rs.dcm');
    writeFileSync(path, rtStruct(grid));
    const { data } = await readMask(path, grid);
    const [nx, ny] = grid.size;
    const on = (i: number, j: number, k: number) => data[i + nx * (j + ny * k)];
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const organ = i >= 1 && i <= 5 && j >= 1 && j <= 4;
        const hole = i >= 2 && i <= 3 && j >= 2 && j <= 3;
        assert.equal(on(i, j, 1), organ && !hole ? 1 : 0, `${i},${j}`);
        assert.equal(on(i, j, 2), organ ? 1 : 0);
        assert.equal(on(i, j, 3), i <= 1 && j <= 1 ? 2 : 0);
      }
    }
  }
});

test('contours without their scan, or off its slices, are refused', async () => {
  const path = join(fresh(), 'rs.dcm');
  writeFileSync(path, rtStruct(GRIDS.axial));
  await rejectsWith(readMask(path), 'mask/needs-scan');
  await rejectsWith(readMask(path, GRIDS.oblique), 'mask/contour-plane');
  await rejectsWith(
    readMask(path, { ...GRIDS.axial, origin: voxelToWorld(GRIDS.axial, voxelIndex(0, 0, 10)) }),
    'mask/outside',
  );
});

test('a copy of a series under other names is reported as duplicates, once each', async () => {
  const here = fresh();
  const files = writeSeries(join(here, 'a'), {
    positions: [
      [0, 0, 0],
      [0, 0, 2],
      [0, 0, 4],
    ],
  });
  mkdirSync(join(here, 'b'));
  files.forEach((f, k) => {
    copyFileSync(f, join(here, 'b', `x${k}`));
  });
  const { sources, failures } = await discoverScans(here);
  assert.equal(sources.length, 1);
  assert.deepEqual(
    failures.map((f) => f.code),
    ['scan/duplicate', 'scan/duplicate', 'scan/duplicate'],
  );
});
