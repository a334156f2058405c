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
import { meanAndSd, pairedTTest } from '../src/core/metrics/index.ts';
import { WrongOption } from './wrong-option.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const WAYS = { full: [], half: ['--import', pathToFileURL(here('./halves/register.ts')).href] };

const TEST = 'test';

interface Score {
  case: string;
  dice: number;
}
interface Scored {
  scores: Score[];
  also: Record<string, Score[]>;
}
type Way = keyof typeof WAYS;

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
  /** Dice by list, scan, way and seed. */
  const lists = new Map<string, Map<string, Record<Way, number[]>>>();
  for (const seed of seeds)
    for (const way of ['full', 'half'] as const) {
      const job = `default-8-${seed}`;
      train(way, job, data, join(out, way));
      const { scores, also } = JSON.parse(readFileSync(join(out, way, 'runs', job, 'scores.json'), 'utf8')) as Scored;
      for (const [list, own] of Object.entries({ [TEST]: scores, ...also })) {
        const scans = lists.get(list) ?? new Map<string, Record<Way, number[]>>();
        lists.set(list, scans);
        for (const { case: scan, dice } of own) {
          const known = scans.get(scan) ?? { full: [], half: [] };
          known[way].push(dice);
          scans.set(scan, known);
        }
      }
    }
  const answers = [
    ...[...lists].map(([list, scans]) => compared(list, [...scans.values()])),
    compared(
      'together',
      [...lists.values()].flatMap((scans) => [...scans.values()]),
    ),
  ];
  if (values.json) console.log(JSON.stringify(answers));
  else
    for (const { list, scans, full, half, difference, interval, bySeed } of answers)
      console.log(
        `${list}, ${scans} scans: Dice ${two(full)} in float32, ${two(half)} with products of half precision, ${two(difference)} [${interval.map(two).join(', ')}], by seed ${bySeed.map(two).join(', ')}`,
      );
}

const two = (n: number | null) => n?.toFixed(2) ?? '-';

/** Seeds averaged scan by scan. */
function compared(list: string, scans: Record<Way, number[]>[]) {
  const means = (way: Way) => scans.map((scan) => meanAndSd(scan[way]).mean);
  const [full, half] = [means('full'), means('half')];
  const { meanDifference = Number.NaN, interval = [Number.NaN, Number.NaN] } = pairedTTest(half, full) ?? {};
  return {
    ...{ list, scans: scans.length, full: meanAndSd(full).mean, half: meanAndSd(half).mean },
    ...{ difference: meanDifference, interval },
    bySeed: scans[0].full.map((_, seed) => meanAndSd(scans.map((scan) => scan.half[seed] - scan.full[seed])).mean),
  };
}

function train(way: Way, job: string, data: string, out: string): void {
  const study = [here('./studies/left-atrium-halves.yaml'), '--data', data, '--out', out, '--only', job];
  const options = [process.env.NODE_OPTIONS, ...WAYS[way]].filter(Boolean).join(' ');
  const { status } = spawnSync(process.execPath, [here('../bin/decile.mjs'), 'study', ...study], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: options },
  });
  if (status !== 0) throw new Error(`The training ${job} must finish, got exit code ${status}.`);
}
