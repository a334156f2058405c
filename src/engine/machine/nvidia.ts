/** What the machine says about NVIDIA GPUs, without loading anything. */
import { spawnSync } from 'node:child_process';

export interface NvidiaDriver {
  /** `NVIDIA H100, 79 GiB` for each GPU. */
  gpus: string[];
  version: string;
  /** Compute capabilities, as 9 or 8.6; empty where the driver is too old to tell. */
  capabilities: number[];
}

/** Asks nvidia-smi; undefined when there is no driver or no GPU. */
export function findNvidiaDriver(): NvidiaDriver | undefined {
  const rows = askNvidia('name,memory.total,driver_version');
  if (rows.length === 0) return undefined;
  return {
    gpus: rows.map(([name, mebibytes]) => `${name}, ${Math.round(Number(mebibytes) / 1024)} GiB`),
    version: rows[0][2] ?? 'unknown',
    capabilities: askNvidia('compute_cap').flatMap(([capability]) =>
      Number(capability) > 0 ? [Number(capability)] : [],
    ),
  };
}

/** What nvidia-smi says of each GPU; nothing where it is not there or does not know a field. */
export function askNvidia(fields: string): string[][] {
  const query = [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0 || !stdout?.trim()) return [];
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()));
}
