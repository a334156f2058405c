import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fetchStudy, searchSeries, searchStudies, storeFiles } from '../../src/imaging/dicomweb.ts';
import { discoverScans, readDicomSeg, readScan, readVolume, writeDicomSeg } from '../../src/imaging/index.ts';
import { rejectsWith, scratch, writeSeries } from './helpers.ts';
import { noOrthanc, withOrthanc } from './orthanc.ts';

const folder = scratch();

/** A server on the loopback for one test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`;
}

test('a multipart answer in any pieces becomes one file for each object', async () => {
  const made = join(folder, 'made');
  const objects = writeSeries(made, {
    positions: [
      [0, 0, 0],
      [0, 0, 2],
      [0, 0, 4],
    ],
  }).map((f) => readFileSync(f));
  for (const piece of [7, 100, 1 << 20]) {
    const url = await serve((_request, response) => {
      response.setHeader('content-type', 'multipart/related; type="application/dicom"; boundary=xyz');
      const body = Buffer.concat([
        ...objects.flatMap((o) => [
          Buffer.from('--xyz\r\nContent-Type: application/dicom\r\n\r\n'),
          o,
          Buffer.from('\r\n'),
        ]),
        Buffer.from('--xyz--\r\n'),
      ]);
      for (let at = 0; at < body.length; at += piece) response.write(body.subarray(at, at + piece));
      response.end();
    });
    const files = await fetchStudy({ url }, '1.2.3', join(folder, `out${piece}`));
    assert.deepEqual(
      files.map((f) => readFileSync(f)),
      objects,
    );
  }
});

test('a server that is absent, denies, lies or breaks off gives a coded error', async () => {
  await rejectsWith(searchStudies({ url: 'http://127.0.0.1:9/dicom-web' }), 'dicomweb/unreachable');
  await rejectsWith(searchStudies({ url: 'ftp://x' }), 'dicomweb/address');
  await rejectsWith(searchStudies({ url: 'nonsense' }), 'dicomweb/address');
  await rejectsWith(searchSeries({ url: 'http://127.0.0.1:9' }, '../../admin'), 'dicomweb/uid');
  const answer = async (status: number, type: string, body: string) => ({
    url: await serve((_q, r) => {
      r.writeHead(status, { 'content-type': type });
      r.end(body);
    }),
  });
  await rejectsWith(searchStudies(await answer(401, 'text/plain', 'no')), 'dicomweb/denied');
  await rejectsWith(searchStudies(await answer(200, 'text/html', '<html>')), 'dicomweb/answer');
  await rejectsWith(fetchStudy(await answer(200, 'text/html', '<html>'), '1.2', join(folder, 'a')), 'dicomweb/answer');
  await rejectsWith(
    fetchStudy(await answer(200, 'multipart/related; boundary=x', '--x\r\nA: b\r\n\r\nhalf'), '1.2', join(folder, 'b')),
    'dicomweb/answer',
  );
  await rejectsWith(
    fetchStudy(
      await answer(200, 'multipart/related; boundary=x', '--x\r\nA: b\r\n\r\nno dicom\r\n--x--'),
      '1.2',
      join(folder, 'c'),
    ),
    'dicomweb/answer',
  );
});

test(
  'a study goes to Orthanc by STOW-RS, comes back by QIDO-RS and WADO-RS, and so does its SEG',
  {
    skip: noOrthanc,
  },
  () =>
    withOrthanc(join(folder, 'orthanc'), async (url) => {
      const server = { url };
      const from = join(folder, 'study');
      const files = writeSeries(from, {
        positions: [
          [0, 0, 0],
          [0, 0, 2],
          [0, 0, 4],
        ],
      });
      await storeFiles(server, files);
      const [study] = await searchStudies(server, { PatientName: 'Doe*' });
      const series = await searchSeries(server, study);
      assert.deepEqual(
        series.map((s) => [s.modality, s.description]),
        [['CT', 'made up']],
      );
      const back = join(folder, 'back');
      await fetchStudy(server, study, back);
      assert.deepEqual((await readVolume(back)).volume, (await readVolume(from)).volume);
      const { sources } = await discoverScans(back);
      const { volume } = await readScan(sources[0]);
      const seg = join(folder, 'seg.dcm');
      const mask = { ...volume, data: Uint8Array.from(volume.data, (_, n) => n % 2) };
      await writeDicomSeg(seg, mask, {
        segments: [{ value: 1, label: 'Kidney', algorithm: 'MANUAL' }],
        source: sources[0],
      });
      await storeFiles(server, [seg]);
      const stored = (await searchSeries(server, study)).find((s) => s.modality === 'SEG')!;
      const [file] = await fetchStudy(server, study, join(folder, 'seg-back'), { seriesUid: stored.seriesUid });
      assert.deepEqual((await readDicomSeg(file)).segments[0].mask, mask.data);
    }),
);
