/**
 * Import, training and prediction of cohorts of different size through the command line: seconds and the peak memory of
 * the largest process, which must not grow with the number of scans.
 * npm run bench -- scans [--count 10,100] [--size 96,72,48] [--steps 5] [--json]     (Linux: memory is read from /proc)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decile, type Measured, writeCohort } from './commands.ts';

const LABELLED_SHARE = 0.1;

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
    await writeCohort(folder, count, Math.max(1, Math.round(count * LABELLED_SHARE)), size);
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
