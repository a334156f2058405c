/** What benches of whole commands share: a cohort of phantoms, and a command with its time and memory. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePhantom } from '../src/core/phantom/index.ts';
import type { Volume } from '../src/core/volume.ts';
import { writeNifti } from '../src/imaging/index.ts';

const CLI = fileURLToPath(new URL('../bin/decile.mjs', import.meta.url));

export interface Measured {
  seconds: number;
  /** Peak resident bytes of the largest process of the command. */
  bytes: number;
}

/**
 * Writes `count` scans, and masks of the first `masks`. One phantom again and again: drawing a hundred takes longer than what is measured.
 */
export async function writeCohort(
  folder: string,
  count: number,
  masks: number,
  size: [number, number, number],
): Promise<void> {
  mkdirSync(join(folder, 'scans'));
  mkdirSync(join(folder, 'masks'));
  const { scan, mask } = makePhantom('ct-abdomen', 1, size);
  for (let n = 0; n < count; n++) {
    scan.data[n] += 1; // one voxel differs: no two scans are the same
    const name = `phantom_${String(n).padStart(3, '0')}.nii.gz`;
    await writeNifti(join(folder, 'scans', name), scan as Volume);
    if (n < masks) await writeNifti(join(folder, 'masks', name), mask);
  }
}

/** Runs one command and watches the memory of its process and all that it starts. */
export async function decile(...args: string[]): Promise<Measured> {
  const start = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2000);
  });
  let bytes = 0;
  const watch = setInterval(() => {
    for (const pid of family(child.pid as number)) bytes = Math.max(bytes, peakOf(pid));
  }, 100);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`decile ${args.join(' ')} must succeed, got exit code ${code}: ${errors}`);
  return { seconds: (performance.now() - start) / 1000, bytes };
}

/** The process and its descendants. */
function family(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '),
    );
    return [pid, ...children.filter(Boolean).flatMap((child) => family(Number(child)))];
  } catch {
    return [];
  }
}

function peakOf(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
