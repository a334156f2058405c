/** Settings, recent projects, and where this user was in each: three small JSON files outside every project. */

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk/index.ts';
import { DATABASE_FILE } from '../project/store/index.ts';
import type { ProjectView, Settings } from '../shared/contract/index.ts';

const DEFAULT_SETTINGS: Settings = { theme: 'dark', showPatientNames: false, keys: {}, welcomed: false, person: '' };
const KEPT = 20;

export interface Recent {
  path: string;
  name: string;
  openedAt: string;
}

export interface UserFiles {
  settings(): Settings;
  change(change: Partial<Settings>): Settings;
  recent(): (Recent & { exists: boolean })[];
  /** Where the user was in a project, by its session; null where that is not known. */
  view(session: string): ProjectView | null;
  keepView(session: string, view: ProjectView): void;
  remember(path: string, name: string): void;
  forget(path: string): void;
}

/** The folder of this user's settings; DECILE_CONFIG overrides it (tests, portable installations). */
export const userFolder = (): string =>
  process.env.DECILE_CONFIG || join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'decile');

export function userFiles(folder: string): UserFiles {
  makeFolder(folder);
  const settingsPath = join(folder, 'settings.json');
  const recentPath = join(folder, 'recent.json');
  const viewsPath = join(folder, 'views.json');
  const read = <T>(path: string, fallback: T): T => {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as T;
    } catch {
      // First start, or a file damaged outside the program: settings are worth less than a start.
      return fallback;
    }
  };
  const settings = (): Settings => ({ ...DEFAULT_SETTINGS, ...read<Partial<Settings>>(settingsPath, {}) });
  /** The one kept last stands last. */
  const views = (): [string, ProjectView][] => {
    const list = read<unknown>(viewsPath, []);
    return Array.isArray(list) ? (list as [string, ProjectView][]) : [];
  };
  const recent = (): Recent[] => {
    const list = read<unknown>(recentPath, []);
    return Array.isArray(list) ? (list as Recent[]) : [];
  };
  const keep = (list: Recent[]) => writeFileAtomic(recentPath, JSON.stringify(list.slice(0, KEPT), null, 2));
  return {
    settings,
    change(change) {
      const next = { ...settings(), ...change };
      writeFileAtomic(settingsPath, JSON.stringify(next, null, 2));
      return next;
    },
    view: (session) => views().find(([name]) => name === session)?.[1] ?? null,
    keepView(session, view) {
      const others = views().filter(([name]) => name !== session);
      writeFileAtomic(viewsPath, JSON.stringify([...others, [session, view]].slice(-KEPT)));
    },
    recent: () => recent().map((entry) => ({ ...entry, exists: existsSync(join(entry.path, DATABASE_FILE)) })),
    remember(path, name) {
      const others = recent().filter((entry) => entry.path !== path);
      keep([{ path, name, openedAt: new Date().toISOString() }, ...others]);
    },
    forget: (path) => keep(recent().filter((entry) => entry.path !== path)),
  };
}
