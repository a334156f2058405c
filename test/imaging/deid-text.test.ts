import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { nameParts, needlesFor } from '../../src/imaging/deid/needles.ts';
import { actionFor, TEXT_KEPT } from '../../src/imaging/deid/table.ts';
import { standardVr } from '../../src/imaging/deid/vr.ts';
import { type DataSet, item, parseDicom, TRANSFER } from '../../src/imaging/dicom/dataset.ts';
import { type DicomElement, el, encodeFile } from '../../src/imaging/dicom/encode.ts';
import { deidentify, findIdentifiers, identifiersOf, readVolume } from '../../src/imaging/index.ts';
import { missing, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = () => {
  const path = join(folder, `t${n++}`);
  mkdirSync(path);
  return path;
};
const OPTIONS = { secret: 'of this export', dates: 'remove' as const };

/** The same file in implicit VR, sequences included. */
function implicit(file: Uint8Array): Uint8Array {
  const { dataSet } = parseDicom('x', file);
  const element = (tag: string, value: Uint8Array) => {
    const head = Buffer.alloc(8);
    head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
    head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
    head.writeUInt32LE(value.length, 4);
    return Buffer.concat([head, value]);
  };
  const body = (d: DataSet): Buffer =>
    Buffer.concat(
      Object.entries(d.elements)
        .filter(([tag]) => !tag.startsWith('x0002'))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([tag, e]) => {
          const inner = e.items?.map((i) => element('fffee000', body(i.dataSet as DataSet)));
          const plain = d.byteArray.subarray(e.dataOffset, e.dataOffset + e.length);
          return element(tag.slice(1), inner ? Buffer.concat(inner) : plain);
        }),
    );
  const uid = (tag: string) => dataSet.string(tag) ?? '';
  return Buffer.concat([encodeFile([], uid('x00080016'), uid('x00080018'), TRANSFER.implicitLittle), body(dataSet)]);
}

const NAME = 'Mustermann^Erika';
const bytes = (text: string) => new TextEncoder().encode(text.length % 2 ? `${text} ` : text);

/** One attribute of each VR that can hold a name and that table E.1-1 does not list; all of them are of the standard but two. */
const unlisted = (): DicomElement[] => [
  el('00082132', 'LO', NAME),
  el('00082120', 'SH', 'E Mustermann'),
  el('00187006', 'LT', `Seen by ${NAME}`),
  el('0018003a', 'ST', 'for Frau Mustermann'),
  el('00189941', 'UT', 'Erika Mustermann, ward 3'),
  el('00189908', 'UC', 'Mustermann'),
  el('00081190', 'UR', 'http://pacs/Mustermann'),
  el('00187008', 'UN', bytes(NAME)),
  el('00282000', 'OB', bytes(NAME)),
  el('00189ff0', 'LO', NAME),
  el('00189ff2', 'UN', bytes(NAME)),
];
const planted = (): DicomElement[] => [
  el('00100010', 'PN', NAME),
  el('00081070', 'PN', 'Kim^Op'),
  ...unlisted(),
  // As codes and numbers.
  el('00180015', 'CS', `ABDOMEN\\${NAME}`),
  el('00180060', 'DS', 'Mustermann'),
  // In sequences, where the table's own tags stand as well.
  el('00082218', 'SQ', [
    [
      el('00080100', 'SH', 'T-1'),
      el('00080102', 'SH', '99HOSPITAL'),
      el('00080104', 'LO', 'where Mustermann fell'),
      el('00082220', 'SQ', [[...unlisted(), el('00400007', 'LO', NAME), el('00321032', 'PN', NAME)]]),
    ],
  ]),
  el('00090010', 'LO', 'ACME'),
  el('00091001', 'UN', bytes(NAME)),
  el('00091002', 'SQ', [[el('00091003', 'PN', NAME)]]),
];

const file = () => readFileSync(writeSeries(fresh(), { positions: [[1, 2, 3]], extra: planted })[0]);

for (const [name, written] of [
  ['explicit', file()],
  ['implicit', implicit(file())],
] as const) {
  test(`text that nobody listed is gone from ${name} files, in sequences too; what programs read stays`, async () => {
    const clean = deidentify('x', written, OPTIONS);
    for (const text of ['Mustermann', 'Erika', 'Kim', 'ACME', 'pacs'])
      assert.ok(!Buffer.from(clean).includes(text), `${text} is still there`);
    const { dataSet } = parseDicom('x', clean);
    assert.equal(dataSet.string('x00180015'), 'ABDOMEN\\');
    assert.equal(dataSet.string('x00180060'), undefined);
    const region = item(dataSet, 'x00082218');
    assert.match(region?.string('x00080100') ?? '', /^X-[0-9A-F]{8}$/);
    assert.equal(region?.string('x00080102'), '99LOCAL');
    assert.equal(region?.string('x00080104'), 'local code');
    assert.deepEqual(Object.keys(item(region, 'x00082220')?.elements ?? { none: 0 }), []);
    const [a, b] = [join(fresh(), 'a.dcm'), join(fresh(), 'b.dcm')];
    writeFileSync(a, written);
    writeFileSync(b, clean);
    assert.deepEqual((await readVolume(b)).volume, (await readVolume(a)).volume);
    assert.deepEqual(await findIdentifiers(join(b, '..'), identifiersOf(a, written)), []);
  });

  test(`the search names every attribute of a ${name} file that should not be there`, async () => {
    const to = fresh();
    writeFileSync(join(to, 'x.dcm'), written);
    const named = (await findIdentifiers(to, [])).map(({ what }) => what.replace(/^.*\((....),(....)\)$/, '$1$2'));
    const expected = [...unlisted().map(({ tag }) => tag), '00180015', '00180060', '00080104', '00091001'];
    assert.deepEqual(expected.filter((tag) => !named.includes(tag)), []); // biome-ignore format: short
    assert.equal(named.filter((tag) => tag === '00189941').length, 2, 'the one in the sequence too');
  });
}

test('a name planted into a clean file is found wherever it stands, and not in words that contain it', async () => {
  const clean = () => {
    const { dataSet } = parseDicom('x', deidentify('x', file(), OPTIONS));
    return dataSet;
  };
  const base = clean();
  const head = (extra: DicomElement[]) =>
    encodeFile(
      [el('00080005', 'CS', 'ISO_IR 192'), el('00080060', 'CS', 'CT'), ...extra],
      '1.2.840.10008.5.1.4.1.1.2',
      base.string('x00080018') ?? '',
    );
  const found = async (extra: DicomElement[], change: (b: Uint8Array) => Uint8Array = (b) => b) => {
    const to = fresh();
    writeFileSync(join(to, 'x.dcm'), change(head(extra)));
    return (
      await findIdentifiers(to, [
        NAME,
        'Mustermann',
        'Erika',
        'Lee',
        'Fab',
        'Jürgen',
        '4711',
        'ACC-17',
        '1.2.34',
        'Head',
      ])
    ).some(({ what }) => what.startsWith('the identifier'));
  };
  const yes: [string, DicomElement[]][] = [
    ['an unlisted LO', [el('00082132', 'LO', 'ERIKA')]],
    ['a kept LO', [el('00080070', 'LO', 'scanner of lee')]],
    ['LT', [el('00187006', 'LT', 'MustermannErika')]],
    ['UN', [el('00187008', 'UN', bytes('x_Lee_'))]],
    ['a private element', [el('00091001', 'LO', 'mustermann 2')]],
    ['a private sequence', [el('00091002', 'SQ', [[el('00091003', 'LO', 'Erika')]])]],
    ['UTF-16 in bytes', [el('00282000', 'OB', Buffer.from('Erika', 'utf16le'))]],
    ['a code of two names', [el('00180015', 'CS', 'LEE ERIKA')]],
    ['a name as a code', [el('00185100', 'CS', 'LEE')]],
    ['a number as a code', [el('00180015', 'CS', '4711')]],
    ['an umlaut', [el('00080070', 'LO', 'JÜRGEN')]],
    ['a decomposed umlaut', [el('00080070', 'LO', 'Ju\u0308rgen')]],
    ['a number', [el('00080070', 'LO', 'No. 4711')]],
    ['an accession number', [el('00080070', 'LO', 'acc-17')]],
    ['a UID', [el('0020000d', 'UI', '1.2.34')]],
  ];
  for (const [what, extra] of yes) assert.ok(await found(extra), what);
  assert.ok(await found([], (b) => Buffer.concat([Buffer.from('Erika'), b.subarray(5)])), 'the preamble');
  const pixels = [el('7fe00010', 'OW', new Uint8Array(4))];
  assert.ok(await found(pixels, (b) => Buffer.concat([b, Buffer.from('\0\0\0\0\0\0\0\0 Erika')])), 'behind the pixels');
  const no: [string, DicomElement[]][] = [
    ['a term that is a name, too', [el('00185100', 'CS', 'HEAD')]],
    ['a pseudonym that spells a name', [el('00100020', 'LO', 'ANON-12FAB345')]],
    ['a longer word', [el('00080070', 'LO', 'Sleeve Erikason')]],
    ['digits of a UID', [el('0020000d', 'UI', '2.25.9471193')]],
    ['a longer UID', [el('0020000d', 'UI', '1.2.345')]],
    ['a voxel', [el('7fe00010', 'OW', bytes('Erika '))]],
  ];
  for (const [what, extra] of no) assert.ok(!(await found(extra)), what);
});

test('a name is found in other exported files: NIfTI header, NRRD fields, JSON, gzip, file names', async () => {
  const nifti = Buffer.alloc(400);
  nifti.writeInt32BE(348, 0);
  nifti.writeFloatBE(352, 108);
  const nrrd = (end: string) => Buffer.from(`NRRD0004${end}type: short${end}content: Erika${end}${end}xx`);
  const files: [string, Uint8Array, boolean][] = [
    ['a.nii', Buffer.concat([nifti.subarray(0, 148), Buffer.from('by erika'), nifti.subarray(156)]), true],
    ['b.nii', Buffer.concat([nifti.subarray(0, 360), Buffer.from('Erika'), nifti.subarray(365)]), false],
    ['a.nii.gz', gzipSync(Buffer.concat([nifti.subarray(0, 148), Buffer.from('Erika'), nifti.subarray(153)])), true],
    ['broken.gz', gzipSync(Buffer.alloc(400)).subarray(0, 20), true],
    ['a.nrrd', nrrd('\n'), true],
    ['b.nrrd', nrrd('\r\n'), true],
    ['c.nrrd', Buffer.from('NRRD0004\ntype: short\ncontent: Erika'), true],
    ['a.json', Buffer.from('{"name":"ERIKA"}'), true],
    ['erika_1.txt', Buffer.from('nothing'), true],
    ['b.json', Buffer.from('{"name":"Amerika"}'), false],
  ];
  for (const [name, content, expected] of files) {
    const to = fresh();
    writeFileSync(join(to, name), content);
    assert.equal((await findIdentifiers(to, ['Erika'])).length > 0, expected, name);
  }
});

test('words that name nobody are not looked for', () => {
  assert.deepEqual(needlesFor(['ANON', 'von', 'None', 'Anna']).in('ANON-1234 none von Anna'), ['Anna']);
});

const LOOKED_FOR: [identifier: string, text: string, found: boolean][] = [
  ['Anna', 'anna_brain', true],
  ['Anna', 'scanAnnaBrain', true],
  ['Anna', 'Hannah', false],
  ['Anna', 'ANNA', true],
  ['12345', 'ID 12345', true],
  ['12345', 'ID0012345', false],
  ['12345', '123456', false],
  ['12345', '1.2.12345.6', false],
  ['12345', '1.2.3 and 12345', true],
  ['1.2.3', '1.2.3', true],
  ['1.2.3', '1.2.3.4', false],
  ['1.2.3', '11.2.3', false],
  ['MRN-77', 'the mrn-77b', true],
  ['MRN-77', 'MRN 77', false],
  ['Jörg', 'JO\u0308RG', true],
];

test('names are found by word, numbers and UIDs whole, a number never within a UID, the rest anywhere', () => {
  for (const [identifier, text, found] of LOOKED_FOR)
    assert.deepEqual(needlesFor([identifier]).in(text), found ? [identifier] : [], `${identifier} in ${text}`);
});

test('the parts of a name that are looked for name somebody; short ones count too, as whole words', () => {
  assert.deepEqual(nameParts("Doe^Jane=von Lee, Li O'Hara-Anonymous"), ['Doe', 'Jane', 'Lee', 'Li', 'Hara']);
});

test('no VR that holds free text or bytes is kept but by name, and every name kept is such an attribute', () => {
  const free = ['PN', 'LO', 'SH', 'LT', 'ST', 'UT', 'UC', 'UR', 'AE', 'DA', 'DT', 'TM', 'UN', 'OB', 'OW', 'OF', 'OD', 'OL', 'OV']; // biome-ignore format: a list
  const kept: string[] = [];
  for (const group of [
    '0008',
    '0018',
    '0020',
    '0022',
    '0024',
    '0028',
    '0048',
    '0052',
    '0054',
    '0062',
    '0066',
    '3006',
    '300e',
    '7fe0',
  ])
    for (let element = 1; element < 0x10000; element++) {
      const tag = group + element.toString(16).padStart(4, '0');
      const vr = standardVr(tag);
      if (vr && free.includes(vr) && actionFor(tag, undefined) === 'keep') kept.push(tag);
    }
  assert.deepEqual(kept, [...TEXT_KEPT].sort());
  assert.equal(actionFor('00080070', 'UN'), 'remove');
  assert.equal(actionFor('00180050', 'LO'), 'remove', 'free text where the standard has a number');
  assert.equal(actionFor('00180050', 'FD'), 'remove', 'bytes where the standard has text');
  assert.equal(actionFor('00180050', 'DS'), 'keep');
});

test('an overlay in the spare bits of pixels is refused', () => {
  const extra = () => [el('60000100', 'US', [16]), el('60000102', 'US', [12])];
  const [path] = writeSeries(fresh(), { positions: [[0, 0, 0]], extra });
  assert.throws(() => deidentify(path, readFileSync(path), OPTIONS), { code: 'deid/burned-in' });
});

test('dcmtk reads a de-identified implicit file without complaint', { skip: missing('dcmdump') }, () => {
  const out = join(fresh(), 'x.dcm');
  writeFileSync(out, deidentify('x', implicit(file()), OPTIONS));
  const said = execFileSync('sh', ['-c', 'dcmdump "$1" 2>&1', 'sh', out], { encoding: 'utf8' });
  assert.doesNotMatch(said, /^[EW]:/m);
  assert.match(said, /\(0008,0104\) LO \[local code\]/);
});
