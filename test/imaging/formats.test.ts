import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMPRESSED } from '../../src/imaging/dicom/codecs.ts';
import { TRANSFER } from '../../src/imaging/dicom/dataset.ts';
import { readVolume } from '../../src/imaging/index.ts';
import { DICOM, noData, scratch } from './helpers.ts';
import { coded, streamFile } from './stream-files.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/formats.md'), 'utf8');
/** Rows of the first table after a heading. */
function table(heading: string): string[][] {
  const section = page
    .slice(page.indexOf(`## ${heading}`))
    .split('\n')
    .slice(1);
  const end = section.findIndex((l) => l.startsWith('## '));
  return section
    .slice(0, end < 0 ? undefined : end)
    .filter((l) => l.startsWith('|'))
    .slice(2)
    .map((l) =>
      l
        .split('|')
        .slice(1, -1)
        .map((c) => c.trim()),
    );
}

test('the page lists the transfer syntaxes that are read, no more and no less', () => {
  const listed = table('Transfer syntaxes').map(([uid, name]) => [uid, name]);
  const read = [...COMPRESSED].map(([uid, { name }]) => [uid, name]);
  const plain = [TRANSFER.implicitLittle, TRANSFER.explicitLittle, TRANSFER.deflated, TRANSFER.explicitBig];
  assert.deepEqual(listed.map(([uid]) => uid).sort(), [...plain, ...read.map(([uid]) => uid)].sort());
  for (const [uid, name] of read)
    assert.ok(
      listed.some((l) => l[0] === uid && l[1] === name),
      `${uid} ${name}`,
    );
});

const rows = table('Files of');
test('the page lists every file of the transfer-syntax folder', { skip: noData }, () => {
  assert.deepEqual(rows.map((r) => r[0]).sort(), readdirSync(join(DICOM, 'transfer-syntaxes')).sort());
});
for (const [file, expected] of rows) {
  test(`${file} gives what the page says`, { skip: noData }, async () => {
    const path = join(DICOM, 'transfer-syntaxes', file);
    const code = /^`(.*)`$/.exec(expected)?.[1];
    if (code) return assert.rejects(readVolume(path), { code });
    const { volume } = await readVolume(path);
    const bound = expected === 'equal to CTImage.dcm' ? 0 : Number(/^within (\d+)/.exec(expected)?.[1] ?? Number.NaN);
    if (Number.isNaN(bound)) return assert.equal(volume.size.join(' x '), expected);
    const reference = (await readVolume(join(DICOM, 'transfer-syntaxes/CTImage.dcm'))).volume.data;
    let worst = 0;
    for (let n = 0; n < reference.length; n++) worst = Math.max(worst, Math.abs(reference[n] - volume.data[n]));
    assert.ok(worst <= bound, `off by ${worst}`);
  });
}

for (const codec of ['htj2k', 'jpeg-2000'] as const)
  test(`${codec} written by its own encoder comes back bit for bit, signed and unsigned`, async () => {
    const folder = scratch();
    for (const signed of [false, true]) {
      const values = Int16Array.from({ length: 160 * 96 }, (_, n) => ((n * 37) % 3000) - (signed ? 1500 : 0));
      const path = join(folder, `${codec}-${signed}.dcm`);
      const header = { columns: 160, rows: 96, stored: 16, signed };
      writeFileSync(path, streamFile(codec, header, await coded(codec, header, values, { bits: 16, signed })));
      assert.deepEqual([...(await readVolume(path)).volume.data], [...values]);
    }
  });
