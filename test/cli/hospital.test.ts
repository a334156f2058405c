import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { discoverScans, readDicomSeg, readScan, writeDicomSeg } from '../../src/imaging/index.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { decile } from './run.ts';

/** A PACS folder with one series and its SEG of two segments, and a project that knows one of them. */
async function hospital(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'decile-hospital-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const pacs = join(folder, 'pacs');
  const images = writeSeries(pacs, { positions: [0, 1, 2, 3].map((k) => [0, 0, 2 * k]) });
  const [source] = (await discoverScans(pacs)).sources;
  const { volume } = await readScan(source);
  const mask = { ...volume, data: Uint8Array.from(volume.data, (_, n) => n % 3) };
  const segment = (value: number, label: string) => ({ value, label, algorithm: 'MANUAL' as const });
  await writeDicomSeg(join(pacs, 'IM9'), mask, { segments: [segment(1, 'Kidney'), segment(2, 'Spleen')], source });
  const project = join(folder, 'project');
  await decile(['new', project, '--label', 'kidney', '--preset', 'ct-kidney']);
  return { folder, pacs, project, images, mask };
}

test('import, export as SEG, hand over without identity, and search what is handed over', async (t) => {
  const { folder, pacs, project, images, mask } = await hospital(t);
  const imported = await decile(['import', project, pacs]);
  // The spleen is none of the project's labels: said, and the exit code says "partly".
  assert.equal(imported.status, 4, imported.stderr);
  assert.match(imported.stdout, /1 scan and 1 mask imported/);
  assert.match(imported.stdout, /mask\/unknown-segment: .*2 Spleen/);
  const out = join(folder, 'out');
  const exported = await decile(['export', project, out, '--format', 'seg']);
  assert.equal(exported.status, 0, exported.stderr);
  const seg = await readDicomSeg(join(out, readdirSync(out)[0]));
  assert.deepEqual(
    seg.segments[0].mask,
    mask.data.map((v) => (v === 1 ? 1 : 0)),
  );
  const clean = join(folder, 'clean');
  const key = join(folder, 'key.json');
  const handed = await decile(['export', project, clean, '--format', 'seg', '--deidentify', '--key', key, '--json']);
  assert.equal(handed.status, 0, handed.stderr);
  assert.equal((handed.json() as { files: string[] }).files.length, images.length + 1);
  const searched = await decile(['identifiers', clean, '--originals', pacs]);
  assert.deepEqual([searched.status, searched.stdout.trim()], [0, 'No identifier was found.']);
  const found = await decile(['identifiers', out, '--originals', pacs, '--json']);
  assert.equal(found.status, 1);
  assert.ok((found.json() as { leaks: unknown[] }).leaks.length > 0);
});

test('a folder of DICOM files is copied without identity; wrong use is told', async (t) => {
  const { folder, pacs, project, images } = await hospital(t);
  const out = join(folder, 'copies');
  const copied = await decile(['deidentify', pacs, out, '--shift-days', '100']);
  assert.equal(copied.status, 0, copied.stderr);
  assert.equal(readdirSync(out).length, images.length + 1);
  const again = await decile(['deidentify', pacs, out]);
  assert.match(again.stderr, /export\/exists/);
  const alone = await decile(['export', project, out, '--format', 'seg', '--key', join(folder, 'k')]);
  assert.match(alone.stderr, /option\/invalid/);
  mkdirSync(join(folder, 'empty'));
  assert.match((await decile(['deidentify', join(folder, 'empty'), join(folder, 'x')])).stderr, /import\/no-scans/);
});
