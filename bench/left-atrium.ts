/**
 * The experiment on the half-resolution left-atrium scans: 001-008 labelled, 009-070 unlabelled, 071-080 test. The last
 * step is evaluated; nothing is chosen on test cases. Results stay in --out and are not made again.
 *
 * npm run bench -- left-atrium --data FOLDER --out FOLDER [--runs supervised,cpcl,...] [--seeds 1,2] [--steps 1500]
 *   [--learning-rate 0.05] [--augmentation warp] [--spacing native] [--patch 64,64,32] [--json]      one --out for each setting
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { meanAndSd, pairedTTest } from '../src/core/metrics/index.ts';
import { WrongOption } from './wrong-option.ts';

const CLI = fileURLToPath(new URL('../bin/decile.mjs', import.meta.url));

const TEACHER = ['--method', 'cpcl', '--unlabeled-branch', 'teacher'];
const STUDENT = ['--method', 'cpcl', '--unlabeled-branch', 'student'];

/** Everything else is the same for all: width 8, batch 2 + 2 from the first step on. `cpcl` is the paper's reading. */
const ALIKE = ['--labeled-batch', '2', '--unlabeled-batch', '2', '--unlabeled-from', '0'];
const RUNS: Record<string, string[]> = {
  supervised: ['--method', 'supervised'],
  'mean-teacher': ['--method', 'mean-teacher'],
  cpcl: [...TEACHER, '--prototype-features', 'bottleneck'],
  'cpcl-student': [...STUDENT, '--prototype-features', 'bottleneck'],
  'cpcl-1/8': [...TEACHER, '--prototype-features', 'decoder-1/8'],
  'cpcl-1/4': [...TEACHER, '--prototype-features', 'decoder-1/4'],
  'cpcl-1/2': [...TEACHER, '--prototype-features', 'decoder-1/2'],
  'cpcl-1/4-student': [...STUDENT, '--prototype-features', 'decoder-1/4'],
  'cpcl-1/2-student': [...STUDENT, '--prototype-features', 'decoder-1/2'],
};

const METRICS = ['dice', 'jaccard', 'hd95', 'asd'] as const;
type Case = { name: string } & Record<(typeof METRICS)[number], number | null>;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      out: { type: 'string' },
      runs: { type: 'string', default: 'supervised,mean-teacher,cpcl,cpcl-1/2' },
      seeds: { type: 'string', default: '1' },
      steps: { type: 'string', default: '1500' },
      spacing: { type: 'string', default: 'native' },
      patch: { type: 'string', default: '64,64,32' },
      'learning-rate': { type: 'string', default: '0.05' },
      augmentation: { type: 'string', default: 'warp' },
      json: { type: 'boolean', default: false },
    },
  });
  if (!values.data || !values.out) {
    console.error('--data must be the folder with images/ and labels/, and --out a folder for the results.');
    process.exit(2);
  }
  const results = new Map<string, Case[]>();
  for (const seed of values.seeds.split(',')) {
    for (const name of values.runs.split(',')) {
      if (!RUNS[name]) throw new WrongOption(`A run must be one of ${Object.keys(RUNS).join(', ')}, got ${name}.`);
      const test = runOnce(name, seed, values as Setting).filter((c) => /_0(7[1-9]|80)$/.test(c.name));
      results.set(name, [...(results.get(name) ?? []), ...test]);
    }
  }
  const reference = results.get('cpcl') ?? [];
  const rows = [...results].map(([name, cases]) => {
    const of = (metric: (typeof METRICS)[number], list = cases) => list.map((c) => c[metric]);
    const test =
      name === 'cpcl' || reference.length !== cases.length ? null : pairedTTest(of('dice'), of('dice', reference));
    return {
      run: name,
      n: cases.length,
      metrics: METRICS.map((m) => [m, meanAndSd(of(m))] as const),
      p: test?.p ?? null,
    };
  });
  if (values.json) console.log(JSON.stringify(rows, null, 1));
  else
    console.table(
      rows.map(({ run, n, metrics, p }) => ({
        run,
        n,
        ...Object.fromEntries(metrics.map(([m, { mean, sd }]) => [m, `${mean?.toFixed(2)} (${sd?.toFixed(2)})`])),
        'p (Dice, against cpcl)': p?.toFixed(3) ?? '-',
      })),
    );
}

/** One run from new project to evaluation; read from --out where it was made before. */
interface Setting {
  data: string;
  out: string;
  steps: string;
  spacing: string;
  patch: string;
  'learning-rate': string;
  augmentation: string;
}

function runOnce(
  name: string,
  seed: string,
  { data, out, steps, spacing, patch, augmentation, 'learning-rate': rate }: Setting,
): Case[] {
  const id = `${name.replace('/', '-')}-seed${seed}-steps${steps}`;
  const result = join(out, `${id}.json`);
  if (!existsSync(result)) {
    mkdirSync(out, { recursive: true });
    const project = join(out, id);
    rmSync(project, { recursive: true, force: true });
    const [images, labels] = [join(data, 'images'), join(data, 'labels')];
    decile('new', project, '--label', 'atrium', '--preset', 'mr');
    decile('import', project, images, '--labels', labels, '--only', 'la_00[1-8]*');
    decile('import', project, images, '--only', 'la_0{09,[1-6]?,70}*');
    decile(
      'train',
      project,
      '--name',
      id,
      '--patch',
      patch,
      '--spacing',
      spacing,
      '--learning-rate',
      rate,
      '--augmentation',
      augmentation,
      '--width',
      '8',
      '--steps',
      steps,
      '--seed',
      seed,
      ...ALIKE,
      ...RUNS[name],
    );
    // The test cases enter the project after training: the run cannot have seen them.
    decile('import', project, images, '--only', 'la_0{7[1-9],80}*');
    decile('predict', project, '--run', id, '--scans', 'all', '--pieces', 'all');
    writeFileSync(`${result}.part`, decile('evaluate', project, '--reference', labels, '--run', id, '--json'));
    renameSync(`${result}.part`, result);
  }
  return (JSON.parse(readFileSync(result, 'utf8')) as { cases: Case[] }).cases;
}

function decile(...args: string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`decile ${args.join(' ')} must succeed, got exit code ${status}.`);
  return stdout;
}
