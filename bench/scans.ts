/**
 * Import, training and prediction of cohorts of different size through the command line: seconds and the peak memory of
 * the largest process, which must not grow with the number of scans.
 * npm run bench -- scans [--count 10,100] [--size 96,72,48] [--steps 5] [--json]     (Linux: memory is read from /proc)
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makePhantom } from '../src/core/phantom/index.ts';
import type { Volume } from '../src/core/volume.ts';
import { writeNifti } from '../src/main/imaging/index.ts';

const CLI = fileURLToPath(new URL('../bin/decile.mjs', import.meta.url));
const LABELLED_SHARE = 0.1;

interface Measured {
  seconds: number;
  /** Peak resident bytes of the largest process of the command. */
  bytes: number;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '10,100' },
      size: { type: 'string', default: '96,72,48' },
      steps: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });
  const size = values.size.split(',').map(Number) as [number, number, number];
  const rows = [];
  for (const count of values.count.split(',').map(Number)) rows.push(await measure(count, size, values.steps));
  if (values.json) for (const row of rows) console.log(JSON.stringify(row));
  else console.table(rows);
}

async function measure(count: number, size: [number, number, number], steps: string) {
  const folder = mkdtempSync(join(tmpdir(), 'decile-bench-'));
  try {
    await writeCohort(folder, count, size);
    const project = join(folder, 'project');
    await decile('new', project, '--label', 'kidney', '--preset', 'ct-kidney');
    const imported = await decile('import', project, join(folder, 'scans'), '--labels', join(folder, 'masks'));
    const trained = await decile('train', project, '--steps', steps, '--patch', '64,64,32', '--spacing', 'native');
    const predicted = await decile('predict', project, '--scans', 'all');
    const mb = ({ bytes }: Measured) => Math.round(bytes / 1e6);
    return {
      scans: count,
      importSeconds: imported.seconds,
      importSecondsPerScan: imported.seconds / count,
      importMB: mb(imported),
      trainMB: mb(trained),
      predictSecondsPerScan: predicted.seconds / count,
      predictMB: mb(predicted),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One phantom again and again: drawing a hundred takes longer than what is measured. */
async function writeCohort(folder: string, count: number, size: [number, number, number]): Promise<void> {
  mkdirSync(join(folder, 'scans'));
  mkdirSync(join(folder, 'masks'));
  const { scan, mask } = makePhantom('ct-abdomen', 1, size);
  for (let n = 0; n < count; n++) {
    scan.data[n] += 1; // one voxel differs: no two scans are the same
    const name = `phantom_${String(n).padStart(3, '0')}.nii.gz`;
    await writeNifti(join(folder, 'scans', name), scan as Volume);
    if (n < Math.max(1, Math.round(count * LABELLED_SHARE))) await writeNifti(join(folder, 'masks', name), mask);
  }
}

/** Runs one command and watches the memory of its process and all that it starts. */
async function decile(...args: string[]): Promise<Measured> {
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
