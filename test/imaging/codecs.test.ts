/** Compressed pixels come back bit for bit from every encoder that can be had here: dcmtk's and Cornerstone's. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { el } from '../../src/imaging/dicom/encode.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { missing, scratch, writeSeries } from './helpers.ts';
import { enhanced } from './objects.ts';

const folder = scratch();
let count = 0;
const fresh = () => join(folder, `k${count++}`);

interface Pixels {
  stored: number;
  signed: boolean;
}
const series = (here: string, { stored, signed }: Pixels) =>
  writeSeries(here, {
    columns: 40,
    rows: 30,
    signed,
    positions: [0, 3, 6].map((z) => [-10, -20, z]),
    value: (i, j, k) => ((13 * i + 7 * j + 31 * k) % 997) - (signed ? 500 : 0),
    extra: () => [el('00280101', 'US', stored), el('00280102', 'US', stored - 1)],
  });

const encoded = (here: string, program: string, options: string[]) => {
  for (const name of readdirSync(here)) {
    execFileSync(program, [...options, join(here, name), join(here, `${name}.new`)], { stdio: 'ignore' });
    renameSync(join(here, `${name}.new`), join(here, name));
  }
};

const ENCODERS: Record<string, [program: string, ...options: string[]]> = {
  RLE: ['dcmcrle'],
  'JPEG lossless, first order': ['dcmcjpeg', '+e1'],
  'JPEG lossless, predictor 6': ['dcmcjpeg', '+el', '+sv', '6'],
  'JPEG-LS': ['dcmcjpls', '+el'],
};
const KINDS: Pixels[] = [
  { stored: 16, signed: true },
  { stored: 12, signed: true },
  { stored: 12, signed: false },
];

for (const [name, [program, ...options]] of Object.entries(ENCODERS)) {
  test(`${name}: signed and unsigned pixels of 12 and 16 bits equal the uncompressed ones`, {
    skip: missing(program),
  }, async () => {
    for (const kind of KINDS) {
      const [plain, here] = [fresh(), fresh()];
      series(plain, kind);
      series(here, kind);
      encoded(here, program, options);
      assert.deepEqual((await readVolume(here)).volume, (await readVolume(plain)).volume, JSON.stringify(kind));
    }
  });
}

test('JPEG-LS near-lossless is within its stated error', { skip: missing('dcmcjpls') }, async () => {
  const [plain, here] = [fresh(), fresh()];
  for (const path of [plain, here]) series(path, { stored: 12, signed: false });
  encoded(here, 'dcmcjpls', ['+en', '+md', '2']);
  const [a, b] = [(await readVolume(plain)).volume.data, (await readVolume(here)).volume.data];
  assert.ok(a.every((v, n) => Math.abs(v - b[n]) <= 2));
});

for (const [name, program, ...options] of [
  ['RLE', 'dcmcrle'],
  ['JPEG lossless', 'dcmcjpeg', '+e1'],
  ['JPEG-LS without offset table', 'dcmcjpls', '-ot'],
  ['JPEG-LS in fragments of one kilobyte', 'dcmcjpls', '+fs', '1'],
]) {
  test(`frames of an enhanced object in ${name} equal the uncompressed ones`, { skip: missing(program) }, async () => {
    const path = fresh();
    writeFileSync(path, enhanced());
    const { volume } = await readVolume(path);
    execFileSync(program, [...options, path, `${path}.new`], { stdio: 'ignore' });
    assert.deepEqual((await readVolume(`${path}.new`)).volume, volume);
  });
}
