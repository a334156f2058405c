import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { el, encodeFile, encodeSet, newUid } from '../../src/imaging/dicom/encode.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { fuzz } from './fuzz/fuzz.ts';
import { readers } from './fuzz/readers.ts';
import { rejectsWith, scratch } from './helpers.ts';

/** The long run is test/imaging/fuzz/run.ts; codecs are slower per input. */
const COUNT: Record<string, number> = { 'dicom-codecs': 20 };

for (const reader of await readers()) {
  test(`damaged ${reader.name} inputs are read or refused with a code, within five seconds`, async () => {
    const { findings } = await fuzz(reader, 1, COUNT[reader.name] ?? 100);
    assert.deepEqual(findings, []);
  });
}

const folder = scratch();

test('a gzip bomb behind a small header costs only the voxels that the header states', async () => {
  const path = join(folder, 'bomb.nii.gz');
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, 4, 4, 4].forEach((d, k) => {
    header.writeInt16LE(d, 40 + 2 * k);
  });
  header.writeInt16LE(4, 70);
  for (const k of [0, 1, 2, 3]) header.writeFloatLE(1, 76 + 4 * k);
  header.writeFloatLE(352, 108);
  header.write('n+1\0', 344, 'latin1');
  // 256 MB of zeros compress to 250 kB.
  writeFileSync(path, gzipSync(Buffer.concat([header, Buffer.alloc(256e6)]), { level: 9 }));
  const before = process.memoryUsage().arrayBuffers;
  const { volume } = await readVolume(path);
  assert.equal(volume.data.length, 64);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64e6, 'memory grew with the bomb');
});

test('found by fuzzing: an element that ends behind the file is refused with a code', async () => {
  const path = join(folder, 'behind.dcm');
  const bytes = Buffer.from(
    encodeFile([el('00080060', 'CS', 'CT'), el('00200032', 'DS', [1, 2, 3])], '1.2.3', newUid()),
  );
  // The last element's value is the six bytes "1\\2\\3 "; its length stands before it.
  bytes.writeUInt16LE(600, bytes.length - 8);
  writeFileSync(path, bytes);
  await rejectsWith(readVolume(path), 'scan/truncated');
});

test('DICOM sequences nested ten thousand deep are refused, not a crash', async () => {
  const path = join(folder, 'deep.dcm');
  const open = Buffer.from('0800401153510000ffffffff' + 'feff00e0ffffffff', 'hex');
  const bytes = Buffer.concat([
    Buffer.from(encodeFile([], '1.2.3', newUid())),
    ...Array.from({ length: 10_000 }, () => open),
  ]);
  writeFileSync(path, bytes);
  await assert.rejects(readVolume(path), (error: { code: string }) => /^scan\//.test(error.code));
});

test('a deflated data set that grows without end is refused', async () => {
  const path = join(folder, 'deflate.dcm');
  const { deflateRawSync } = await import('node:zlib');
  const file = encodeFile([], '1.2.3', newUid(), '1.2.840.10008.1.2.1.99');
  const body = encodeSet([el('00080060', 'CS', 'CT')]);
  writeFileSync(path, Buffer.concat([file, deflateRawSync(Buffer.concat([body, Buffer.alloc(1.2e9)]))]));
  await rejectsWith(readVolume(path), 'scan/corrupt');
});
