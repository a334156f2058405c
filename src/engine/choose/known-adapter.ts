/** Whether this machine has a GPU for the webgpu engine, as a process of its own found out: drivers can crash. */
import { keepInCache, keyOf, machineKey, readCache } from '../machine/cache-file.ts';

/** What the chooser has to know of an adapter. */
export interface KnownAdapter {
  name: string;
  /** Emulated by the processor: measured only when the engine is asked for by name. */
  software: boolean;
}

interface Look {
  adapter: KnownAdapter | null;
  /** Milliseconds since 1970. */
  at: number;
}

const FILE = 'gpu-adapter.json';
/** A driver may be installed later; an adapter that was found is not looked for again. */
const NONE_HOLDS_MS = 24 * 3600 * 1000;

/** Node and Electron reach a GPU on different ways. */
const key = (): string => keyOf(machineKey(), process.versions.electron ? 'electron' : 'node');

/** The adapter that was found; null for none; undefined where nobody looked, or not lately. */
export function knownAdapter(now = Date.now()): KnownAdapter | null | undefined {
  const look = readCache<Look>(FILE)[key()];
  if (!look || (look.adapter === null && now - look.at > NONE_HOLDS_MS)) return undefined;
  return look.adapter;
}

export function keepAdapter(found: KnownAdapter | null, at = Date.now()): void {
  const adapter = found && { name: found.name, software: found.software };
  keepInCache<Look>(FILE, key(), { adapter, at });
}
