/** What the machine says about NVIDIA GPUs, without loading anything. */
import { spawnSync } from 'node:child_process';

export interface NvidiaDriver {
  /** `NVIDIA H100, 79 GiB` for each GPU. */
  gpus: string[];
  version: string;
}

/** Asks nvidia-smi; undefined when there is no driver or no GPU. */
export function findNvidiaDriver(): NvidiaDriver | undefined {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0 || !stdout?.trim()) return undefined;
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()));
  return {
    gpus: rows.map(([name, mebibytes]) => `${name}, ${Math.round(Number(mebibytes) / 1024)} GiB`),
    version: rows[0][2] ?? 'unknown',
  };
}
