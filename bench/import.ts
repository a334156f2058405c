/**
 * Reading a CT series, beside dcm2niix (which writes the NIfTI, as ours does) and pydicom with numpy (which only stacks the
 * pixels; Python by DECILE_PYTHON): each in a process of its own, start included, interleaved, medians, ratios. Beside it
 * the time inside a running program, as in the window, and the peak memory of a conversion and of an import.
 * With --against another checkout's commands, too, in turns with ours.
 * npm run bench -- import [--slices 200] [--rounds 5] [--data FOLDER] [--against CHECKOUT] [--json]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { convertScan } from '../src/imaging/convert.ts';
import { writeSeries } from '../test/imaging/helpers.ts';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const launcher = (checkout: string) => join(checkout, 'bin', 'decile.mjs');
const PYDICOM = `import pydicom,numpy,os,sys
d=sys.argv[1]; s=[pydicom.dcmread(os.path.join(d,f)) for f in os.listdir(d)]
s.sort(key=lambda x: float(x.ImagePositionPatient[2])); v=numpy.stack([x.pixel_array for x in s]); print(v.shape)`;
/** Runs a command of a checkout and says the process's largest resident memory on the last line of standard error. */
const watched = (
  checkout: string,
) => `process.on('exit', () => process.stderr.write('\\n' + process.resourceUsage().maxRSS));
process.argv.splice(1, 0, ${JSON.stringify(join(checkout, 'src/cli/index.ts'))}); await import(${JSON.stringify(`file://${join(checkout, 'src/cli/index.ts')}`)});`;

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      slices: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '5' },
      data: { type: 'string' },
      against: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'decile-bench-'));
  try {
    const series = values.data ?? join(folder, 'series');
    if (!values.data) makeSeries(series, Number(values.slices));
    const measured = await compare(folder, series, Number(values.rounds), values.against && resolve(values.against));
    console.log(values.json ? JSON.stringify(measured) : measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeSeries(folder: string, slices: number): void {
  writeSeries(folder, {
    columns: 512,
    rows: 512,
    positions: Array.from({ length: slices }, (_, k) => [0, 0, k]),
    value: (i, j, k) => ((i * j + 31 * k) % 4000) - 1000,
  });
}

interface Taken {
  /** Wall clock, seconds. */
  wall: number;
  /** Processor time, seconds: steadier than the clock on a machine that does other work. */
  cpu: number;
}

async function compare(folder: string, series: string, rounds: number, against?: string) {
  const python = process.env.DECILE_PYTHON ?? 'python3';
  const out = join(folder, 'ours.nii');
  const runs: Record<string, () => Taken | Promise<Taken>> = {
    decile: () => timed(process.execPath, launcher(HERE), 'convert', series, out),
    ...(against && { before: () => timed(process.execPath, launcher(against), 'convert', series, out) }),
    'decile, running': () => running(() => convertScan(series, out)),
    dcm2niix: () => timed('dcm2niix', '-z', 'n', '-b', 'n', '-w', '1', '-o', folder, '-f', 'theirs', series),
    pydicom: () => timed(python, '-W', 'ignore', '-c', PYDICOM, series),
  };
  if (spawnSync(python, ['-c', 'import pydicom, numpy']).status !== 0) delete runs.pydicom;
  if (spawnSync('which', ['dcm2niix']).status !== 0) delete runs.dcm2niix;
  const taken = new Map(Object.keys(runs).map((name) => [name, [] as Taken[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries(runs)) taken.get(name)!.push(await work());
  const medians = (of: keyof Taken) =>
    Object.fromEntries([...taken].map(([name, list]) => [name, +median(list.map((t) => t[of])).toFixed(2)]));
  const ratios = (of: keyof Taken) => {
    const seconds = medians(of);
    const others = ['dcm2niix', 'pydicom', 'before'].filter((name) => seconds[name]);
    const pairs = others.flatMap((name) => ['decile', 'decile, running'].map((own) => [own, name] as const));
    return Object.fromEntries(
      pairs.map(([own, name]) => [`${own} / ${name}`, +(seconds[own] / seconds[name]).toFixed(2)]),
    );
  };
  const peaks = (checkout: string, name: string) => {
    const project = join(folder, name);
    peak(checkout, 'new', project, '--label', 'organ', '--preset', 'ct-kidney');
    return {
      convert: peak(checkout, 'convert', series, out),
      import: peak(checkout, 'import', project, series),
    };
  };
  return {
    wallSeconds: medians('wall'),
    wallRatios: ratios('wall'),
    cpuSeconds: medians('cpu'),
    cpuRatios: ratios('cpu'),
    peakMiB: peaks(HERE, 'project'),
    ...(against && { peakMiBBefore: peaks(against, 'project-before') }),
  };
}

/** Wall clock and processor time of a program, by the shell's own `time`. */
function timed(...command: string[]): Taken {
  const child = spawnSync('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1', 'bash', ...command], {
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`${command.join(' ')} must succeed, got ${child.status}: ${child.stderr}`);
  const [wall, user, system] = child.stderr.trim().split(/\s+/).map(Number);
  return { wall, cpu: user + system };
}

async function running(work: () => Promise<unknown>): Promise<Taken> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

/** Peak resident memory of the command's process, MiB. */
function peak(checkout: string, ...args: string[]): number {
  const child = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', watched(checkout), '--', ...args, '--quiet'],
    { encoding: 'utf8' },
  );
  if (child.status !== 0)
    throw new Error(`decile ${args.join(' ')} must succeed, got ${child.status}: ${child.stderr}`);
  return Math.round(Number(child.stderr.trim().split('\n').at(-1)) / 1024);
}

const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
