import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { about } from '../../src/api/about.ts';
import type { Api } from '../../src/api/api.ts';
import { createApi } from '../../src/api/index.ts';
import { createApp } from '../../src/app.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';

const root = mkdtempSync(join(tmpdir(), 'decile-server-'));
let api: Api;
let server: RunningServer;

before(async () => {
  mkdirSync(join(root, 'pages'));
  writeFileSync(join(root, 'pages', 'index.html'), '<!doctype html><title>Decile</title>');
  writeFileSync(join(root, 'secret.html'), 'secret');
  const never = () => {
    throw new Error('No training in this test.');
  };
  api = createApi(
    { about: () => about('server'), chooseFolder: async () => null, browsing: true, documents: root },
    createApp(never),
    join(root, 'config'),
  );
  server = await startServer(api, { pages: join(root, 'pages'), port: 0 });
});
after(async () => {
  await server.close();
  await api.close();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}
/** Plain http: fetch would not let Host and Origin be forged. */
function ask(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.origin);
  return new Promise((done, fail) => {
    const call = request({ hostname, port, path, method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    call.on('error', fail);
    call.end(body);
  });
}
const bearer = () => ({ authorization: `Bearer ${server.token}` });
const json = () => ({ ...bearer(), 'content-type': 'application/json' });
const code = ({ text }: Answer): string => (JSON.parse(text) as { code: string }).code;

const GUARDS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

test('the page opens, sets no cookie, and every answer has its guards', async () => {
  const page = await ask(`/?token=${server.token}`);
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
  const call = { method: 'POST', headers: json(), body: '{}' };
  for (const answer of [
    page,
    await ask('/'),
    await ask('/?token=wrong'),
    await ask('/nothing'),
    await ask('/call/app.about', call),
    await ask('/call/app.about'),
    await ask('/data/thumbnail/1', { headers: bearer() }),
    await ask('/', { headers: { host: 'evil.example' } }),
  ]) {
    assert.equal(answer.headers['set-cookie'], undefined);
    for (const [name, value] of Object.entries(GUARDS)) assert.equal(answer.headers[name], value, name);
  }
});

test('no token, or a wrong one, gets no call and no data; a cookie is no token', async () => {
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { cookie: `decile=${server.token}` }] as Record<
    string,
    string
  >[]) {
    for (const path of ['/data/volume/1', '/data/thumbnail/1?key=wrong'])
      assert.equal(code(await ask(path, { headers })), 'server/wrong-token');
    const call = await ask(`/call/app.about?key=${server.token}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(code(call), 'server/wrong-token');
  }
  assert.equal(code(await ask('/?token=wrong')), 'server/wrong-token');
  assert.equal(code(await ask(`/data/thumbnail/1?key=${server.token}`)), 'project/none-open', 'a picture has its key');
});

test("another site's page gets nothing but a page", async () => {
  const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'script' };
  assert.equal(code(await ask('/', { headers: foreign })), 'server/wrong-origin');
  assert.equal((await ask('/', { headers: { ...foreign, 'sec-fetch-dest': 'document' } })).status, 200);
});

test('a foreign Host (DNS rebinding) is refused even with the token', async () => {
  const answer = await ask('/', { headers: { ...bearer(), host: 'evil.example:80' } });
  assert.equal(answer.status, 421);
  assert.equal(code(answer), 'server/wrong-host');
});

test('a foreign Origin is refused even with the token', async () => {
  const answer = await ask('/call/app.about', {
    method: 'POST',
    headers: { ...json(), origin: 'http://evil.example' },
    body: '{}',
  });
  assert.equal(answer.status, 403);
  assert.equal(code(answer), 'server/wrong-origin');
});

test('a form of another page cannot make a call', async () => {
  const answer = await ask('/call/app.about', {
    method: 'POST',
    headers: { ...bearer(), 'content-type': 'text/plain' },
    body: '{}',
  });
  assert.equal(code(answer), 'server/bad-call');
});

test('a call may have 8 MiB and no byte more', async () => {
  const call = (length: number) => {
    const [head, tail] = ['{"input":{"x":"', '"}}'];
    const body = head + 'x'.repeat(length - head.length - tail.length) + tail;
    return ask('/call/app.about', { method: 'POST', headers: json(), body });
  };
  assert.equal((await call(8 * 2 ** 20)).status, 200);
  const refused = await call(8 * 2 ** 20 + 1);
  assert.equal(refused.status, 413);
  const { code: said, message } = JSON.parse(refused.text) as { code: string; message: string };
  assert.deepEqual([said, message], ['server/too-large', 'A request must be at most 8388608 bytes, got more.']);
});

test('a body that is too large gets its answer while it is still being sent, from fetch too', async () => {
  const body = new Uint8Array(40 * 2 ** 20);
  const refused = await fetch(`${server.origin}/call/app.about`, { method: 'POST', headers: json(), body });
  assert.equal(refused.status, 413);
  assert.equal(((await refused.json()) as { code: string }).code, 'server/too-large');
});

test('connections that are reset, WebSockets that were asked for included, do not end the process', async () => {
  const { hostname, port } = new URL(server.origin);
  const head = (path: string, more: string) => `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${more}\r\n`;
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'; // biome-ignore format: one text
  const allowed = `Authorization: Bearer ${server.token}\r\nOrigin: ${server.origin}\r\n`;
  const reset = (text: string) =>
    new Promise<void>((done) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(text, () => socket.resetAndDestroy());
      });
      socket.on('error', () => {});
      socket.on('close', () => done());
    });
  for (let round = 0; round < 100; round++)
    await Promise.all([
      reset(head('/events', upgrade)),
      reset(head('/events', upgrade + allowed)),
      reset(head('/', '')),
      reset(
        `POST /call/app.about HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${allowed}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
      ),
      reset('nonsense\r\n\r\n'),
    ]);
  assert.equal((await ask('/')).status, 200);
});

/** What the server says to bytes that no client of HTTP would send. */
const said = (bytes: string): Promise<string> =>
  new Promise((done, fail) => {
    const socket = connect({ port: Number(new URL(server.origin).port), host: '127.0.0.1' }, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      // Every answer here is short, and whole at once.
      socket.destroy();
    });
    socket.on('close', () => done(text));
    socket.on('error', fail);
  });

test('addresses that are none, and what is no HTTP, get a guarded answer and do not end the process', async () => {
  const { host } = new URL(server.origin);
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';
  // `new WebSocket('ws://127.0.0.1:PORT//')` of any page asks for `//`.
  for (const [first, more, status] of [
    ['GET //', upgrade, 403],
    ['GET http://[', upgrade, 403],
    [
      'GET /events',
      `Origin: http://${host}\r\nAuthorization: Bearer ${server.token}\r\nSec-WebSocket-Key: x\r\n${upgrade}`,
      400,
    ],
    ['GET //', '', 404],
    ['GET /%zz', '', 404],
    ['POST /call/projects.current', 'Expect: a wonder\r\n', 417],
    ['POST /call/projects.current', 'Content-Length: -1\r\n', 400],
    ['\x16\x03\x01', '', 400],
  ] as const) {
    const answer = await said(`${first} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), first);
    assert.match(answer, /x-content-type-options: nosniff/i, first);
  }
  assert.equal((await ask('/')).status, 200);
});

test('a file outside the pages is not served', async () => {
  for (const path of ['/../secret.html', '/%2e%2e/secret.html', '/..%2fsecret.html', '/%00', '/%'])
    assert.equal(code(await ask(path, { headers: bearer() })), 'server/not-found');
});

test('the server listens on the loopback alone', () => {
  assert.equal(new URL(server.origin).hostname, '127.0.0.1');
});

const knock = (
  headers: Record<string, string>,
  origin?: string,
  protocols: string[] = [],
): Promise<'open' | 'refused'> =>
  new Promise((done) => {
    const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/events`, protocols, { headers, origin });
    socket.on('open', () => {
      socket.close();
      done('open');
    });
    socket.on('error', () => done('refused'));
  });

test('events need the token and our Origin', async () => {
  assert.equal(await knock(bearer(), server.origin), 'open');
  assert.equal(await knock({}, server.origin), 'refused');
  assert.equal(await knock(bearer(), 'http://evil.example'), 'refused');
  assert.equal(await knock(bearer()), 'refused');
  const protocols = (token: string) => ['decile-events', `decile-key.${token}`];
  assert.equal(await knock({}, server.origin, protocols(server.token)), 'open', 'as browsers can say it');
  assert.equal(await knock({}, server.origin, protocols('wrong')), 'refused');
});

test('a refused call comes back with code, message and cure', async () => {
  const answer = await ask('/call/scans.list', { method: 'POST', headers: json(), body: '{}' });
  const { ok, error } = JSON.parse(answer.text) as {
    ok: boolean;
    error: { code: string; message: string; cure: string };
  };
  assert.equal(ok, false);
  assert.equal(error.code, 'project/none-open');
  assert.ok(error.message && error.cure);
});

test('a folder that was never chosen cannot be opened', async () => {
  const answer = await ask('/call/projects.open', {
    method: 'POST',
    headers: json(),
    body: JSON.stringify({ input: { folder: '/etc' } }),
  });
  assert.equal((JSON.parse(answer.text) as { error: { code: string } }).error.code, 'folder/unknown');
});
