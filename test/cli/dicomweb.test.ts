import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchStudy, searchSeries, searchStudies, storeFiles } from '../../src/imaging/dicomweb.ts';
import { discoverScans, readDicomSeg, readScan, writeDicomSeg } from '../../src/imaging/index.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { noOrthanc, withOrthanc } from '../imaging/orthanc.ts';
import { decile } from './run.ts';

const folderFor = (t: { after(fn: () => void): void }) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-dicomweb-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

test('a study with its SEG is fetched from Orthanc into a project, and the project’s SEG is stored there', {
  skip: noOrthanc,
}, async (t) => {
  const folder = folderFor(t);
  await withOrthanc(join(folder, 'orthanc'), async (url) => {
    const pacs = join(folder, 'pacs');
    const positions = [0, 1, 2, 3].map((k) => [0, 0, 2 * k]);
    const files = writeSeries(pacs, { positions });
    const [source] = (await discoverScans(pacs)).sources;
    const { volume } = await readScan(source);
    const mask = { ...volume, data: Uint8Array.from(volume.data, (_, n) => n % 2) };
    const seg = join(folder, 'seg.dcm');
    await writeDicomSeg(seg, mask, { segments: [{ value: 1, label: 'Kidney', algorithm: 'MANUAL' }], source });
    await storeFiles({ url }, [...files, seg]);
    const project = join(folder, 'project');
    await decile(['new', project, '--label', 'kidney', '--preset', 'ct-kidney']);
    const [study] = await searchStudies({ url });
    const fetched = await decile(['import', project, '--dicomweb', url, '--study', study, '--json']);
    assert.equal(fetched.status, 0, fetched.stderr);
    const report = fetched.json() as { added: unknown[]; masks: unknown[]; failures: unknown[] };
    assert.deepEqual([report.added.length, report.masks.length, report.failures], [1, 1, []]);
    assert.deepEqual(readdirSync(project).filter((name) => name.startsWith('.incoming')), []); // biome-ignore format: short
    const again = await decile(['import', project, '--dicomweb', url, '--match', 'PatientName=Doe*', '--json']);
    assert.equal((again.json() as { duplicates?: unknown[] }).duplicates?.length, 1, again.stdout);
    const nobody = await decile(['import', project, '--dicomweb', url, '--match', 'PatientID=8', '--json']);
    assert.match(nobody.stdout, /dicomweb\/nothing/);
    const out = join(folder, 'out');
    const stored = await decile(['export', project, out, '--format', 'seg', '--stow', url, '--json']);
    assert.equal(stored.status, 0, stored.stderr);
    assert.equal((stored.json() as { stored: number }).stored, 1);
    const series = (await searchSeries({ url }, study)).filter(({ modality }) => modality === 'SEG');
    assert.equal(series.length, 2);
    for (const { seriesUid } of series) {
      const [file] = await fetchStudy({ url }, study, join(folder, seriesUid), { seriesUid });
      assert.deepEqual((await readDicomSeg(file)).segments[0].mask, mask.data);
    }
  });
});

test('the authorization comes from the environment and goes to the server alone', async (t) => {
  const folder = folderFor(t);
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`;
  const project = join(folder, 'project');
  await decile(['new', project, '--label', 'kidney', '--preset', 'ct-kidney']);
  const env = { DECILE_DICOMWEB_AUTHORIZATION: 'Bearer secret-word' };
  const denied = await decile(['import', project, '--dicomweb', url, '--study', '1.2.3'], { env });
  assert.equal(denied.status, 1);
  assert.match(denied.stderr, /dicomweb\/denied/);
  assert.doesNotMatch(denied.stdout + denied.stderr, /secret-word/);
  assert.deepEqual(seen, ['Bearer secret-word']);
});

test('a server without a study, a study without a server, and a server beside a folder are wrong use', async (t) => {
  const folder = folderFor(t);
  for (const args of [
    ['--dicomweb', 'http://x'],
    ['--study', '1.2'],
    [folder, '--dicomweb', 'http://x', '--study', '1.2'],
    [],
  ]) {
    const { stderr, status } = await decile(['import', folder, ...args]);
    assert.ok(status !== 0);
    assert.match(stderr, /option\/invalid/);
  }
});
