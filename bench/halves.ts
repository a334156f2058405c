/**
 * What products of half precision, as a chip's matrix units make them, do to whole trainings: bench/studies/left-atrium-halves.yaml as it is
 * and with all convolutions rounded (bench/halves/rounded.ts), in turn, paired over the scans. Two trainings a seed.
 * npm run bench -- halves --data FOLDER --out FOLDER [--seeds 1,2,3] [--json]     FOLDER holds left-atrium; what is finished is not made again
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { pairedTTest } from '../src/core/metrics/index.ts';
import { WrongOption } from './wrong-option.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const WAYS = { full: [], half: ['--import', pathToFileURL(here('./halves/register.ts')).href] };

interface Score {
  case: string;
  dice: number;
}
interface Scored {
  scores: Score[];
  also: Record<string, Score[]>;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      out: { type: 'string' },
      seeds: { type: 'string', default: '1,2,3' },
      json: { type: 'boolean', default: false },
    },
  });
  const { data, out } = values;
  if (!data || !out)
    throw new WrongOption('--data must be the folder that holds left-atrium, and --out one for results.');
  const seeds = values.seeds.split(',');
  const dice = { full: new Map<string, number[]>(), half: new Map<string, number[]>() };
  for (const seed of seeds)
    for (const way of ['full', 'half'] as const) {
      const job = `default-8-${seed}`;
      train(way, job, data, join(out, way));
      const { scores, also } = JSON.parse(readFileSync(join(out, way, 'runs', job, 'scores.json'), 'utf8')) as Scored;
      for (const score of [...scores, ...Object.values(also).flat()])
        dice[way].set(score.case, [...(dice[way].get(score.case) ?? []), score.dice]);
    }
  const means = (way: keyof typeof dice) =>
    [...dice[way].values()].map((all) => all.reduce((a, b) => a + b) / all.length);
  const [full, half] = [means('full'), means('half')];
  const mean = (all: number[]) => all.reduce((a, b) => a + b) / all.length;
  const test = pairedTTest(half, full);
  const answer = {
    scans: full.length,
    seeds: seeds.length,
    full: mean(full),
    half: mean(half),
    ...test,
  };
  if (values.json) console.log(JSON.stringify(answer));
  else
    console.log(
      `${answer.scans} scans, ${answer.seeds} seeds: Dice ${answer.full.toFixed(2)} in float32, ${answer.half.toFixed(2)} with products of half precision, p = ${answer.p?.toFixed(2)}`,
    );
}

function train(way: keyof typeof WAYS, job: string, data: string, out: string): void {
  const study = [here('./studies/left-atrium-halves.yaml'), '--data', data, '--out', out, '--only', job];
  const options = [process.env.NODE_OPTIONS, ...WAYS[way]].filter(Boolean).join(' ');
  const { status } = spawnSync(process.execPath, [here('../bin/decile.mjs'), 'study', ...study], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: options },
  });
  if (status !== 0) throw new Error(`The training ${job} must finish, got exit code ${status}.`);
}
