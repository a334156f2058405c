/** A DICOMweb server that gives less than it has: asked on, counted, never taken for whole. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { readDicomHeader } from '../../src/imaging/dicom/dataset.ts';
import { fetchStudy, searchSeries, searchStudies } from '../../src/imaging/dicomweb.ts';
import { importFromServer } from '../../src/project/services/import/import-dicomweb.ts';
import { codes, newProject } from '../services/helpers.ts';
import { rejectsWith, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const STUDIES = ['1.2.1', '1.2.2', '1.2.3', '1.2.4', '1.2.5'];
const objects = await Promise.all(
  STUDIES.map(async (study, s) => {
    const positions = Array.from({ length: 8 }, (_, k) => [0, 0, 3 * k]);
    const paths = writeSeries(join(folder, study), { positions, value: (i, j, k) => 1000 * s + i + 10 * j + 60 * k });
    return Promise.all(
      paths.map(async (path) => ({
        bytes: readFileSync(path),
        sop: (await readDicomHeader(path)).dataSet.string('x00080018')!,
      })),
    );
  }),
);

interface Behaviour {
  /** Rows a page. */
  page?: number;
  /** Says that there is more. */
  warns?: boolean;
  /** Objects that a series' answer holds. */
  cap?: number;
  status?: number;
  /** Instances are listed and given one by one. */
  instances?: boolean;
  /** The first requests fail with this status, or the connection drops. */
  failing?: { times: number; status?: number };
  /** The answer breaks off after the objects. */
  cut?: boolean;
  /** Series that the study is said to have. */
  series?: number;
  ignoresOffset?: boolean;
}

async function serve(b: Behaviour): Promise<{ server: { url: string; retryMs: number }; asked: string[] }> {
  const asked: string[] = [];
  let failed = 0;
  const http = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    asked.push(url.pathname.replace('/dicom-web', '') + url.search);
    if (b.failing && failed < b.failing.times) {
      failed++;
      if (b.failing.status === undefined) response.socket?.destroy();
      else response.writeHead(b.failing.status).end();
      return;
    }
    answer(url, response, b);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  after(() => http.close());
  return { asked, server: { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/dicom-web`, retryMs: 1 } };
}

const cell = (vr: string, value: string | number) => ({ vr, Value: [value] });

function answer(url: URL, response: ServerResponse, b: Behaviour): unknown {
  const offset = b.ignoresOffset ? 0 : Number(url.searchParams.get('offset') ?? 0);
  const rows = (all: object[]): unknown => {
    const part = all.slice(offset, offset + (b.page ?? 1000));
    const more = b.warns && offset + part.length < all.length;
    response.writeHead(part.length > 0 ? 200 : 204, {
      'content-type': 'application/dicom+json',
      ...(more ? { warning: '299 x: There are additional results that can be requested' } : {}),
    });
    return response.end(part.length > 0 ? JSON.stringify(part) : undefined);
  };
  const path = url.pathname.replace('/dicom-web', '').split('/').filter(Boolean);
  const s = STUDIES.indexOf(path[1]);
  if (path.length === 1) {
    const one = url.searchParams.get('StudyInstanceUID');
    const matching = STUDIES.filter((study) => one === null || study === one);
    return rows(
      matching.map((study) => ({
        '0020000D': cell('UI', study),
        '00201206': cell('IS', b.series ?? 1),
        '00201208': cell('IS', 8),
      })),
    );
  }
  if (path.length === 3)
    return rows([{ '0020000E': cell('UI', `9.${s}`), '00080060': cell('CS', 'CT'), '00201209': cell('IS', 8) }]);
  if (path.length === 5) {
    if (!b.instances) return response.writeHead(404).end();
    return rows(objects[s].map(({ sop }) => ({ '00080018': cell('UI', sop) })));
  }
  const wanted = path.length === 6 ? objects[s].filter(({ sop }) => sop === path[5]) : objects[s].slice(0, b.cap ?? 8);
  response.writeHead(path.length === 4 ? (b.status ?? 200) : 200, {
    'content-type': 'multipart/related; type="application/dicom"; boundary=xyz',
  });
  for (const { bytes } of wanted) {
    response.write('\r\n--xyz\r\nContent-Type: application/dicom\r\n\r\n');
    response.write(bytes);
  }
  return response.end(b.cut && path.length === 4 ? '\r\n--xyz\r\nContent-Type: app' : '\r\n--xyz--\r\n');
}

test('a search goes on until nothing comes, with and without a warning', async () => {
  for (const warns of [true, false]) {
    const { server, asked } = await serve({ page: 2, warns });
    assert.deepEqual(await searchStudies(server, { PatientID: 'P0' }), STUDIES);
    assert.ok(asked.includes('/studies?PatientID=P0&offset=4'));
  }
  const stubborn = await serve({ page: 2, ignoresOffset: true });
  assert.deepEqual(await searchStudies(stubborn.server), STUDIES.slice(0, 2));
  const liar = await serve({ page: 2, warns: true, ignoresOffset: true });
  await rejectsWith(searchStudies(liar.server), 'dicomweb/answer');
});

const fetched = (server: { url: string }, expected?: number) =>
  fetchStudy(server, STUDIES[0], join(folder, `out${n++}`), { seriesUid: '9.0', expected });

test('an answer of fewer objects than the series has is refused, with status 206 and 200', async () => {
  for (const status of [206, 200]) {
    const { server } = await serve({ cap: 5, status });
    await assert.rejects(fetched(server, 8), /must give all 8 objects of series 9.0, got 5/);
  }
  // Where the number is not known, 206 alone says so.
  await rejectsWith(fetched((await serve({ cap: 5, status: 206 })).server), 'dicomweb/incomplete');
  assert.equal((await fetched((await serve({})).server, 8)).length, 8);
});

test('what is missing is asked for one by one, after an answer that broke off too', async () => {
  for (const b of [{ cap: 5, status: 206 }, { cap: 5 }, { cap: 3, cut: true }]) {
    const { server, asked } = await serve({ ...b, instances: true });
    assert.equal((await fetched(server, 8)).length, 8);
    assert.equal(asked.filter((path) => path.split('/').length === 7).length, 8 - b.cap);
  }
});

test('a busy server and a dropped connection are asked again, an answer of no is not', async () => {
  for (const status of [503, 429, undefined]) {
    const { server, asked } = await serve({ failing: { times: 2, status } });
    assert.equal((await searchSeries(server, STUDIES[0])).length, 1);
    assert.ok(asked.length >= 3);
  }
  const down = await serve({ failing: { times: 99, status: 503 } });
  await rejectsWith(searchSeries(down.server, STUDIES[0]), 'dicomweb/answer');
  assert.equal(down.asked.length, 4);
  const denied = await serve({ failing: { times: 99, status: 401 } });
  await rejectsWith(searchSeries(denied.server, STUDIES[0]), 'dicomweb/denied');
  assert.equal(denied.asked.length, 1);
});

const query = { studies: [], match: { PatientID: 'P0' } };
async function imported(t: TestContext, b: Behaviour) {
  const { server } = await serve(b);
  return importFromServer(newProject(t), server, query);
}

test('all of five studies are imported from a server that gives two an answer', async (t) => {
  const report = await imported(t, { page: 2, warns: true });
  assert.deepEqual([report.added.length, codes(report.failures)], [5, []]);
});

test('half a series is not imported, and a study of more series than are listed is named', async (t) => {
  await rejectsWith(imported(t, { cap: 5 }), 'dicomweb/incomplete');
  const report = await imported(t, { series: 2 });
  assert.deepEqual([report.added.length, [...new Set(codes(report.failures))]], [5, ['dicomweb/incomplete']]);
});

test('a fetch that was killed is taken up where it ended: what lies there is not asked for again', async () => {
  const to = join(folder, `out${n++}`);
  const first = await serve({ cap: 6, status: 206, instances: false });
  await rejectsWith(fetchStudy(first.server, STUDIES[0], to, { seriesUid: '9.0', expected: 8 }), 'dicomweb/incomplete');
  const files = readdirSync(to).sort();
  assert.equal(files.length, 6);
  // One was half written when the program died, as was one of another process.
  truncateSync(join(to, files[5]), 200);
  const again = await serve({ instances: true });
  const got = await fetchStudy(again.server, STUDIES[0], to, { seriesUid: '9.0', expected: 8 });
  assert.equal(got.length, 8);
  const given = again.asked.filter((path) => !path.endsWith('/instances') && !path.includes('offset'));
  assert.deepEqual(given.map((path) => path.split('/').length), [7, 7, 7]); // biome-ignore format: one row
  assert.equal(
    new Set(await Promise.all(got.map(async (f) => (await readDicomHeader(f)).dataSet.string('x00080018')))).size,
    8,
  );
  // Whole already: nothing is asked.
  const third = await serve({});
  await fetchStudy(third.server, STUDIES[0], to, { seriesUid: '9.0', expected: 8 });
  assert.deepEqual(third.asked, []);
});

test('an import that was killed while it fetched asks for what is missing alone, and leaves nothing behind', async (t) => {
  const store = newProject(t);
  const slow = await serve({ instances: true });
  const stopped = new AbortController();
  const options = { onFetch: (count: number) => count === 20 && stopped.abort() };
  await assert.rejects(importFromServer(store, { ...slow.server, signal: stopped.signal }, query, options));
  assert.deepEqual(store.scans.list(), []);
  const whole = (asked: string[]) => asked.filter((path) => /^\/studies\/[^/]+\/series\/[^/]+$/.test(path)).length;
  assert.equal(whole(slow.asked), 3);
  const report = await importFromServer(store, slow.server, query);
  assert.deepEqual([report.added.length, codes(report.failures)], [5, []]);
  // Two series were whole; of the third the rest came one by one, where half of it was there.
  assert.ok(whole(slow.asked) <= 3 + 3, slow.asked.join(' '));
  assert.deepEqual(readdirSync(store.folder).filter((name) => name === 'fetched'), []); // biome-ignore format: one row
});

test('half a series stays for the next try', async (t) => {
  const store = newProject(t);
  const one = { studies: [STUDIES[0]], match: {} };
  const b: Behaviour = { cap: 5 };
  const { server, asked } = await serve(b);
  await rejectsWith(importFromServer(store, server, one), 'dicomweb/incomplete');
  Object.assign(b, { cap: 8, instances: true });
  const report = await importFromServer(store, server, one);
  assert.equal(report.added.length, 1);
  assert.equal(asked.filter((path) => path.split('/').length === 7).length, 3);
});
