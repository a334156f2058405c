/** `npm run bench -- conformance`: what it calls equal, known, refused and different, on folders of which that is known. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { differenceOf } from '../../bench/conformance/compare.ts';
import { convertSeries, type Image } from '../../bench/conformance/dcm2niix.ts';
import { readRules } from '../../bench/conformance/known.ts';
import type { Finding } from '../../bench/conformance/series.ts';
import { conformance } from '../../bench/conformance.ts';
import { type DicomElement, el, newUid } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readScan } from '../../src/imaging/index.ts';
import { missing, OBLIQUE, scratch, writeSeries } from './helpers.ts';
import { box, rtFile } from './rt-files.ts';
import { segFile } from './seg-files.ts';

const folder = scratch();
const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noPython = (): string | false => {
  const found = spawnSync(PYTHON, ['-c', 'import pydicom, numpy, skimage'], { stdio: 'ignore' }).status === 0;
  return found ? false : 'pydicom and scikit-image are not installed (set DECILE_PYTHON to a Python that has them)';
};
const skip = missing('dcm2niix') || noPython();
const rising = (n: number, step = 3) => Array.from({ length: n }, (_, k) => [-10, -20, k * step]);
const oblique = [OBLIQUE[0], OBLIQUE[3], OBLIQUE[6], OBLIQUE[1], OBLIQUE[4], OBLIQUE[7]];
const bits = (stored: number) => [el('00280101', 'US', stored), el('00280102', 'US', stored - 1)];

async function judged(data: string, known?: string) {
  const findings: Finding[] = [];
  const place = mkdtempSync(join(folder, 'scratch-'));
  const result = await conformance(data, place, known, (finding) => findings.push(finding));
  assert.deepEqual(
    readdirSync(place).filter((name) => name.startsWith('series-')),
    [],
    'scratch files are removed',
  );
  return { result, findings };
}

/** One series a folder, with what each must come out as. */
const SERIES: [name: string, verdict: string, extra: () => DicomElement[], positions: number[][]][] = [
  ['even', 'equal', () => [], rising(5)],
  ['sign in the twelfth bit', 'known', () => bits(12), rising(5)],
  ['uneven', 'known', () => [], [0, 2, 5, 9, 11].map((z) => [-10, -20, z])],
  ['rounded positions', 'known', () => [], rising(30, 0.625).map(([x, y, z]) => [x, y, +z.toFixed(2)])],
  ['colour', 'refused', () => [el('00280004', 'CS', 'RGB'), el('00280002', 'US', 3)], rising(2)],
];

test('series come out as equal, known or refused, each refusal with its code', { skip }, async () => {
  const data = join(folder, 'series');
  for (const [name, , extra, positions] of SERIES) {
    const signed = name.startsWith('sign');
    const value = (i: number, j: number, k: number) => (signed ? (4090 + i + j + k) & 4095 : i + 10 * j + 100 * k);
    writeSeries(join(data, name), { positions, extra, value });
  }
  writeSeries(join(data, 'oblique'), {
    positions: rising(4).map((_, k) => [1, 2, 3].map((c, r) => c + 3 * k * OBLIQUE[3 * r + 2])),
    orientation: oblique,
  });
  // What lies about in folders: notes, an empty file, a text that claims to be a scan.
  writeFileSync(join(data, 'notes.txt'), 'read me');
  writeFileSync(join(data, 'empty'), '');
  writeFileSync(join(data, 'no scan.dcm'), 'nor this');
  const { result, findings } = await judged(data);
  assert.deepEqual(result, { series: 7, equal: 2, refused: 2, different: 0, known: 3, masks: 0, masksDifferent: 0 });
  for (const [name, verdict] of SERIES) {
    const found = findings.filter(({ path }) => path.startsWith(`${name}/`)).map((f) => f.verdict);
    assert.deepEqual(found, verdict === 'equal' ? [] : [verdict], name);
  }
  const refused = findings
    .filter(({ verdict }) => verdict === 'refused')
    .map(({ path, code }) => [path.split('/')[0], code]);
  assert.deepEqual(refused.sort(), [
    ['colour', 'scan/colour'],
    ['no scan.dcm', 'scan/not-dicom'],
  ]);
  // Bits that no rule explains are a difference: the same values, called another image than dcm2niix's.
  const strict = await judged(join(data, 'sign in the twelfth bit'), undefined);
  assert.equal(strict.result.known, 1);
});

test('a volume that is not dcm2niix’s is called different, and by what', { skip: missing('dcm2niix') }, async () => {
  const files = writeSeries(join(folder, 'one'), { positions: rising(5) });
  const { sources } = await discoverScans(join(folder, 'one'));
  const { volume } = await readScan(sources[0]);
  const place = join(folder, 'theirs');
  mkdirSync(place);
  const [image] = (await convertSeries(files, place)).images;
  assert.equal(differenceOf(volume, image), null);
  const changed = (change: Partial<Image>) => differenceOf(volume, { ...image, ...change })?.part;
  const shifted = [...image.affine];
  shifted[11] += 0.002;
  assert.equal(changed({ affine: shifted }), 'affine');
  assert.equal(changed({ size: [image.size[0], image.size[1], 4] }), 'size');
  assert.equal(changed({ intercept: 1 }), 'voxels');
  const one = image.stored.slice();
  one[17] += 1;
  assert.match(differenceOf(volume, { ...image, stored: one })!.text, /^1 of 240 voxels differ/);
});

test('SEG and RTSTRUCT are compared with pydicom and scikit-image, on their scan and without one', {
  skip,
}, async () => {
  const data = join(folder, 'masks');
  const [seriesUid, frame] = [newUid(), newUid()];
  writeSeries(join(data, 'ct'), {
    ...{ positions: [0, 3, 6, 9].map((z) => [0, 0, z]), columns: 24, rows: 20, seriesUid },
    extra: () => [el('00200052', 'UI', frame)],
  });
  const disc = (column: number, row: number) => (column - 9) ** 2 + (row - 8) ** 2 < 30;
  const frames = [3, 6].map((z) => ({ segment: 1, position: [0, 0, z], inside: disc }));
  for (const labelMap of [false, true])
    writeFileSync(join(data, `seg ${labelMap}.dcm`), segFile({ columns: 24, rows: 20, frames, labelMap }));
  const ring = [3, 6].flatMap((z) => [
    { points: box(2.3, 3.4, 15.7, 14.2, z) },
    { points: box(5.2, 6.1, 9.9, 9.8, z) },
  ]);
  writeFileSync(join(data, 'rs.dcm'), rtFile([{ name: 'ring', contours: ring }], seriesUid, frame));
  writeFileSync(join(data, 'alone.dcm'), rtFile([{ name: 'ring', contours: ring }], newUid(), newUid()));
  const { result, findings } = await judged(data);
  assert.deepEqual(findings, []);
  assert.deepEqual(result, { series: 1, equal: 1, refused: 0, different: 0, known: 0, masks: 4, masksDifferent: 0 });
});

test('the command ends with the line that scripts read, also for a folder without a DICOM file', {
  skip: missing('dcm2niix'),
}, () => {
  const bench = join(import.meta.dirname, '../../bench/index.ts');
  const empty = join(folder, 'nothing');
  mkdirSync(empty);
  const line = execFileSync(process.execPath, [bench, 'conformance', '--data', empty, '--json'], { encoding: 'utf8' });
  assert.deepEqual(Object.keys(JSON.parse(line)), [
    ...['series', 'equal', 'refused', 'different', 'known', 'masks', 'masksDifferent'],
  ]);
  const { status, stderr } = spawnSync(process.execPath, [bench, 'conformance', '--data', empty], {
    encoding: 'utf8',
    env: { ...process.env, PATH: empty },
  });
  assert.equal(status, 2);
  assert.match(stderr, /dcm2niix must be installed/);
});

test('every rule has a reason and a check of its own', () => {
  const rules = readRules();
  assert.ok(rules.length >= 9);
  for (const { check, path, reason } of rules) assert.ok((check !== 'none' || path) && reason.endsWith('.'), reason);
});
