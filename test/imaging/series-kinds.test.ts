/** What hospitals' series really say: rounded numbers, spare bits, tables, upside-down volumes, grids of slices. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { convertScan } from '../../src/imaging/convert.ts';
import { type DicomElement, el } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readScan, readVolume } from '../../src/imaging/index.ts';
import { assertSameImage, CASES, dcm2niix, missing, type SeriesOptions, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const written = (series: SeriesOptions): string => {
  const here = join(folder, `k${n++}`);
  writeSeries(here, series);
  return here;
};
const rising = (count: number, step = 3) => Array.from({ length: count }, (_, k) => [-10, -20, k * step]);
const absent = (name: string) => (existsSync(join(CASES, name)) ? false : `../shared/cases/formats/${name} is absent`);

for (const [a, b] of [
  ['0.78125', '0.781249'],
  ['0.68359375', '0.6835'],
  ['0.703125', '0.70312'],
])
  test(`pixel spacing written as ${a} and ${b} in turn is one scan`, async () => {
    const here = written({
      positions: rising(8),
      extra: (k) => [el('00280030', 'DS', k % 2 ? [b, b] : [a, a])],
    });
    const { sources } = await discoverScans(here);
    assert.equal(sources.length, 1);
    const { volume, notices } = await readScan(sources[0]);
    assert.deepEqual([volume.size[2], volume.spacing[2]], [8, 3]);
    assert.ok(Math.abs(volume.spacing[0] - Number(a)) < 1e-3);
    assert.equal(notices.length, Math.abs(Number(a) / Number(b) - 1) > 1e-4 ? 1 : 0);
  });

test('spacings that differ by more than rounding are two scans, and it is said that they lie between one another', async () => {
  const here = written({
    positions: rising(8),
    extra: (k) => [el('00280030', 'DS', k % 2 ? [0.8, 0.8] : [0.78, 0.78])],
  });
  const { sources } = await discoverScans(here);
  assert.equal(sources.length, 2);
  for (const source of sources) {
    const { notices } = await readScan(source);
    assert.match(notices.join(), /split into 2 scans that differ in pixel spacing.*8 slices 3 mm apart/);
  }
});

const echo = (time: string): DicomElement => el('00180081', 'DS', time);
test('echo times that drift from slice to slice are one scan; two echoes of the same places are two', async () => {
  const drifting = written({ positions: rising(6), extra: (k) => [echo((2.46 + 0.002 * k).toFixed(3))] });
  assert.equal((await discoverScans(drifting)).sources.length, 1);
  const places = rising(6);
  const near = written({ positions: [...places, ...places], extra: (k) => [echo(k < 6 ? '2.46' : '2.49')] });
  assert.equal((await discoverScans(near)).sources.length, 2);
});

test('repetition times that differ by rounding do not split a series', async () => {
  const here = written({ positions: rising(6), extra: (k) => [el('00180080', 'DS', k % 2 ? '500' : '500.001')] });
  assert.equal((await discoverScans(here)).sources.length, 1);
});

test('parts of an echo that lie between one another come with a notice', async () => {
  const here = written({ positions: rising(8), extra: (k) => [echo(k % 2 ? '10' : '90')] });
  const { sources } = await discoverScans(here);
  assert.equal(sources.length, 2);
  assert.match((await readScan(sources[0])).notices.join(), /differ in echo time/);
});

const twelve = [el('00280101', 'US', 12), el('00280102', 'US', 11)];
for (const [name, above] of [
  ['zeros', 0x0000],
  ['ones', 0xf000],
  ['an odd pattern', 0x5000],
] as const)
  test(`signed values of 12 bits with ${name} above them have the sign of the twelfth`, async () => {
    const values = [-2048, -241, -1, 0, 1, 2047, 100, -100];
    const here = written({
      positions: rising(3),
      value: (i) => (values[i] & 0xfff) | above,
      extra: () => twelve,
    });
    const { volume } = await readVolume(here);
    assert.deepEqual([...volume.data.subarray(0, 8)], values);
  });

for (const [name, ...command] of [
  ['RLE', 'dcmcrle'],
  ['JPEG-LS', 'dcmcjpls'],
  ['JPEG lossless', 'dcmcjpeg', '+e1'],
] as const)
  for (const above of [0x0000, 0xf000])
    test(`signed values of 12 bits in ${name}, ${above === 0 ? 'zeros' : 'ones'} above them, have the sign of the twelfth`, {
      skip: missing(command[0]),
    }, async () => {
      const values = [-2048, -241, -1, 0, 1, 2047, 100, -100];
      const plain = written({ positions: rising(1), value: (i) => (values[i] & 0xfff) | above, extra: () => twelve });
      const [tool, ...flags] = command;
      const [file] = readdirSync(plain);
      const packed = join(folder, `packed${n++}.dcm`);
      execFileSync(tool, [...flags, join(plain, file), packed]);
      const { volume } = await readVolume(packed);
      assert.deepEqual([...volume.data.subarray(0, 8)], values);
    });

test('12 bits that end in the sixteenth are moved down; where something stands below them the header is wrong', async () => {
  const high = [el('00280101', 'US', 12), el('00280102', 'US', 15)];
  const values = [-2048, -241, -1, 0, 1, 2047, 100, -100];
  const up = written({ positions: rising(3), value: (i) => values[i] << 4, extra: () => high });
  assert.deepEqual([...(await readVolume(up)).volume.data.subarray(0, 8)], values);
  const low = written({ positions: rising(3), value: (i) => values[i], extra: () => high });
  assert.deepEqual([...(await readVolume(low)).volume.data.subarray(0, 8)], values);
});

test('a padding value beyond the stored bits stays', async () => {
  const here = written({
    positions: rising(3),
    value: (i) => (i === 0 ? -32768 : 4095),
    extra: () => [...twelve, el('00280120', 'SS', -32768)],
  });
  assert.deepEqual([...(await readVolume(here)).volume.data.subarray(0, 2)], [-32768, -1]);
});

test('the 12-bit signed file of dcm_qa_12bit gives -2048 to 2047', { skip: absent('dicom-12bit-signed') }, async () => {
  const { volume } = await readVolume(join(CASES, 'dicom-12bit-signed', '12bitSigned_0x0F0F.dcm'));
  const data = Int32Array.from(volume.data);
  assert.deepEqual([data.reduce((a, b) => Math.min(a, b)), data.reduce((a, b) => Math.max(a, b))], [-2048, 2047]);
  assert.equal(
    data.reduce((count, v) => count + (v === -241 ? 1 : 0), 0),
    232,
  );
});

const table = (entries: number[], first: number, bits: number, vr: 'US' | 'SS' = 'US') =>
  el('00283000', 'SQ', [
    [
      el('00283002', vr, [entries.length, first, bits]),
      el('00283006', 'OW', new Uint8Array(Uint16Array.from(entries).buffer)),
    ],
  ]);

test('a modality LUT is applied, below and above its ends too, and said', async () => {
  const entries = Array.from({ length: 256 }, (_, k) => 1000 + Math.round((9128 * k) / 255));
  const here = written({
    positions: rising(3),
    signed: false,
    value: (i) => [0, 1, 2, 255, 256, 4000, 10, 20][i],
    extra: () => [table(entries, 0, 16)],
  });
  const { volume, notices } = await readVolume(here);
  const want = [0, 1, 2, 255, 255, 255, 10, 20].map((v) => entries[v]);
  assert.deepEqual([...volume.data.subarray(0, 8)], want);
  assert.equal(volume.data.constructor, Int16Array);
  assert.match(notices.join(), /modality LUT/);
});

test('a modality LUT of signed pixels begins at its signed first value; entries above 32,767 become floats', async () => {
  const here = written({
    positions: rising(3),
    value: (i) => i - 3,
    extra: () => [table([10, 20, 30, 40, 50, 60000], -3, 16, 'SS')],
  });
  const { data } = (await readVolume(here)).volume;
  assert.deepEqual([...data.subarray(0, 8)], [10, 20, 30, 40, 50, 60000, 60000, 60000]);
});

test('a modality LUT shorter than it states is refused', async () => {
  const short = el('00283000', 'SQ', [[el('00283002', 'US', [256, 0, 16]), el('00283006', 'OW', new Uint8Array(8))]]);
  const { failures } = await discoverScans(written({ positions: rising(3), extra: () => [short] }));
  assert.deepEqual([...new Set(failures.map((f) => f.code))], ['scan/corrupt']);
});

const ge = (mode: number, volume: number) => [
  el('00080060', 'CS', 'MR'),
  el('00080070', 'LO', 'GE MEDICAL SYSTEMS'),
  el('00190010', 'LO', 'GEMS_ACQU_01'),
  el('0019109c', 'LO', 'research/epi_pepolar'),
  el('001910b3', 'DS', String(mode)),
  el('00200100', 'IS', String(volume)),
];
for (const [mode, reversed] of [
  [0, [false, false]],
  [1, [true, true]],
  [2, [true, false]],
  [3, [false, true]],
] as const)
  test(`GE epi_pepolar in mode ${mode}: volumes ${reversed.map((r, v) => (r ? v + 1 : '')).join(' ') || 'none'} are turned`, async () => {
    const here = written({
      positions: [...rising(4), ...rising(4)],
      value: (_, j, k) => j + 10 * Math.floor(k / 4),
      extra: (k) => ge(mode, 1 + Math.floor(k / 4)),
    });
    const { sources } = await discoverScans(here);
    assert.equal(sources.length, 2);
    for (const source of sources) {
      const { volume, notices } = await readScan(source);
      const which = volume.data[0] >= 10 ? 1 : 0;
      const column = [0, 1, 2, 3, 4, 5].map((j) => volume.data[8 * j] - 10 * which);
      assert.deepEqual(column, reversed[which] ? [5, 4, 3, 2, 1, 0] : [0, 1, 2, 3, 4, 5]);
      assert.equal(notices.length, reversed[which] ? 1 : 0);
    }
  });

test('a GE epi_pepolar series of dcm_qa_polar equals dcm2niix', {
  skip: absent('dicom-ge-pepolar-flipped') || missing('dcm2niix'),
}, async () => {
  const out = join(folder, 'pepolar');
  dcm2niix(join(CASES, 'dicom-ge-pepolar-flipped'), out);
  const theirs = await readVolume(join(out, readdirSync(out).find((name) => name.endsWith('.nii'))!));
  assertSameImage((await readVolume(join(CASES, 'dicom-ge-pepolar-flipped'))).volume, theirs.volume, 1e-3);
});

test('slice positions with noise are fitted: the last slice lies where it says', {
  skip: absent('dicom-first-gap-step'),
}, async () => {
  const { volume } = await readVolume(join(CASES, 'dicom-first-gap-step'));
  const step = [2, 5, 8].map((c) => volume.direction[c] * volume.spacing[2]);
  // 32 steps from z -10.4469, y -113.559 lead to z 98.1508, y -106.928.
  assert.ok(Math.abs(Math.abs(step[1]) - 0.20722) < 1e-5 && Math.abs(Math.abs(step[2]) - 3.39368) < 1e-5, `${step}`);
});

test('a United Imaging grid and a Siemens mosaic without the word are refused by name', async () => {
  const grid = written({
    positions: rising(3),
    extra: () => [
      el('00080070', 'LO', 'UIH'),
      el('00650010', 'LO', 'Image Private Header'),
      el('00651050', 'DS', '30'),
    ],
  });
  const uih = (await discoverScans(grid)).failures;
  assert.ok(uih.every(({ code, message }) => code === 'scan/mosaic' && /United Imaging \(UIH\) grid/.test(message)));
  assert.equal(uih.length, 3);
  const siemens = written({
    positions: rising(3),
    extra: () => [el('00080070', 'LO', 'SIEMENS'), el('00190010', 'LO', 'SIEMENS MR HEADER'), el('0019100a', 'US', 30)],
  });
  const { failures } = await discoverScans(siemens);
  assert.ok(failures.length === 3 && failures.every(({ message }) => /Siemens mosaic/.test(message)));
});

test('a converted scan tells what the search noticed', async () => {
  const here = written({
    positions: rising(8),
    extra: (k) => [el('00280030', 'DS', k % 2 ? [0.7, 0.7] : [0.7004, 0.7004])],
  });
  mkdirSync(join(folder, 'out'), { recursive: true });
  const { notices } = await convertScan(here, join(folder, 'out', 'o.nii.gz'));
  assert.match(notices.join(), /Pixel spacing differs between slices by up to 0.06 %/);
});
