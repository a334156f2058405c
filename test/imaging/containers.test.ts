/** Files as odd writers make them: each must be read as the same series in plain files. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { type DicomElement, el } from '../../src/imaging/dicom/encode.ts';
import { discoverScans, readMask, readVolume, writeDicomSeg } from '../../src/imaging/index.ts';
import { GRIDS, missing, rejectsWith, scratch, writeSeries } from './helpers.ts';
import { enhanced, rtStruct } from './objects.ts';

const folder = scratch();
let count = 0;
const fresh = () => join(folder, `c${count++}`);
const series = (here: string, extra: DicomElement[] = []) =>
  writeSeries(here, {
    positions: [0, 3, 6, 9].map((z) => [-10, -20, z]),
    value: (i, j, k) => 10 * i - 7 * j + 100 * k,
    extra: () => extra,
  });

/** Every file of `here` changed by its bytes; `meta` is where the data set begins. */
const rewritten = (here: string, change: (file: Buffer, meta: number) => Buffer) => {
  for (const path of series(here)) {
    const file = readFileSync(path);
    writeFileSync(path, change(file, 144 + file.readUInt32LE(140)));
  }
};

/** The file with another transfer syntax in its meta group; the data set stays. */
function restated(file: Buffer, meta: number, syntax: string): Buffer {
  const value = Buffer.from(syntax.length % 2 ? `${syntax}\0` : syntax, 'latin1');
  const at = file.indexOf(Buffer.from('02001000', 'hex'), 132) + 8;
  const length = file.readUInt16LE(at - 2);
  const out = Buffer.concat([file.subarray(0, at), value, file.subarray(at + length)]);
  out.writeUInt16LE(value.length, at - 2);
  out.writeUInt32LE(out.readUInt32LE(140) + value.length - length, 140);
  assert.equal(out.length - file.length, value.length - length, `${meta}`);
  return out;
}

const converted = (here: string, ...options: string[]) => {
  for (const name of readdirSync(here)) {
    execFileSync('dcmconv', [...options, join(here, name), join(here, `${name}.new`)]);
    renameSync(join(here, `${name}.new`), join(here, name));
  }
};

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const ODD: Record<string, { make: (here: string) => void; needs?: string }> = {
  'no preamble and no meta group': { make: (here) => rewritten(here, (file, meta) => file.subarray(meta)) },
  'a meta group without preamble': { make: (here) => rewritten(here, (file) => file.subarray(132)) },
  'zeros behind the pixels': { make: (here) => rewritten(here, (file) => Buffer.concat([file, Buffer.alloc(1000)])) },
  'a padding element behind the pixels': {
    make: (here) => void series(here, [el('fffcfffc', 'OB', new Uint8Array(100))]),
  },
  '64-bit elements': {
    make: (here) =>
      void series(here, [
        ...[el('00091001', 'OV', new Uint8Array(16)), el('00091002', 'SV', new Uint8Array(8))],
        ...[el('7fe00001', 'OV', new Uint8Array(8)), el('7fe00002', 'OV', new Uint8Array(8))],
      ]),
  },
  'an icon with pixels of its own': {
    make: (here) =>
      void series(here, [
        el('00880200', 'SQ', [
          [el('00280010', 'US', 2), el('00280011', 'US', 2), el('7fe00010', 'OB', new Uint8Array(4))],
        ]),
      ]),
  },
  'a header of 100 kB': { make: (here) => void series(here, [el('00091010', 'OB', new Uint8Array(100_000))]) },
  'an explicit data set stated as implicit': {
    make: (here) => rewritten(here, (file, meta) => restated(file, meta, IMPLICIT)),
  },
  'an implicit data set stated as explicit': {
    make: (here) => {
      series(here);
      converted(here, '+ti');
      for (const name of readdirSync(here)) {
        const file = readFileSync(join(here, name));
        writeFileSync(join(here, name), restated(file, 144 + file.readUInt32LE(140), EXPLICIT));
      }
    },
    needs: 'dcmconv',
  },
  'implicit without meta group': {
    make: (here) => {
      series(here);
      converted(here, '+ti', '-F');
    },
    needs: 'dcmconv',
  },
  'big endian': {
    make: (here) => {
      series(here);
      converted(here, '+tb');
    },
    needs: 'dcmconv',
  },
  'sequences of undefined length': {
    make: (here) => {
      series(here, [el('00082112', 'SQ', [[el('00081155', 'UI', '1.2.3')], [el('00081155', 'UI', '1.2.4')]])]);
      converted(here, '-e');
    },
    needs: 'dcmconv',
  },
  'GE’s private syntax with big-endian pixels': {
    make: (here) => {
      series(here);
      converted(here, '+ti');
      for (const name of readdirSync(here)) {
        const file = readFileSync(join(here, name));
        file.subarray(file.lastIndexOf(Buffer.from('e07f1000', 'hex')) + 8).swap16();
        writeFileSync(join(here, name), restated(file, 0, '1.2.840.113619.5.2'));
      }
    },
    needs: 'dcmconv',
  },
};

for (const [name, { make, needs }] of Object.entries(ODD)) {
  test(`${name}: read as the plain series`, { skip: needs ? missing(needs) : false }, async () => {
    const [plain, here] = [fresh(), fresh()];
    series(plain);
    make(here);
    const [expected, got] = [await readVolume(plain), await readVolume(here)];
    assert.deepEqual(got.volume, expected.volume);
  });
}

test('a functional group that an archive stored as UN is found', async () => {
  const [plain, here] = [fresh(), fresh()];
  series(plain);
  // The icon's sequence with its VR overwritten, its items in implicit VR as PS3.5 (6.2.2) demands.
  const item = Buffer.from('feff00e00a000000' + '28001000' + '02000000' + '0200', 'hex');
  series(here, [el('00880200', 'UN', new Uint8Array(item))]);
  assert.deepEqual((await readVolume(here)).volume, (await readVolume(plain)).volume);
});

for (const options of [['+ti'], ['+te', '-e'], ['+ti', '-e'], ['+tb'], ['+td']])
  test(`objects with sequences are the same after dcmconv ${options.join(' ')}`, {
    skip: missing('dcmconv'),
  }, async () => {
    const grid = GRIDS.axial;
    const here = fresh();
    mkdirSync(here);
    const path = (name: string) => join(here, name);
    const mask = { ...grid, data: Uint8Array.from({ length: 210 }, (_, n) => n % 3) };
    const segments = [1, 2].map((value) => ({ value, label: `L${value}`, algorithm: 'MANUAL' as const }));
    await writeDicomSeg(path('seg'), mask, { segments });
    writeFileSync(path('enhanced'), enhanced());
    writeFileSync(path('contours'), rtStruct(grid));
    const read = async () => ({
      enhanced: (await readVolume(path('enhanced'))).volume,
      seg: (await readMask(path('seg'), grid)).data,
      contours: (await readMask(path('contours'), grid)).data,
    });
    const before = await read();
    converted(here, ...options);
    assert.deepEqual(await read(), before);
    assert.ok(before.seg.some((v) => v === 2) && before.contours.some((v) => v === 2));
  });

test('DICOMDIR names its folder; an archive among the files must be unpacked first; viewers on discs are passed over', async () => {
  const here = fresh();
  series(join(here, 'DICOM'));
  for (const name of ['DICOMDIR', 'viewer.exe', 'viewer.dll', 'AUTORUN.INF', 'index.htm'])
    writeFileSync(join(here, name), Buffer.alloc(200));
  assert.deepEqual((await readVolume(join(here, 'DICOMDIR'))).volume.size, [8, 6, 4]);
  writeFileSync(join(here, 'more.zip'), 'PK');
  const { sources, failures } = await discoverScans(here);
  assert.equal(sources.length, 1);
  assert.deepEqual(
    failures.map((f) => [basename(f.path), f.code]),
    [['more.zip', 'file/packed']],
  );
});

test('one file that breaks off fails its series and says which file', async () => {
  const here = fresh();
  const paths = series(here);
  const file = readFileSync(paths[2]);
  writeFileSync(paths[2], file.subarray(0, file.length - 10));
  await rejectsWith(readVolume(here), 'scan/truncated');
});
