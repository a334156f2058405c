/**
 * What each engine does on this machine: its kernels against the measured peak, whole steps by threads and by patch, and the
 * prediction of a scan beside PyTorch.
 * npm run bench -- engines [--engine simd] [--part kernels,scaling,prediction] [--width 8] [--patch 64,64,32]
 *   [--patches 32x32x32,64x64x32] [--size 256,256,256] [--window 96,96,96] [--windows 0] [--json]
 * (--windows 8: only so many, scaled up)
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trainerEnvironment } from '../src/engine/machine/environment.ts';
import type { KernelRow } from './engines/kernels.ts';
import { findPyTorch } from './python.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const CORES = os.availableParallelism();

/** Runs a program and reads the last line that it prints as JSON. */
function ask<T>(command: string, args: string[], threads: number): T {
  const env = { ...trainerEnvironment(threads), ...process.env, DECILE_THREADS: String(threads) };
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr.slice(-1000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as T;
}

const child = <T>(threads: number, ...args: string[]): T =>
  ask(process.execPath, ['--disable-warning=ExperimentalWarning', here('./engines/child.ts'), ...args], threads);

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: 'string', default: 'simd' },
      part: { type: 'string', default: 'kernels,scaling,prediction' },
      width: { type: 'string', default: '8' },
      patch: { type: 'string', default: '64,64,32' },
      patches: { type: 'string', default: '32x32x32,48x48x32,64x64x32,64x64x64' },
      size: { type: 'string', default: '256,256,256' },
      window: { type: 'string', default: '96,96,96' },
      windows: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
    },
  });
  const show = (title: string, rows: Record<string, unknown>[]) => {
    if (values.json) for (const row of rows) console.log(JSON.stringify({ part: title, ...row }));
    else {
      console.log(title);
      console.table(rows);
    }
  };
  const parts = values.part.split(',');
  for (const engine of values.engine.split(',')) {
    const common = ['--engine', engine, '--width', values.width];
    if (parts.includes('kernels')) show(`${engine}: kernels`, kernelRows(common, values.patch));
    if (parts.includes('scaling'))
      show(`${engine}: one CPCL step, 2+2 patches`, scalingRows(common, values.patches.split(',')));
    if (parts.includes('prediction')) {
      const prediction = [
        '--width',
        values.width,
        '--patch',
        values.window,
        '--size',
        values.size,
        '--windows',
        values.windows,
      ];
      show(`${engine}: prediction of ${values.size}, windows of ${values.window}`, predictionRows(engine, prediction));
    }
  }
}

function kernelRows(common: string[], patch: string): Record<string, unknown>[] {
  const { gflops: peak } = child<{ gflops: number }>(CORES, '--part', 'peak');
  const { rows } = child<{ rows: KernelRow[] }>(CORES, ...common, '--part', 'kernels', '--patch', patch);
  return [
    { kernel: `peak of ${CORES} threads, 128-bit vectors`, shape: '', 'GFLOP/s': Math.round(peak) },
    ...rows.map(({ kernel, shape, milliseconds, gflops, gigabytes }) => ({
      kernel,
      shape,
      ms: Number(milliseconds.toFixed(3)),
      ...(gflops ? { 'GFLOP/s': Math.round(gflops), 'share of peak': Number((gflops / peak).toFixed(2)) } : {}),
      ...(gigabytes ? { 'GB/s': Number(gigabytes.toFixed(1)) } : {}),
    })),
  ];
}

function scalingRows(common: string[], patches: string[]): Record<string, unknown>[] {
  return patches.map((sides) => {
    const patch = sides.replaceAll('x', ',');
    const at = (threads: number) =>
      child<{ seconds: number; bytes: number }>(threads, ...common, '--part', 'step', '--patch', patch);
    const [one, all] = [at(1), at(CORES)];
    const voxels = 4 * patch.split(',').reduce((product, side) => product * Number(side), 1);
    return {
      patch: sides,
      '1 thread, s': Number(one.seconds.toFixed(3)),
      [`${CORES} threads, s`]: Number(all.seconds.toFixed(3)),
      gain: Number((one.seconds / all.seconds).toFixed(2)),
      'ns a voxel': Math.round((all.seconds * 1e9) / voxels),
      'bytes a voxel': Math.round(all.bytes / voxels),
    };
  });
}

interface Prediction {
  seconds: number;
  windows: number;
  total: number;
  bytes: number;
}

function predictionRows(engine: string, args: string[]): Record<string, unknown>[] {
  const row = (name: string, { seconds, windows, total, bytes }: Prediction) => ({
    what: name,
    seconds: Number(seconds.toFixed(1)),
    'windows run': `${windows} of ${total}`,
    MB: Math.round(bytes / 1e6),
  });
  const rows = [row(engine, child<Prediction>(CORES, '--part', 'prediction', '--engine', engine, ...args))];
  const python = findPyTorch();
  if (python)
    rows.push(
      row(
        'PyTorch',
        ask<Prediction>(python, [here('./pytorch/predict.py'), ...args, '--threads', String(CORES)], CORES),
      ),
    );
  return rows;
}
