import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { actionFor } from '../../src/imaging/deid/table.ts';
import { parseDicom } from '../../src/imaging/dicom/dataset.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import {
  deidentify,
  deidentifyFile,
  dicomFilesBelow,
  findIdentifiers,
  identifiersOf,
  readVolume,
} from '../../src/imaging/index.ts';
import { DICOM, missing, noData, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = () => {
  const path = join(folder, `d${n++}`);
  mkdirSync(path);
  return path;
};
const OPTIONS = { secret: 'of this export', dates: 'remove' as const };

const identifying = () => [
  el('00080022', 'DA', '20200131'),
  el('00080050', 'SH', 'ACC-123456'),
  el('00080080', 'LO', 'St. Mary Hospital'),
  el('00081030', 'LO', 'Jane Doe follow-up'),
  el('00081070', 'PN', 'Operator^Olga'),
  el('00100030', 'DA', '19610512'),
  el('00101040', 'LO', '12 Elm Street'),
  el('00090010', 'LO', 'ACME PRIVATE'),
  el('00091001', 'LO', 'Doe hidden in private'),
  el('00400275', 'SQ', [[el('00400007', 'LO', 'Abdomen for Mrs Doe')]]),
  el('00081140', 'SQ', [
    [
      el('00081150', 'UI', '1.2.840.10008.5.1.4.1.1.2'),
      el('00081155', 'UI', '1.2.3.4.5'),
      el('00100010', 'PN', 'Doe^Jane'),
    ],
  ]),
  el('00321032', 'PN', 'Requesting^Rita'),
];

test('a de-identified series holds no identifier, the same pixels and the same geometry', async () => {
  const from = fresh();
  const to = fresh();
  const files = writeSeries(from, {
    positions: [
      [0, 0, 0],
      [0, 0, 2],
      [0, 0, 4],
    ],
    extra: identifying,
  });
  const known = files.flatMap((f) => identifiersOf(f, readFileSync(f)));
  assert.ok(
    ['Doe', 'Jane', 'Doe^Jane'].every((name) => known.includes(name)),
    known.join(),
  );
  assert.ok((await findIdentifiers(from, known)).length > 0, 'the search finds them in the originals');
  for (const [k, f] of files.entries()) await deidentifyFile(f, join(to, `${k}.dcm`), OPTIONS);
  assert.deepEqual(
    await findIdentifiers(to, [...known, 'Mary', 'Elm Street', 'Olga', 'Rita', 'Abdomen', 'ACME', 'hidden']),
    [],
  );
  const [a, b] = [await readVolume(from), await readVolume(to)];
  assert.deepEqual(b.volume, a.volume);
});

test('UIDs are remapped alike in every file and reference, and differ between exports', () => {
  const from = fresh();
  const [one, two] = writeSeries(from, {
    positions: [
      [0, 0, 0],
      [0, 0, 2],
    ],
    extra: identifying,
  });
  const uid = (bytes: Uint8Array, tag: string) => parseDicom('x', bytes).dataSet.string(tag);
  const [a, b] = [one, two].map((f) => deidentify(f, readFileSync(f), OPTIONS));
  assert.equal(uid(a, 'x0020000e'), uid(b, 'x0020000e'));
  assert.notEqual(uid(a, 'x00080018'), uid(b, 'x00080018'));
  assert.equal(uid(a, 'x00080018'), uid(a, 'x00020003'));
  assert.equal(uid(a, 'x00080016'), '1.2.840.10008.5.1.4.1.1.2');
  assert.equal(uid(a, 'x00100020'), uid(b, 'x00100020'));
  assert.match(uid(a, 'x00100020')!, /^ANON-/);
  assert.equal(uid(a, 'x00120062'), 'YES');
  const other = deidentify(one, readFileSync(one), { ...OPTIONS, secret: 'another' });
  assert.notEqual(uid(a, 'x0020000e'), uid(other, 'x0020000e'));
});

test('dates are shifted by the same number of days, or gone', () => {
  const [file] = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: identifying });
  const value = (bytes: Uint8Array, tag: string) => parseDicom('x', bytes).dataSet.string(tag) ?? '';
  const shifted = deidentify(file, readFileSync(file), { ...OPTIONS, dates: { shiftDays: 31 } });
  assert.equal(value(shifted, 'x00080020'), '20191231');
  assert.equal(value(shifted, 'x00080022'), '20191231');
  assert.equal(value(shifted, 'x00100030'), '', 'a date of birth is never kept, shifted or not');
  const removed = deidentify(file, readFileSync(file), OPTIONS);
  assert.equal(value(removed, 'x00080020'), '');
});

/** A second reading of table E.1-1, written down by hand: what no image may carry out of the hospital as it is. */
const TABLE = `
  0008,0012 0008,0013 0008,0014 0008,0015 0008,0017 0008,0018 0008,0020 0008,0021 0008,0022 0008,0023 0008,0024 0008,0025 0008,002a
  0008,0030 0008,0031 0008,0032 0008,0033 0008,0034 0008,0035 0008,0050 0008,0055 0008,0058 0008,0080 0008,0081 0008,0082 0008,0090
  0008,0092 0008,0094 0008,0096 0008,009c 0008,009d 0008,0201 0008,1010 0008,1030 0008,103e 0008,1040 0008,1041 0008,1048 0008,1049
  0008,1050 0008,1052 0008,1060 0008,1062 0008,1070 0008,1072 0008,1080 0008,1084 0008,1110 0008,1111 0008,1120 0008,1155 0008,1195
  0008,1301 0008,1302 0008,1303 0008,1304 0008,2111 0008,3010 0008,4000 0010,0010 0010,0020 0010,0021 0010,0030 0010,0032 0010,0040
  0010,0050 0010,0101 0010,1000 0010,1001 0010,1005 0010,1010 0010,1020 0010,1030 0010,1040 0010,1060 0010,1080 0010,1081 0010,1090
  0010,2000 0010,2110 0010,2150 0010,2152 0010,2154 0010,2160 0010,2180 0010,21a0 0010,21b0 0010,21c0 0010,21d0 0010,21f0 0010,2203
  0010,2297 0010,2299 0010,4000 0012,0010 0012,0020 0012,0030 0012,0031 0012,0040 0012,0050 0012,0060 0018,0010 0018,1000 0018,1002
  0018,1004 0018,1005 0018,1007 0018,1008 0018,1009 0018,100a 0018,1012 0018,1014 0018,1030 0018,1042 0018,1043 0018,1072 0018,1073
  0018,1078 0018,1079 0018,1200 0018,1201 0018,1203 0018,1400 0018,4000 0018,700a 0018,9074 0018,9151 0018,9424 0018,9516 0018,9517
  0018,a003 0020,000d 0020,000e 0020,0010 0020,0052 0020,0200 0020,3401 0020,3403 0020,3405 0020,3406 0020,4000 0020,9158 0020,9161
  0020,9164 0028,1199 0028,1214 0028,4000 0032,0012 0032,1020 0032,1030 0032,1032 0032,1060 0032,1070 0032,4000 0038,0010 0038,0020
  0038,0300 0038,0400 0038,0500 0038,4000 0040,0001 0040,0002 0040,0006 0040,0241 0040,0244 0040,0245 0040,0253 0040,0254 0040,0275
  0040,0280 0040,1001 0040,1004 0040,1400 0040,2001 0040,2016 0040,3001 0040,a075 0040,a123 0040,a124 0040,a730 0050,0020 0062,0021
  0070,0001 0070,0084 0088,0140 0088,0200 0088,0904 0400,0100 0400,0561 3006,0024 300a,0003 300c,0113 4000,0010 4008,010c fffa,fffa fffc,fffc
  0009,0010 0029,1010 5000,3000 6000,3000`;

test('no attribute of the profile is kept as it is, nor any UID that names a thing', () => {
  const kept = TABLE.trim()
    .split(/\s+/)
    .map((tag) => tag.replace(',', ''))
    .filter((tag) => actionFor(tag, 'LO') === 'keep');
  assert.deepEqual(kept, []);
  assert.equal(actionFor('00089123', 'UI'), 'uid');
  assert.equal(actionFor('00089123', undefined), 'uid');
  assert.equal(actionFor('00189999', 'UI'), 'remove', 'the standard has no such attribute');
  assert.equal(actionFor('00080016', 'UI'), 'keep');
  const [file] = writeSeries(fresh(), {
    positions: [[0, 0, 0]],
    extra: () => [el('00200052', 'UI', '1.2.840.10008.1.4.1.1')],
  });
  const clean = deidentify(file, readFileSync(file), OPTIONS);
  assert.equal(parseDicom('x', clean).dataSet.string('x00200052'), '1.2.840.10008.1.4.1.1', 'a well-known UID stays');
});

test('burned-in text and objects that are no images are refused', () => {
  const burned = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: () => [el('00280301', 'CS', 'YES')] })[0];
  assert.throws(() => deidentify(burned, readFileSync(burned), OPTIONS), { code: 'deid/burned-in' });
  const shot = [el('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.7')];
  const captured = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: () => shot })[0];
  assert.throws(() => deidentify(captured, readFileSync(captured), OPTIONS), { code: 'deid/burned-in' });
  const report = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: () => [el('00080060', 'CS', 'SR')] })[0];
  assert.throws(() => deidentify(report, readFileSync(report), OPTIONS), { code: 'deid/not-an-image' });
});

test('every transfer syntax keeps its pixels', { skip: noData }, async () => {
  for (const name of [
    'CTImage.dcm',
    'CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm',
    'CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm',
    'CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm',
    'CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm',
  ]) {
    const path = join(DICOM, 'transfer-syntaxes', name);
    const out = join(fresh(), 'x.dcm');
    await deidentifyFile(path, out, OPTIONS);
    assert.deepEqual((await readVolume(out)).volume.data, (await readVolume(path)).volume.data, name);
    assert.deepEqual(await findIdentifiers(join(out, '..'), identifiersOf(path, readFileSync(path))), []);
  }
});

test('de-identified slices of real series raise no false alarm', { skip: noData }, async () => {
  for (const series of ['ct-head-tilted', 'ct-phantom', 'mr-sagittal']) {
    const [path] = await dicomFilesBelow(join(DICOM, series));
    const to = fresh();
    await deidentifyFile(path, join(to, 'x.dcm'), OPTIONS);
    assert.deepEqual(await findIdentifiers(to, identifiersOf(path, readFileSync(path))), [], series);
  }
});

test('dcmtk reads a de-identified file without complaint', { skip: missing('dcmdump') }, () => {
  const [file] = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: identifying });
  const out = join(fresh(), 'x.dcm');
  writeFileSync(out, deidentify(file, readFileSync(file), OPTIONS));
  const said = execFileSync('sh', ['-c', 'dcmdump "$1" 2>&1', 'sh', out], { encoding: 'utf8' });
  assert.doesNotMatch(said, /^[EW]:/m);
});
