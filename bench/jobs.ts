/**
 * A study's jobs one after another and several at once (they share the cores out): seconds of the whole study, in turns.
 * npm run bench -- jobs [--at-once 1,2] [--count 4] [--steps 60] [--patch 48,32,16] [--engine simd] [--rounds 3] [--json]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decile, writeCohort } from './commands.ts';

const SCANS = 6;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      'at-once': { type: 'string', default: '1,2' },
      count: { type: 'string', default: '4' },
      steps: { type: 'string', default: '60' },
      patch: { type: 'string', default: '48,32,16' },
      engine: { type: 'string', default: 'simd' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'decile-bench-'));
  try {
    await writeCohort(folder, SCANS, SCANS, [64, 64, 32]);
    const study = {
      name: 'Jobs at once',
      images: 'scans',
      labels: 'masks',
      preset: 'ct-kidney',
      classes: ['kidney'],
      split: { train: ['phantom_000..phantom_004'], test: ['phantom_005'] },
      methods: ['cpcl'],
      labelled: [2],
      seeds: Array.from({ length: Number(values.count) }, (_, n) => n + 1),
      options: {
        engine: values.engine,
        steps: Number(values.steps),
        patch: values.patch.split(',').map(Number),
        spacing: 'native',
        validateEvery: 1_000_000,
      },
    };
    writeFileSync(join(folder, 'study.json'), JSON.stringify(study));
    const rows = values['at-once'].split(',').map((jobs) => ({ jobs, seconds: [] as number[] }));
    for (let round = 0; round < Number(values.rounds); round++)
      for (const { jobs, seconds } of rows) {
        const out = join(folder, `out-${jobs}-${round}`);
        seconds.push(
          (await decile('study', join(folder, 'study.json'), '--out', out, '--jobs', jobs, '--quiet')).seconds,
        );
      }
    const medians = rows.map(({ jobs, seconds }) => ({
      jobsAtOnce: Number(jobs),
      seconds: Number(seconds.sort((a, b) => a - b)[seconds.length >> 1].toFixed(1)),
    }));
    if (values.json) for (const row of medians) console.log(JSON.stringify(row));
    else console.table(medians);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
