/**
 * One training step beside the same step in PyTorch, interleaved in one run: medians, and the ratio of each pair's times.
 * npm run bench -- step --width 8 --patch 64,64,32 [--engine tensorflow,simd] [--method cpcl] [--steps 9] [--threads 2] [--plain] [--json]
 * --reading default: the program's own default (student branch, decoder features); paper (the default here): the paper's.
 * With --network unet,planned (or vnet): steps of these networks beside each other, planned for cubes; without PyTorch, which
 * has the U-Net alone. A network may have a patch of its own: --network unet:32,48,32/planned:40,56,40.
 */
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { availableEngines } from '../src/engine/choose/step-times.ts';
import { trainerEnvironment } from '../src/engine/machine/environment.ts';
import { findPyTorch } from './python.ts';
import { median, Stepper } from './stepper.ts';
import { WrongOption } from './wrong-option.ts';

interface Row {
  engine: string;
  /** default or paper */
  reading: string;
  /** Median seconds a step; ratio = median of ours / PyTorch's, pair by pair. */
  seconds: number;
  pytorchSeconds: number | null;
  ratio: number | null;
  /** Peak resident bytes above the started engine. */
  bytes: number;
  pytorchBytes: number | null;
  memoryRatio: number | null;
  /** The plain form in PyTorch: the upsampled feature map is built. */
  plainSeconds?: number;
  plainBytes?: number;
  pytorchLayout?: string;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: 'string' },
      method: { type: 'string', default: 'cpcl' },
      width: { type: 'string', default: '8' },
      patch: { type: 'string', default: '64,64,32' },
      network: { type: 'string' },
      'deep-supervision': { type: 'boolean', default: false },
      batch: { type: 'string', default: '2' },
      reading: { type: 'string', default: 'paper' },
      steps: { type: 'string', default: '9' },
      threads: { type: 'string', default: String(os.availableParallelism()) },
      plain: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.reading !== 'default' && values.reading !== 'paper')
    throw new WrongOption(`--reading must be default or paper, got ${values.reading}.`);
  const engines = values.engine ? values.engine.split(',') : availableEngines();
  if (values.network) {
    await compareNetworks(engines, values.network, values);
    return;
  }
  const python = findPyTorch();
  if (!python) console.error('PyTorch cannot be had here (pip install torch): only our own times are measured.');
  const common = [
    '--method',
    values.method,
    '--width',
    values.width,
    '--patch',
    values.patch,
    '--batch',
    values.batch,
    '--reading',
    values.reading,
  ];
  const torch = (...more: string[]) =>
    new Stepper(python as string, [here('./pytorch/step.py'), ...common, '--threads', values.threads, ...more]);
  const layout = python ? await fasterLayout(torch) : undefined;
  const rows: Row[] = [];
  for (const engine of engines) {
    const ours = new Stepper(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', here('./engine-step.ts'), ...common, '--engine', engine],
      {
        ...trainerEnvironment(Number(values.threads)),
        ...process.env,
        DECILE_THREADS: values.threads,
      },
    );
    const theirs = layout ? torch('--layout', layout) : undefined;
    const plain =
      layout && values.plain && values.method === 'cpcl' ? torch('--layout', layout, '--form', 'plain') : undefined;
    for (const stepper of [ours, theirs, plain]) await stepper?.ready();
    for (let n = 0; n < Number(values.steps); n++) for (const stepper of [ours, theirs, plain]) await stepper?.step();
    const [memory, theirMemory, plainMemory] = [await ours.end(), await theirs?.end(), await plain?.end()];
    rows.push({
      engine,
      reading: values.reading,
      seconds: median(ours.seconds),
      pytorchSeconds: theirs ? median(theirs.seconds) : null,
      ratio: theirs ? median(ours.seconds.map((s, n) => s / theirs.seconds[n])) : null,
      bytes: memory.bytes,
      pytorchBytes: theirMemory?.bytes ?? null,
      memoryRatio: theirMemory ? memory.bytes / theirMemory.bytes : null,
      ...(plain && plainMemory ? { plainSeconds: median(plain.seconds), plainBytes: plainMemory.bytes } : {}),
      ...(layout ? { pytorchLayout: layout } : {}),
    });
    if (values.json) console.log(JSON.stringify(rows.at(-1)));
  }
  if (!values.json) console.table(rows.map(readable));
}

interface NetworkFlags {
  method: string;
  width: string;
  patch: string;
  batch: string;
  steps: string;
  threads: string;
  'deep-supervision': boolean;
  json: boolean;
}

/** Steps of several networks in turn: medians, and the ratio of each to the first, step by step. */
async function compareNetworks(engines: string[], asked: string, values: NetworkFlags): Promise<void> {
  const networks = asked.split(asked.includes(':') ? '/' : ',').map((text) => {
    const [network, patch = values.patch] = text.split(':');
    return { network, patch };
  });
  const rows: object[] = [];
  for (const engine of engines) {
    const steppers = networks.map(({ network, patch }) => {
      const own = ['--network', network, '--patch', patch, '--engine', engine];
      const deep = network === 'planned' && values['deep-supervision'] ? ['--deep-supervision'] : [];
      const common = ['--method', values.method, '--width', values.width, '--batch', values.batch];
      return new Stepper(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', here('./engine-step.ts'), ...common, ...own, ...deep],
        { ...trainerEnvironment(Number(values.threads)), ...process.env, DECILE_THREADS: values.threads },
      );
    });
    for (const stepper of steppers) await stepper.ready();
    for (let n = 0; n < Number(values.steps); n++) for (const stepper of steppers) await stepper.step();
    for (const [n, { network, patch }] of networks.entries()) {
      const { bytes } = await steppers[n].end();
      const { seconds } = steppers[n];
      rows.push({
        engine,
        network,
        patch,
        seconds: Number(median(seconds).toFixed(3)),
        ratio: Number(median(seconds.map((s, i) => s / steppers[0].seconds[i])).toFixed(2)),
        megabytes: Math.round(bytes / 1e6),
      });
      if (values.json) console.log(JSON.stringify(rows.at(-1)));
    }
  }
  if (!values.json) console.table(rows);
}

/** PyTorch runs in whichever memory layout is faster on this machine. */
async function fasterLayout(torch: (...more: string[]) => Stepper): Promise<string> {
  const times: [string, number][] = [];
  for (const layout of ['channels-first', 'channels-last']) {
    const stepper = torch('--layout', layout, '--warm-up', '1');
    await stepper.ready();
    times.push([layout, Math.min(await stepper.step(), await stepper.step())]);
    await stepper.end();
  }
  return times.sort((a, b) => a[1] - b[1])[0][0];
}

function readable(row: Row): Record<string, string> {
  const s = (v: number | null | undefined) => (v == null ? '-' : `${v.toFixed(2)} s`);
  const mb = (v: number | null | undefined) => (v == null ? '-' : `${Math.round(v / 1e6)} MB`);
  return {
    engine: row.engine,
    reading: row.reading,
    step: s(row.seconds),
    PyTorch: s(row.pytorchSeconds),
    ratio: row.ratio?.toFixed(2) ?? '-',
    memory: mb(row.bytes),
    'PyTorch memory': mb(row.pytorchBytes),
    ...(row.plainSeconds ? { 'PyTorch, plain form': s(row.plainSeconds), 'its memory': mb(row.plainBytes) } : {}),
  };
}
