/**
 * The loopback server of `decile serve`: the same handlers for a browser on this machine.
 * It listens on 127.0.0.1 alone. Its page takes the random token out of the address and sends it with every request: a cookie would go to
 * every other port of this machine too. Host and Origin are checked on every request, so that a page from elsewhere (DNS rebinding, a
 * form) cannot speak to it. The page's own files hold nothing of a patient, and need no token.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { WebSocketServer } from 'ws';
import type { Api } from '../api/api.ts';
import { errorInfo } from '../api/errors.ts';
import { CONTENT_SECURITY_POLICY, readPage } from '../api/pages.ts';
import {
  type ErrorInfo,
  EVENTS_PROTOCOL,
  KEY_PROTOCOL,
  PROJECT_HEADER,
  WINDOW_PROTOCOL,
} from '../shared/contract/index.ts';
import { DecileError } from '../shared/errors.ts';

export interface ServerOptions {
  /** Folder of the built window (out/renderer). */
  pages: string;
  /** 0 takes a free one. */
  port: number;
  token?: string;
}

export interface RunningServer {
  /** With the token: what the user opens. */
  url: string;
  origin: string;
  token: string;
  close(): Promise<void>;
}

/** Largest body of a call; voxels go to /data, with a limit of their own. */
const CALL_BYTES = 8 << 20;
const DATA_BYTES = 4 * 2 ** 30;

export async function startServer(
  api: Api,
  { pages, port, token = randomBytes(24).toString('base64url') }: ServerOptions,
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    guard(response);
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof DecileError && error.code === 'server/too-large')
        sendError(response, 413, errorInfo(error));
      else
        sendError(response, 500, {
          code: 'server/failed',
          message: `The answer must be made, got ${(error as Error).message}.`,
          cure: 'Try again.',
        });
    });
  });
  // Longer than a person's pause: a call must not meet a connection that is just being closed.
  server.keepAliveTimeout = 120_000;
  // Whoever goes away in the middle ends his connection, not the program; sockets that become WebSockets included.
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  // What is no HTTP gets an answer like every other.
  server.on('clientError', (_, socket) => void (socket.writable && socket.end(bareAnswer('400 Bad Request'))));
  server.on('checkExpectation', (_, response) => guard(response).writeHead(417).end());
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024, handleProtocols: () => EVENTS_PROTOCOL });
  sockets.on('wsClientError', (_, socket) => socket.end(bareAnswer('400 Bad Request')));
  let host = '';

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Whoever opens an address by hand gets words to read, the program's own calls get JSON.
    const deny = (status: number, error: ErrorInfo): void =>
      request.headers['sec-fetch-dest'] === 'document'
        ? sendPage(response, status, error)
        : sendError(response, status, error);
    const refusal = refuse(request);
    if (refusal) return deny(refusal.status, refusal.error);
    const url = addressOf(request, host);
    if (!url) return deny(404, notFound(request.url ?? ''));
    const asked = url.pathname === '/' ? url.searchParams.get('token') : null;
    if (asked !== null && !same(asked, token)) return deny(403, WRONG_TOKEN);
    if (url.pathname.startsWith('/call/') || url.pathname.startsWith('/data/')) {
      if (!hasToken(request, url)) return deny(403, WRONG_TOKEN);
      return url.pathname.startsWith('/call/')
        ? answerCall(request, response, url.pathname.slice('/call/'.length))
        : answerData(request, response, url);
    }
    const page = await readPage(pages, url.pathname);
    if (!page) return deny(404, notFound(url.pathname));
    response.writeHead(200, {
      'content-type': page.type,
      'content-security-policy': CONTENT_SECURITY_POLICY,
    });
    response.end(page.bytes);
  }

  async function answerCall(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    // A form cannot send this type without a preflight, which nobody answers.
    if (request.method !== 'POST' || !request.headers['content-type']?.startsWith('application/json')) {
      return sendError(response, 415, {
        code: 'server/bad-call',
        message: 'A call must be a POST of application/json.',
        cure: 'Reload the page.',
      });
    }
    const body = await readBody(request, CALL_BYTES);
    let input: unknown;
    try {
      input = (JSON.parse(new TextDecoder().decode(body)) as { input?: unknown }).input;
    } catch {
      return sendError(response, 400, {
        code: 'server/bad-call',
        message: 'The body of a call must be JSON.',
        cure: 'Reload the page.',
      });
    }
    const reply = await api.dispatch(name, input, request.headers[PROJECT_HEADER]);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply));
  }

  async function answerData(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const result = await api.data({
      method: request.method ?? 'GET',
      url,
      contentType: request.headers['content-type'] ?? '',
      body: () => readBody(request, DATA_BYTES),
    });
    response.writeHead(result.status, { ...Object.fromEntries(result.headers), 'cache-control': 'no-store' });
    if (result.body) await pipeline(Readable.fromWeb(result.body as ReadableStream), response);
    else response.end();
  }

  /** Host and Origin; null when both are ours. */
  function refuse(request: IncomingMessage): { status: number; error: ErrorInfo } | null {
    if (request.headers.host !== host) {
      return {
        status: 421,
        error: {
          code: 'server/wrong-host',
          message: `The Host must be ${host}, got ${request.headers.host ?? 'none'}.`,
          cure: 'Open the address that `decile serve` printed.',
        },
      };
    }
    const from = foreignOrigin(request, host);
    if (from !== null) {
      return {
        status: 403,
        error: {
          code: 'server/wrong-origin',
          message: `The Origin must be http://${host}, got ${from}.`,
          cure: "Only the program's own page may call it.",
        },
      };
    }
    return null;
  }

  /** In a header; of pictures, which cannot send one, in the address; of the events as a protocol. */
  const hasToken = (request: IncomingMessage, url: URL): boolean => {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const picture = request.method === 'GET' && url.pathname.startsWith('/data/') ? url.searchParams.get('key') : null;
    const event = url.pathname === '/events' ? said(request, KEY_PROTOCOL) : undefined;
    return same(bearer ?? picture ?? event ?? '', token);
  };

  server.on('upgrade', (request, socket, head) => {
    // A browser always names the Origin of a WebSocket; without one it is not our page.
    const url = addressOf(request, host);
    const { origin } = request.headers;
    if (refuse(request) || origin === undefined || url?.pathname !== '/events' || !hasToken(request, url))
      return void socket.end(bareAnswer('403 Forbidden'));
    sockets.handleUpgrade(request, socket, head, (client) => {
      // A closed page says nothing more: its connection ends, and with it what it holds.
      const unsubscribe = api.subscribe(
        (message) => client.send(JSON.stringify(message)),
        said(request, WINDOW_PROTOCOL),
      );
      client.on('close', unsubscribe);
      client.on('error', () => client.terminate());
    });
  });

  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'EADDRINUSE'
          ? new DecileError(
              'server/port-taken',
              `The port must be free, got ${port} in use.`,
              'Choose another --port, or leave it out.',
            )
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  host = `127.0.0.1:${typeof address === 'object' && address ? address.port : port}`;
  return {
    url: `http://${host}/?token=${token}`,
    origin: `http://${host}`,
    token,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/**
 * What a request of another page says of itself; null for our own. Browsers say where a request comes from: another site's may open the
 * page, and nothing else.
 */
function foreignOrigin({ headers }: IncomingMessage, host: string): string | null {
  const { origin, 'sec-fetch-site': site, 'sec-fetch-dest': destination } = headers;
  if (origin !== undefined && origin !== `http://${host}`) return origin;
  return (site === 'cross-site' || site === 'same-site') && destination !== 'document' ? site : null;
}

/** On every answer: no guessing of types, no use by other sites' pages, nothing kept where others may read it. */
const GUARDS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const guard = (response: ServerResponse): ServerResponse => response.setHeaders(new Map(Object.entries(GUARDS)));

/** An answer without a body, for connections that have no response object. */
const bareAnswer = (status: string): string =>
  `HTTP/1.1 ${status}\r\nConnection: close\r\n${Object.entries(GUARDS)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/**
 * The address of a request; null where it is none. Appended, not resolved: `//`, which a page elsewhere can ask for, is a path here, and
 * must not throw, as nobody would catch it where connections become WebSockets.
 */
const addressOf = ({ url = '/' }: IncomingMessage, host: string): URL | null =>
  url.startsWith('/') ? URL.parse(`http://${host}${url}`) : null;

/** What the WebSocket's protocols say after `before`. */
const said = ({ headers }: IncomingMessage, before: string): string | undefined =>
  headers['sec-websocket-protocol']
    ?.split(/, */)
    .find((one) => one.startsWith(before))
    ?.slice(before.length);

const notFound = (path: string): ErrorInfo => ({
  code: 'server/not-found',
  message: `The address must be a page of the program, got ${path}.`,
  cure: 'Open the address that `decile serve` printed.',
});

const WRONG_TOKEN: ErrorInfo = {
  code: 'server/wrong-token',
  message: 'The token must be the one that `decile serve` printed.',
  cure: 'Open the whole address from the terminal.',
};

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

function sendError(response: ServerResponse, status: number, error: ErrorInfo): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(error));
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function sendPage(response: ServerResponse, status: number, { code, message, cure }: ErrorInfo): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="dark light"><title>Decile</title><h1>Decile does not open here</h1><p>${escaped(message)}</p><p>${escaped(cure)}</p><p><small>${escaped(code)}</small></p></html>`,
  );
}

/** Reads to the end even what is too large: a connection closed before reaches the window as a reset, not as an answer. */
async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (length > limit)
    throw new DecileError(
      'server/too-large',
      `A request must be at most ${limit} bytes, got more.`,
      'Reload the page.',
    );
  return Buffer.concat(chunks, length);
}
