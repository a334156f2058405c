/** What files of a hospital hid from de-identification, case by case; and that what names nobody leaves whole. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDicom, text } from '../../src/imaging/dicom/dataset.ts';
import { el } from '../../src/imaging/dicom/encode.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { deidentifyFolder } from '../../src/project/services/export/deidentify.ts';
import { DICOM, noData, scratch, writeSeries } from './helpers.ts';

const SOURCE = join(import.meta.dirname, '../../../shared/cases/saving/deid-leaks/src');
const noCases = existsSync(SOURCE) ? false : 'the folder ../shared/cases/saving is absent';
const folder = scratch();
let n = 0;
const fresh = () => join(folder, `l${n++}`);

/** Of every case: the patient, the study, the hospital. */
const COMMON = 'Zwickelmann Adelgunde PID8842197 8842197 19531117 20240229 4711081 4711082 4711083 ACC55901 Quellenthal Oberhuber Kreszenz'.split(' '); // biome-ignore format: a list
const PLANTED: Record<string, string[]> = {
  '02': ['Friedgund', 'Xaveria'], '03': ['Wolfhilde', 'Zwiebl'], '05': ['Leokadia'], '06': ['Notburga'], '09': ['Ermintrud'],
  '10': ['Irmentraud', 'Pfaff', '5550199'], '17': ['Walburga', 'Nachbarin'], '18': ['Kunigunde'], '20': ['Theolinde', 'Wart'],
  '21': ['Ehrengard'], '22': ['Philomena'], '23': ['Gerlinde', 'HUBER77', 'KSQ'], '24': ['王小东'], '25': ['山田', 'Yamada', 'Tarou'],
  '26': ['Müßiggänger'], '30': ['Sieglinde', '5550188'], '31': ['20240117', '20231104'], '35': ['Hadwig'], '36': ['Li Wu'],
}; // biome-ignore format: a table
/** Cases that cannot leave: names in the pixels, said or not, and a table that is text. All others must. */
const REFUSED: Record<string, string> = { '07': 'deid/burned-in', '22': 'deid/pixels', '39': 'export/identifiers' };

const encodings = (word: string): Buffer[] => [
  ...['utf8', 'utf16le', ...(/^[ -\xff]*$/.test(word) ? ['latin1'] : [])].map((encoding) =>
    Buffer.from(word, encoding as BufferEncoding),
  ),
  ...(word === '王小东' ? [Buffer.from('cdf5d0a1b6ab', 'hex')] : []),
  ...(word === '山田' ? [Buffer.from('3b334544', 'hex')] : []),
];
const holds = (bytes: Buffer, word: string): boolean => {
  // New UIDs are random digits, which may hold any short number by chance.
  const low = bytes
    .toString('latin1')
    .replace(/2\.25\.\d+/g, '')
    .toLowerCase();
  return encodings(word).some((form) => low.includes(form.toString('latin1').toLowerCase()));
};
const filesBelow = (path: string) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dcm'));

for (const [mode, dates] of [
  ['removed', 'remove'],
  ['shifted', { shiftDays: 100 }],
] as const)
  for (const name of noCases ? ['all'] : readdirSync(SOURCE).sort())
    test(`deid-leaks ${name}, dates ${mode}`, { skip: noCases }, async () => {
      const [from, to] = [join(SOURCE, name), fresh()];
      const number = name.slice(0, 2);
      let code = '';
      try {
        const { failures } = await deidentifyFolder(from, to, { dates });
        code = failures[0]?.code ?? '';
      } catch (error) {
        code = (error as { code: string }).code;
      }
      assert.equal(code, REFUSED[number] ?? '');
      for (const file of filesBelow(to)) {
        const bytes = readFileSync(join(to, file));
        const found = [...COMMON, ...(PLANTED[number] ?? [])].filter(
          (word) => holds(bytes, word) || file.includes(word),
        );
        assert.deepEqual(found, [], file);
      }
      if (code === '') assert.deepEqual((await readVolume(to)).volume.data, (await readVolume(from)).volume.data);
      else assert.deepEqual(filesBelow(to), [], 'what was found out does not stay behind');
    });

const one = (extra: () => ReturnType<typeof el>[]) => {
  const from = fresh();
  mkdirSync(from);
  const [path] = writeSeries(from, { positions: [[0, 0, 0]], extra });
  return { from, path };
};
const leaves = async (extra: () => ReturnType<typeof el>[]) => {
  const { from } = one(extra);
  const to = fresh();
  const { failures } = await deidentifyFolder(from, to, { dates: 'remove' });
  assert.deepEqual(failures, []);
  const { volume } = await readVolume(to);
  assert.deepEqual(volume.data, (await readVolume(from)).volume.data);
  const bytes = readFileSync(join(to, filesBelow(to)[0]));
  return { bytes, dataSet: parseDicom('x', bytes).dataSet };
};

test('a clean file keeps what programs read: terms, kernels, versions, codes of shared schemes, a table of numbers', async () => {
  const ramp = new Uint8Array(new Uint16Array(4096).map((_, k) => 0x6000 + k).buffer);
  const { dataSet } = await leaves(() => [
    el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'AXIAL', 'CT_SOM5 SPI']),
    el('00080070', 'LO', 'Philips Medical Systems'),
    el('00080102', 'SH', ''),
    el('00081090', 'LO', 'Biograph 64'),
    el('00100010', 'PN', 'Li^Philips'),
    el('00100020', 'LO', '512'),
    el('00180015', 'CS', 'LIVER'),
    el('00180050', 'DS', '512'),
    el('00181020', 'LO', ['syngo CT VA48A', '27\\LX']),
    el('00181210', 'SH', 'B30f'),
    el('00185100', 'CS', 'HFS'),
    el('00082218', 'SQ', [
      [el('00080100', 'SH', '10200004'), el('00080102', 'SH', 'SCT'), el('00080104', 'LO', 'Liver')],
    ]),
    el('00283000', 'SQ', [
      [el('00283002', 'US', [4096, 0, 16]), el('00283004', 'LO', 'HU'), el('00283006', 'OW', ramp)],
    ]),
  ]);
  assert.equal(dataSet.string('x00080008'), 'ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI');
  assert.equal(dataSet.string('x00080070'), 'Philips Medical Systems');
  assert.equal(dataSet.string('x00180015'), 'LIVER', '"Li" is not found in it');
  assert.equal(dataSet.string('x00180050'), '512');
  assert.equal(dataSet.string('x00181020'), 'syngo CT VA48A\\27\\LX');
  assert.equal(dataSet.string('x00181210'), 'B30f');
  assert.equal(dataSet.string('x00185100'), 'HFS');
  const code = dataSet.elements.x00082218.items?.[0].dataSet;
  assert.ok(code);
  assert.equal(text(code, 'x00080104'), 'Liver');
  assert.equal(dataSet.elements.x00283000.items?.[0].dataSet?.elements.x00283006.length, 8192);
});

for (const [what, patient, planted, bytes] of [
  ['a Korean name', 'Hong^Gildong=洪^吉洞=홍^길동', el('00181210', 'SH', '홍길동'), '홍길동'],
  ['a Chinese name of one and one character', '李^明', el('00181210', 'SH', '李明'), '李明'],
  ['a name of two letters in a kernel', 'Li^Wu', el('00181210', 'SH', 'for Li'), 'Li'],
  ['a name without its accents', 'Müller^Änne', el('00081090', 'LO', 'MUELLER scan'), 'MUELLER'],
  ['a Cyrillic name', 'Иванов^Иван', el('00081090', 'LO', 'room of Иванов'), 'Иванов'],
  ['a name as a unit', 'Doe^Jane', el('00281054', 'LO', 'Doe'), 'Doe'],
  ['a stranger in a body part', 'Doe^Jane', el('00180015', 'CS', 'WALBURGA'), 'WALBURGA'],
  ['a short number in an acquisition number', 'Doe^Jane', el('00200012', 'IS', '4711'), '4711'],
  ['a number in a slope', 'Doe^Jane', el('00180088', 'DS', '4711222'), '4711222'],
  ['a number in a slope with an exponent', 'Doe^Jane', el('00180088', 'DS', '4.711222e6'), '4.711222'],
  ['a negative number in a slope', 'Doe^Jane', el('00180088', 'DS', '-4711222.0'), '4711222'],
  ['a divided number in an acquisition number', 'Doe^Jane', el('00200012', 'IS', '4711333'), '4711333'],
  ['the second number of a slope', 'Doe^Jane', el('00181149', 'DS', ['1', '4711222']), '4711222'],
  ['a day of birth, day first', 'Doe^Jane', el('00200012', 'IS', '17111953'), '17111953'],
] as const)
  test(`${what} does not leave`, async () => {
    const { bytes: out } = await leaves(() => [
      el('00080005', 'CS', 'ISO_IR 192'),
      el('00100010', 'PN', patient),
      el('00100020', 'LO', what.includes('slope') ? '4711222' : what.includes('divided') ? '47-11 333' : '4711'),
      el('00100030', 'DA', '19531117'),
      planted,
    ]);
    assert.ok(!holds(out, bytes));
  });

test('words in the spare bits of signed values do not leave, and the values stay', async () => {
  const words = Buffer.from('PID8842197 of 19531117');
  // Values of 8 bits below the letters: -128 to 127.
  const values = new Uint8Array(Uint16Array.from({ length: 64 }, (_, n) => ((words[n] ?? 0) << 8) | (n * 4)).buffer);
  const { bytes } = await leaves(() => [
    ...[el('00280010', 'US', 8), el('00280011', 'US', 8), el('00280103', 'US', 1)],
    ...[el('00280101', 'US', 8), el('00280102', 'US', 7), el('7fe00010', 'OW', values)],
  ]);
  const upper = bytes.subarray(-128).filter((_, n) => n % 2 === 1);
  assert.deepEqual(new Set(upper), new Set([0x00, 0xff]));
});

test('names that are words of the makers and of the standard stop no file', async () => {
  const { dataSet } = await leaves(() => [
    el('00080070', 'LO', 'SIEMENS'),
    el('00100010', 'PN', 'Siemens^Hand'),
    el('00180015', 'CS', 'HAND'),
  ]);
  assert.equal(dataSet.string('x00080070'), 'SIEMENS');
  assert.equal(dataSet.string('x00180015'), 'HAND');
});

test('every compressed transfer syntax leaves with its voxels, and without what stands between its segments', {
  skip: noData,
}, async () => {
  for (const name of readdirSync(join(DICOM, 'transfer-syntaxes')).filter((file) => file.endsWith('.dcm'))) {
    const from = fresh();
    mkdirSync(from);
    writeFileSync(join(from, 'x.dcm'), readFileSync(join(DICOM, 'transfer-syntaxes', name)));
    let before: unknown;
    try {
      before = (await readVolume(from)).volume.data;
    } catch {
      continue; // No volume: nothing to compare.
    }
    const to = fresh();
    const { failures } = await deidentifyFolder(from, to, { dates: 'remove' });
    assert.deepEqual(failures, [], name);
    assert.deepEqual((await readVolume(to)).volume.data, before, name);
  }
});
