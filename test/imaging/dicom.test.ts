import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { voxelToWorld } from '../../src/core/geometry.ts';
import { resample } from '../../src/core/resample.ts';
import { lpsPoint, voxelIndex } from '../../src/core/volume.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readScan, readVolume } from '../../src/imaging/index.ts';
import {
  assertSameImage,
  DICOM,
  dcm2niix,
  missing,
  noData,
  rejectsWith,
  scratch,
  valueAt,
  writeSeries,
} from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = () => join(folder, `s${n++}`);
const rising = (count: number, step = 2.5) => Array.from({ length: count }, (_, k) => [-10, -20, 5 + step * k]);

for (const series of ['ct-phantom', 'mr-sagittal']) {
  test(`${series} equals dcm2niix's NIfTI: affine to 1e-3 mm, voxels exactly`, {
    skip: noData || missing('dcm2niix'),
  }, async () => {
    const out = fresh();
    dcm2niix(join(DICOM, series), out);
    const { volume: theirs } = await readVolume(join(out, 'v.nii'));
    const { volume: ours, notices } = await readVolume(join(DICOM, series));
    assert.deepEqual(notices, []);
    // Steps are fitted to all positions here and taken from one gap there: 1.5e-4 mm apart on mr-sagittal.
    assertSameImage(ours, theirs, 1e-3);
  });
}

test('an oblique series made up of our own files equals dcm2niix', { skip: missing('dcm2niix') }, async () => {
  const path = fresh();
  const out = fresh();
  const [a, b] = [0.4, 0.25];
  const i = [Math.cos(a), Math.sin(a), 0];
  const j = [-Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), Math.sin(b)];
  const normal = [i[1] * j[2] - i[2] * j[1], i[2] * j[0] - i[0] * j[2], i[0] * j[1] - i[1] * j[0]];
  const positions = Array.from({ length: 9 }, (_, k) => normal.map((x, c) => [3, -40, 11][c] + 3.2 * k * x));
  writeSeries(path, { positions, orientation: [...i, ...j], spacing: [0.9, 0.7] });
  dcm2niix(path, out);
  assertSameImage(
    (await readVolume(path)).volume,
    (await readVolume(join(out, readdirSync(out).find((f) => f.endsWith('.nii'))!))).volume,
  );
});

test('series of random orientation, spacing and acquisition order equal dcm2niix', {
  skip: missing('dcm2niix'),
}, async () => {
  let state = 12345;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  for (let round = 0; round < 8; round++) {
    // Even rounds: one of the 24 axis-aligned orientations; odd rounds: any.
    const raw = Array.from({ length: 6 }, () => random() - 0.5);
    const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
    let i = unit(raw.slice(0, 3));
    if (round % 2 === 0) {
      const largest = i.findIndex((x) => Math.abs(x) === Math.max(...i.map(Math.abs)));
      i = i.map((x, c) => (c === largest ? Math.sign(x) : 0));
    }
    const free = raw.slice(3);
    if (round % 2 === 0) free[(i.findIndex((x) => x !== 0) + 1) % 3] += 5;
    let j = unit(free.map((x, c) => x - i[c] * (free[0] * i[0] + free[1] * i[1] + free[2] * i[2])));
    if (round % 2 === 0) {
      const largest = j.findIndex((x) => Math.abs(x) === Math.max(...j.map(Math.abs)));
      j = j.map((x, c) => (c === largest ? Math.sign(x) : 0));
    }
    const normal = [i[1] * j[2] - i[2] * j[1], i[2] * j[0] - i[0] * j[2], i[0] * j[1] - i[1] * j[0]];
    const gap = 0.6 + 4 * random();
    const origin = [200 * random() - 100, 200 * random() - 100, 200 * random() - 100];
    const count = 5 + Math.floor(10 * random());
    const positions = Array.from({ length: count }, (_, k) =>
      origin.map((x, c) => +(x + gap * k * normal[c]).toFixed(6)),
    );
    const backwards = random() < 0.5;
    const path = fresh();
    const out = fresh();
    writeSeries(path, {
      positions,
      orientation: [...i, ...j],
      spacing: [0.4 + random(), 0.4 + random()],
      extra: (k) => [el('00200013', 'IS', String(backwards ? count - k : k + 1))],
    });
    dcm2niix(path, out);
    const file = readdirSync(out).find((f) => f.endsWith('.nii'))!;
    assertSameImage((await readVolume(path)).volume, (await readVolume(join(out, file))).volume);
  }
});

test('slices stand in the order of their positions, whatever file names and instance numbers say', async () => {
  const path = fresh();
  writeSeries(path, { positions: rising(6), extra: (k) => [el('00200013', 'IS', String(99 - k))] });
  const { volume } = await readVolume(path);
  assert.deepEqual([...volume.size], [8, 6, 6]);
  assert.deepEqual([...volume.spacing], [1, 1, 2.5]);
  for (let k = 0; k < 6; k++)
    assert.equal(valueAt(volume, lpsPoint(-10 + 3, -20 + 2, 5 + 2.5 * k)), 3 + 10 * 2 + 100 * k);
});

test('spacing comes from positions, never from SliceThickness', async () => {
  const path = fresh();
  writeSeries(path, {
    positions: rising(4, 3),
    extra: () => [el('00180050', 'DS', '1.25'), el('00180088', 'DS', '7')],
  });
  assert.equal((await readVolume(path)).volume.spacing[2], 3);
});

test('rescale is applied: whole numbers stay Int16, others become Float32, per slice where they differ', async () => {
  const whole = fresh();
  writeSeries(whole, { positions: rising(2), extra: () => [el('00281052', 'DS', '-1024'), el('00281053', 'DS', '2')] });
  const a = (await readVolume(whole)).volume;
  assert.ok(a.data instanceof Int16Array);
  assert.equal(a.data[11], 2 * (3 + 10) - 1024);
  const varying = fresh();
  writeSeries(varying, {
    positions: rising(2),
    extra: (k) => [el('00281052', 'DS', '1'), el('00281053', 'DS', String(0.5 + k))],
  });
  const { volume: b, notices } = await readVolume(varying);
  assert.ok(b.data instanceof Float32Array);
  assert.equal(b.data[11], 0.5 * 13 + 1);
  assert.equal(b.data[48 + 11], 1.5 * 113 + 1);
  assert.match(notices[0], /differ between slices/);
});

test('unsigned 16-bit values above 32,767 are kept', async () => {
  const path = fresh();
  writeSeries(path, { positions: rising(2), signed: false, value: () => -2 });
  const { volume } = await readVolume(path);
  assert.equal(volume.data[0], 65534);
});

test('two series in one folder are two scans, and a copied file is reported', async () => {
  const path = fresh();
  writeSeries(join(path, 'a'), { positions: rising(3), description: 'T1 axial' });
  const [first] = writeSeries(join(path, 'b'), { positions: rising(4), description: 'T1 axial' });
  writeFileSync(join(path, 'zz-copy'), readFileSync(first));
  const { sources, failures } = await discoverScans(path);
  assert.deepEqual(
    sources.map((s) => [s.name, s.paths.length]),
    [
      ['CT_4_T1_axial', 3],
      ['CT_4_T1_axial-2', 4],
    ],
  );
  assert.deepEqual(
    failures.map((f) => f.code),
    ['scan/duplicate'],
  );
  assert.ok(sources.every((s) => !s.name.includes('Doe')));
});

test('one series of two echoes is two volumes', async () => {
  const path = fresh();
  const positions = [...rising(3), ...rising(3)];
  writeSeries(path, { positions, extra: (k) => [el('00180081', 'DS', k < 3 ? '10' : '80')], value: (_i, _j, k) => k });
  const { sources } = await discoverScans(path);
  assert.deepEqual(
    sources.map((s) => s.name),
    ['CT_4_made_up_echo1', 'CT_4_made_up_echo2'],
  );
  assert.deepEqual(
    [...(await readScan(sources[1])).volume.data].filter((_, at) => at % 48 === 0),
    [3, 4, 5],
  );
});

test('positions repeated by acquisition, b-value or order alone are split', async () => {
  const positions = [...rising(3), ...rising(3)];
  for (const extra of [
    (k: number) => [el('00200012', 'IS', String(1 + Math.floor(k / 3)))],
    (k: number) => [el('00189087', 'FD', [k < 3 ? 0 : 1000])],
    () => [],
  ]) {
    const path = fresh();
    writeSeries(path, { positions, extra, value: (_i, _j, k) => k });
    const { sources } = await discoverScans(path);
    assert.equal(sources.length, 2);
    for (const [s, source] of sources.entries()) {
      assert.deepEqual(
        [...(await readScan(source)).volume.data].filter((_, at) => at % 48 === 0),
        [0, 1, 2].map((k) => k + 3 * s),
      );
    }
  }
});

test('localisers, colour, secondary capture and files without geometry are left out with the reason', async () => {
  const cases: [string, ReturnType<typeof el>[]][] = [
    ['scan/localiser', [el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'LOCALIZER'])]],
    ['scan/colour', [el('00280004', 'CS', 'PALETTE COLOR')]],
    ['scan/secondary-capture', [el('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.7')]],
    ['scan/no-geometry', [el('00200037', 'DS', [])]],
    ['scan/no-geometry', [el('00200037', 'DS', [1, 0, 0, 1, 0, 0])]],
    ['scan/no-spacing', [el('00280030', 'DS', [0, 0])]],
    ['scan/no-pixels', [el('00280010', 'US', [0])]],
  ];
  for (const [code, extra] of cases) {
    const path = fresh();
    writeSeries(path, { positions: rising(2), extra: () => extra });
    const { sources, failures } = await discoverScans(path);
    assert.equal(sources.length, 0, code);
    assert.deepEqual(
      failures.map((f) => f.code),
      [code, code],
    );
  }
});

test('missing slices are refused with their number and place', async () => {
  const path = fresh();
  const positions = rising(10).filter((_, k) => k !== 4 && k !== 5);
  writeSeries(path, { positions });
  await assert.rejects(readVolume(path), {
    code: 'scan/missing-slices',
    message: /2 missing \(first after slice 4 of 8\)/,
  });
});

test('wide gaps between slices as thick as they are wide are an uneven acquisition, not lost slices', async () => {
  const here = fresh();
  // Thin slices at the skull base, thick ones above.
  writeSeries(here, {
    positions: [0, 3, 6, 9, 12, 18, 24, 30].map((z) => [0, 0, z]),
    extra: (k) => [el('00180050', 'DS', k < 5 ? '3' : '6')],
  });
  const { volume, notices } = await readVolume(here);
  assert.deepEqual([...volume.size], [8, 6, 11]);
  assert.match(notices.join(), /3\.00 to 6\.00 mm apart/);
});

test('a slice’s instance UID that all slices share does not make them copies', async () => {
  const here = fresh();
  writeSeries(here, { positions: [0, 2, 4, 6].map((z) => [0, 0, z]), extra: () => [el('00080018', 'UI', '1.2.3.4')] });
  const { sources, failures } = await discoverScans(here);
  assert.deepEqual([sources.length, failures.length], [1, 0]);
  assert.deepEqual((await readScan(sources[0])).volume.size, [8, 6, 4]);
});

test('two phases whose slices lie between one another are two volumes, not one uneven one', async () => {
  const here = fresh();
  writeSeries(here, {
    positions: [0, 3, 6, 9, 1.2, 4.2, 7.2, 10.2].map((z) => [0, 0, z]),
    extra: (k) => [el('00200012', 'IS', k < 4 ? '1' : '2')],
  });
  const { sources } = await discoverScans(here);
  assert.equal(sources.length, 2);
  for (const source of sources) {
    const { volume, notices } = await readScan(source);
    assert.deepEqual([volume.size[2], volume.spacing[2], notices.length], [4, 3, 0]);
  }
});

test('mosaics and private transfer syntaxes are refused with the reason; files without a series UID stay together', async () => {
  const mosaic = fresh();
  writeSeries(mosaic, {
    positions: [[0, 0, 0]],
    extra: () => [el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC'])],
  });
  assert.deepEqual(
    (await discoverScans(mosaic)).failures.map((f) => f.code),
    ['scan/mosaic'],
  );
  const [file] = writeSeries(fresh(), { positions: [[0, 0, 0]] });
  const bytes = readFileSync(file);
  bytes.write('1.2.840.113619.5.9\0\0', bytes.indexOf('1.2.840.10008.1.2.1\0'), 'latin1');
  writeFileSync(file, bytes);
  await rejectsWith(readVolume(file), 'scan/transfer-syntax');
  const here = fresh();
  writeSeries(here, { positions: [0, 2, 4].map((z) => [0, 0, z]), extra: () => [el('0020000e', 'UI', '')] });
  assert.deepEqual((await readVolume(here)).volume.size, [8, 6, 3]);
});

test('gantry tilt is resampled with a notice onto a rectangular grid where the anatomy stays in place', async () => {
  const path = fresh();
  const t = (20 * Math.PI) / 180;
  const orientation = [1, 0, 0, 0, Math.cos(t), -Math.sin(t)];
  const positions = Array.from({ length: 20 }, (_, k) => [-15, -15, 2 * k]);
  // A field that is linear in patient space and stays inside Int16.
  const at = (i: number, j: number, k: number) => [-15 + i, -15 + j * Math.cos(t), 2 * k - j * Math.sin(t)];
  const field = (p: readonly number[]) => Math.round(100 * (p[0] + 2 * p[1] + 3 * p[2]));
  writeSeries(path, { positions, orientation, columns: 30, rows: 30, value: (i, j, k) => field(at(i, j, k)) });
  const { volume, notices } = await readVolume(path);
  assert.match(notices.join(), /askew by 20\.0 degrees/);
  let checked = 0;
  let worst = 0;
  const [nx, ny, nz] = volume.size;
  const floor = Math.min(...volume.data);
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const v = volume.data[15 + nx * (j + ny * k)];
      if (v === floor) continue;
      checked++;
      worst = Math.max(worst, Math.abs(v - field(voxelToWorld(volume, voxelIndex(15, j, k)))));
    }
  }
  assert.ok(checked > 300, `${checked} voxels inside`);
  // Half a pixel beyond the outermost centres the edge pixel is repeated: 0.5 mm of a slope of 200 a mm.
  assert.ok(worst <= 160, `off by ${worst}`);
});

test('uneven distances are resampled with a notice', async () => {
  const path = fresh();
  const z = [0, 2, 4, 6, 9.1, 12.2, 15.3];
  writeSeries(path, { positions: z.map((x) => [0, 0, x]), value: (_i, _j, k) => Math.round(100 * z[k]) });
  const { volume, notices } = await readVolume(path);
  assert.match(notices[0], /2\.00 to 3\.10 mm apart/);
  for (let k = 0; k < volume.size[2]; k++) {
    const world = voxelToWorld(volume, voxelIndex(3, 3, k));
    assert.ok(Math.abs(volume.data[3 + 8 * (3 + 6 * k)] - 100 * world[2]) <= 1);
  }
});

test('the tilted head keeps every stored slice value at its place', { skip: noData }, async () => {
  const { sources } = await discoverScans(join(DICOM, 'ct-head-tilted'));
  const { volume, notices } = await readScan(sources[0]);
  assert.equal(notices.length, 2);
  // The first stored slice lies on a plane of the target grid: its values must come back unchanged.
  const first = await readVolume(join(DICOM, 'ct-head-tilted/01.dcm'));
  for (const [i, j] of [
    [100, 100],
    [256, 256],
    [300, 410],
    [250, 60],
  ]) {
    assert.equal(valueAt(volume, voxelToWorld(first.volume, voxelIndex(i, j, 0))), first.volume.data[i + 512 * j]);
  }
});

test('the tilted head interpolated back onto its own slices is within 10 HU on average', { skip: noData }, async () => {
  const folder = join(DICOM, 'ct-head-tilted');
  const { volume } = await readVolume(folder);
  let sum = 0;
  let count = 0;
  for (const name of ['01.dcm', '07.dcm', '16.dcm', '25.dcm']) {
    const { volume: slice } = await readVolume(join(folder, name));
    const back = resample(volume, slice, 'linear', Number.NaN);
    for (let n = 0; n < slice.data.length; n += 7) {
      // Air and the border that no slice covers would flatter the figure.
      if (slice.data[n] < -1000 || slice.data[n] > 2000 || Number.isNaN(back.data[n])) continue;
      sum += Math.abs(back.data[n] - slice.data[n]);
      count++;
    }
  }
  assert.ok(count > 50_000, `${count} voxels compared`);
  assert.ok(sum / count < 10, `${(sum / count).toFixed(2)} HU`);
});

test('truncated and damaged files fail with a code and the rest is found', async () => {
  const path = fresh();
  const files = writeSeries(join(path, 'good'), { positions: rising(4) });
  const whole = readFileSync(files[0]);
  writeFileSync(join(path, 'cut'), whole.subarray(0, 300));
  writeFileSync(join(path, 'noise.dcm'), Buffer.alloc(5000, 0x5a));
  writeFileSync(join(path, 'notes.txt'), 'nothing');
  const { sources, failures } = await discoverScans(path);
  assert.equal(sources.length, 1);
  assert.deepEqual(failures.map((f) => f.code).sort(), ['scan/not-dicom', 'scan/truncated']);
  writeFileSync(files[2], whole.subarray(0, whole.length - 20));
  await rejectsWith(readVolume(files[2]), 'scan/truncated');
});
