/**
 * JPEG 2000 and HTJ2K streams state precision and sign for themselves, and the header states them, too. Where the two differ the
 * stream's bits are the pattern and Pixel Representation says how it is meant: as pydicom's sign correction says (6192 for a 13-bit -2000 in an unsigned
 * image), and as it reads them where it is there.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readVolume } from '../../src/imaging/index.ts';
import { scratch } from './helpers.ts';
import { coded, streamFile } from './stream-files.ts';

const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noPydicom =
  spawnSync(PYTHON, ['-c', 'import pydicom, PIL']).status === 0
    ? false
    : 'pydicom and Pillow are not installed (set DECILE_PYTHON to a Python that has them)';

interface Signs {
  what: string;
  stream: { bits: number; signed: boolean };
  header: { stored: number; signed: boolean };
  /** What is in the stream, and what it means. */
  values: [number, number][];
}
const CASES: Signs[] = [
  {
    what: 'both signed, 12 bits',
    stream: { bits: 12, signed: true },
    header: { stored: 12, signed: true },
    values: [[-241, -241], [-2048, -2048], [2047, 2047], [0, 0]],
  },
  {
    what: 'both unsigned, 12 bits',
    stream: { bits: 12, signed: false },
    header: { stored: 12, signed: false },
    values: [[3855, 3855], [4095, 4095], [0, 0]],
  },
  {
    what: 'an unsigned stream of a signed image, 13 bits',
    stream: { bits: 13, signed: false },
    header: { stored: 13, signed: true },
    values: [[6192, -2000], [4095, 4095], [4096, -4096], [0, 0]],
  },
  {
    what: 'an unsigned stream of 12 bits in a signed image of 16',
    stream: { bits: 12, signed: false },
    header: { stored: 16, signed: true },
    values: [[3855, -241], [2047, 2047], [0, 0]],
  },
  {
    what: 'a signed stream of an unsigned image, 13 bits',
    stream: { bits: 13, signed: true },
    header: { stored: 13, signed: false },
    values: [[-2000, 6192], [-1, 8191], [4095, 4095], [0, 0]],
  },
  {
    what: 'a signed stream of an unsigned image, 12 bits',
    stream: { bits: 12, signed: true },
    header: { stored: 12, signed: false },
    values: [[-241, 3855], [-1, 4095], [2047, 2047]],
  },
  {
    what: 'a signed stream of 12 bits in a signed image of 16',
    stream: { bits: 12, signed: true },
    header: { stored: 16, signed: true },
    values: [[-241, -241], [2047, 2047]],
  },
  {
    what: 'a signed stream of an unsigned image, 16 bits',
    stream: { bits: 16, signed: true },
    header: { stored: 16, signed: false },
    values: [[-2000, 63536], [-1, 65535], [5, 5]],
  },
]; // biome-ignore format: a table

const size = { columns: 160, rows: 96 };
const filled = (values: readonly number[]) =>
  Int16Array.from({ length: size.columns * size.rows }, (_, n) => values[(n >> 2) % values.length]);
const folder = scratch();

for (const codec of ['jpeg-2000', 'htj2k'] as const)
  for (const { what, stream, header, values } of CASES)
    test(`${codec}: ${what}`, async () => {
      const path = join(folder, `${codec}-${what}.dcm`);
      const bytes = await coded(codec, size, filled(values.map(([coded]) => coded)), stream);
      writeFileSync(path, streamFile(codec, { ...size, ...header }, bytes));
      const meant = values.map(([, value]) => value);
      const expected = Array.from({ length: size.columns * size.rows }, (_, n) => meant[(n >> 2) % meant.length]);
      assert.deepEqual([...(await readVolume(path)).volume.data], expected);
    });

const READ = `
import sys, pydicom, numpy as np
for path in sys.argv[1:]:
    print(' '.join(str(v) for v in pydicom.dcmread(path).pixel_array.astype(np.int64).ravel()))
`;
/** Pillow moves the values of signed streams up by half their range; pydicom undoes that in signed images alone, against its own words. */
const READ_BY_PILLOW = CASES.filter(({ stream, header }) => header.signed || !stream.signed);
test('pydicom reads the same of JPEG 2000', { skip: noPydicom }, async () => {
  const paths = READ_BY_PILLOW.map(({ what }) => join(folder, `jpeg-2000-${what}.dcm`));
  const theirs = execFileSync(PYTHON, ['-c', READ, ...paths], { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n'); // biome-ignore format: one call
  for (const [n, path] of paths.entries())
    assert.deepEqual(
      [...(await readVolume(path)).volume.data],
      theirs[n].split(' ').map(Number),
      READ_BY_PILLOW[n].what,
    );
});

const mismatch = noPydicom
  ? ''
  : execFileSync(PYTHON, ['-c', "from pydicom.data import get_testdata_file as f; print(f('J2K_pixelrep_mismatch.dcm', download=False) or '')"], { encoding: 'utf8' }).trim(); // biome-ignore format: one call
test("pydicom's own file whose sign is stated two ways", {
  skip: existsSync(mismatch) ? false : 'pydicom with its J2K_pixelrep_mismatch.dcm is not installed',
}, async () => {
  const theirs = execFileSync(PYTHON, ['-c', READ, mismatch], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const slope = "import sys, pydicom; d = pydicom.dcmread(sys.argv[1]); print(float(d.get('RescaleSlope', 1)), float(d.get('RescaleIntercept', 0)))"; // biome-ignore format: one program
  const [a, b] = execFileSync(PYTHON, ['-c', slope, mismatch], { encoding: 'utf8' }).split(' ').map(Number); // biome-ignore format: one call
  const expected = theirs.trim().split(' ').map((v) => Number(v) * a + b); // biome-ignore format: one chain
  assert.deepEqual([...(await readVolume(mismatch)).volume.data], expected);
});
