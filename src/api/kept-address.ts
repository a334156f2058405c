/**
 * Where a server is, kept in the user's own folder from its start until the user stops it: one that was killed comes back under the same
 * port and key, so that its windows find it and save what they hold.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, writeFileAtomic } from '../disk/index.ts';

export interface Address {
  port: number;
  token: string;
}

export interface KeptAddress {
  /** Of a server that is gone and was not stopped; null without one. */
  take(): Address | null;
  /** Says where this one is; one that lives beside it keeps its own. */
  keep(address: Address): void;
  /** The user has stopped it. */
  forget(): void;
}

/**
 * @param folder the user's own
 * @param project the folder that the server was started with
 */
export function keptAddress(folder: string, project: string | undefined): KeptAddress {
  const name = project === undefined ? 'none' : createHash('sha256').update(project).digest('hex').slice(0, 16);
  const path = join(folder, 'servers', `${name}.json`);
  const kept = (): (Address & { pid: number }) | null => {
    try {
      const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<Address & { pid: number }>;
      const { port, token, pid } = found;
      const sound = Number.isInteger(port) && typeof token === 'string' && token.length >= 16 && Number.isInteger(pid);
      return sound ? (found as Address & { pid: number }) : null;
    } catch {
      return null;
    }
  };
  let own: string | null = null;
  return {
    take() {
      const found = kept();
      return found && !isAlive(found.pid) ? { port: found.port, token: found.token } : null;
    },
    keep({ port, token }) {
      const found = kept();
      if (found && found.token !== token && isAlive(found.pid)) return;
      writeFileAtomic(path, JSON.stringify({ port, token, pid: process.pid }));
      own = token;
    },
    forget() {
      if (own !== null && existsSync(path) && kept()?.token === own) rmSync(path, { force: true });
    },
  };
}
