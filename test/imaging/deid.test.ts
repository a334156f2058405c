import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDicom } from '../../src/main/imaging/dicom/dataset.ts';
import { el } from '../../src/main/imaging/dicom/encode.ts';
import {
  deidentify,
  deidentifyFile,
  findIdentifiers,
  identifiersOf,
  readVolume,
} from '../../src/main/imaging/index.ts';
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
  assert.ok(known.includes('Doe') === false && known.includes('Jane') && known.includes('Doe^Jane'), known.join());
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

test('burned-in text and objects that are no images are refused', () => {
  const burned = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: () => [el('00280301', 'CS', 'YES')] })[0];
  assert.throws(() => deidentify(burned, readFileSync(burned), OPTIONS), { code: 'deid/burned-in' });
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

test('dcmtk reads a de-identified file without complaint', { skip: missing('dcmdump') }, () => {
  const [file] = writeSeries(fresh(), { positions: [[0, 0, 0]], extra: identifying });
  const out = join(fresh(), 'x.dcm');
  writeFileSync(out, deidentify(file, readFileSync(file), OPTIONS));
  const said = execFileSync('sh', ['-c', 'dcmdump "$1" 2>&1', 'sh', out], { encoding: 'utf8' });
  assert.doesNotMatch(said, /^[EW]:/m);
});
