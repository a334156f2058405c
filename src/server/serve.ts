/** `decile serve`: the program in a browser on this machine, until Ctrl-C. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { about } from '../api/about.ts';
import type { Api } from '../api/api.ts';
import { createApi } from '../api/index.ts';
import { type Address, keptAddress } from '../api/kept-address.ts';
import { userFolder } from '../api/settings.ts';
import { createApp } from '../app.ts';
import { DecileError } from '../shared/errors.ts';
import { type RunningServer, startServer } from './server.ts';

export interface ServeOptions {
  port?: number;
  /** A project folder to open at once. */
  project?: string;
  /** Folder of the built window. */
  pages: string;
  token?: string;
}

/**
 * Starts the server, where the one before it was that was killed and not stopped; throws `server/not-built` before the window was
 * built.
 */
export async function serve({ port = 0, project, pages, token }: ServeOptions): Promise<RunningServer> {
  const key = token ?? fromEnvironment();
  if (!existsSync(join(pages, 'index.html')))
    throw new DecileError(
      'server/not-built',
      `The window must be built into ${pages}, got no index.html there.`,
      'Run `npm run build` first; `npm run serve` does so by itself.',
    );
  const documents = process.env.DECILE_DOCUMENTS || join(homedir(), 'Decile');
  const api = createApi(
    { about: () => about('server'), chooseFolder: async () => null, browsing: true, documents },
    createApp(),
    userFolder(),
  );
  if (project) await api.call('projects.open', { folder: api.registerFolder(project).folder });
  const kept = keptAddress(userFolder(), project && resolve(project));
  const server = await started(api, pages, { port, token: key }, kept.take());
  kept.keep({ port: Number(new URL(server.origin).port), token: server.token });
  return {
    ...server,
    async close() {
      kept.forget();
      await server.close();
      await api.close();
    },
  };
}

/** Under the address before where that is asked for or nothing else is, and free; else under a new one. */
async function started(
  api: Api,
  pages: string,
  { port, token }: { port: number; token: string | undefined },
  before: Address | null,
): Promise<RunningServer> {
  if (before && token === undefined && (port === 0 || port === before.port))
    try {
      return await startServer(api, { pages, ...before });
    } catch (error) {
      if (!(error instanceof DecileError) || error.code !== 'server/port-taken' || port !== 0) throw error;
    }
  return startServer(api, { pages, port, token });
}

/** The key from DECILE_TOKEN: arguments stand in the list of processes, for every user to read. Trainings do not inherit it. */
function fromEnvironment(): string | undefined {
  const token = process.env.DECILE_TOKEN;
  delete process.env.DECILE_TOKEN;
  if (token === undefined || token === '') return undefined;
  if (/^[\w.~-]{16,}$/.test(token)) return token;
  throw new DecileError(
    'option/invalid',
    `DECILE_TOKEN must be 16 or more letters, digits or -._~, got ${token.length} signs.`,
    'Make one with `openssl rand -hex 24`, or leave it out.',
  );
}
