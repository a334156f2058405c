/**
 * A whole project with few and with many scans: seconds a scan and peak memory of import, training and prediction, to show
 * that memory does not grow with the number of scans. Linux only (reads /proc).
 * npm run bench -- project [--scans 10,100] [--size 64,64,32] [--json]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makePhantom } from '../src/core/phantom/index.ts';
import { writeNifti } from '../src/main/imaging/index.ts';

interface Row {
  scans: number;
  importSecondsPerScan: number;
  importBytes: number;
  /** One step; the trainer prepares every scan before it. */
  trainBytes: number;
  predictSecondsPerScan: number;
  predictBytes: number;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      scans: { type: 'string', default: '10,100' },
      size: { type: 'string', default: '64,64,32' },
      json: { type: 'boolean', default: false },
    },
  });
  const size = values.size.split(',').map(Number) as [number, number, number];
  const rows: Row[] = [];
  for (const scans of values.scans.split(',').map(Number)) rows.push(await measure(scans, size));
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else
    console.table(
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [
            key,
            key.endsWith('Bytes') ? `${Math.round(value / 1e6)} MB` : +value.toFixed(3),
          ]),
        ),
      ),
    );
}

async function measure(scans: number, size: [number, number, number]): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'decile-bench-'));
  try {
    await writeScans(folder, scans, size);
    const project = join(folder, 'project');
    await watch(['new', project, '--label', 'kidney', '--preset', 'ct-kidney']);
    const imported = await watch(['import', project, join(folder, 'scans'), '--labels', join(folder, 'masks')]);
    const trained = await watch([
      'train',
      project,
      '--steps',
      '1',
      '--patch',
      '64,64,32',
      '--spacing',
      'native',
      '--name',
      'r',
    ]);
    const predicted = await watch(['predict', project, '--scans', 'all']);
    return {
      scans,
      importSecondsPerScan: imported.seconds / scans,
      importBytes: imported.bytes,
      trainBytes: trained.bytes,
      predictSecondsPerScan: predicted.seconds / scans,
      predictBytes: predicted.bytes,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One phantom with one voxel changed a copy, so that no two scans are the same; two of them are labelled. */
async function writeScans(folder: string, scans: number, size: [number, number, number]): Promise<void> {
  for (const name of ['scans', 'masks']) mkdirSync(join(folder, name));
  const { scan, mask } = makePhantom('ct-abdomen', 1, size);
  for (let n = 0; n < scans; n++) {
    scan.data[n] += 1;
    await writeNifti(join(folder, 'scans', `case_${n}.nii.gz`), scan);
    if (n < 2) await writeNifti(join(folder, 'masks', `case_${n}.nii.gz`), mask);
  }
}

/** Runs a command; wall seconds, and the peak resident bytes of its largest process. */
async function watch(args: string[]): Promise<{ seconds: number; bytes: number }> {
  const launcher = fileURLToPath(new URL('../bin/decile.mjs', import.meta.url));
  const began = performance.now();
  const child = spawn(process.execPath, [launcher, ...args, '--quiet', '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let bytes = 0;
  const poll = setInterval(() => {
    for (const pid of descendants(child.pid!)) bytes = Math.max(bytes, highWaterMark(pid));
  }, 100);
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(poll);
  if (status !== 0) throw new Error(`decile ${args[0]} ended with ${status}`);
  return { seconds: (performance.now() - began) / 1000, bytes };
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1].split(' ');
      parents.set(Number(entry), Number(fields[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const found = [root];
  for (let at = 0; at < found.length; at++)
    for (const [pid, parent] of parents) if (parent === found[at]) found.push(pid);
  return found;
}

/** VmHWM: the kernel's own peak of the resident size. */
function highWaterMark(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
