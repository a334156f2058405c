/**
 * Everything that a GPU has to say, in one command: what it is and can do at most, whether every kernel is right on it and how
 * fast, whole steps beside PyTorch's, the prediction of a scan, memory. Largest questions first; the answer is written as it
 * grows, so that a run that is cut off still says something.
 * npm run bench -- gpu [--json --out FILE] [--minutes 4] [--parts steps,kernels,prediction]
 * A software adapter gets smaller sizes (`shrunk`): it shows that all of it runs, not how fast.
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { DecileError } from '../src/core/errors.ts';
import { initNetwork } from '../src/core/network/networks.ts';
import { defaultStride, slidingWindow, windowStarts } from '../src/core/predict/sliding-window.ts';
import { Random } from '../src/core/random.ts';
import { writeFileAtomic } from '../src/disk/index.ts';
import { registerSimd } from '../src/engine/simd/index.ts';
import { findAdapter, matrixConfigurations } from '../src/engine/webgpu/adapter.ts';
import { ALL_HALVES, type Halves, NO_HALVES } from '../src/engine/webgpu/halves.ts';
import { registerWebgpu, stopWebgpu, useRemoteGpu, webgpuBackend, webgpuKernels } from '../src/engine/webgpu/index.ts';
import { startLocalExecutor } from '../src/engine/webgpu/local-executor.ts';
import { type GpuKernelRow, measureGpuKernels } from './gpu/kernels.ts';
import { measurePeaks, type Peaks } from './gpu/peaks.ts';
import { findCuda, torchPrediction, torchTimes } from './gpu/pytorch.ts';
import { measureStep, type Reading, type StepQuestion, type StepRow } from './gpu/steps.ts';
import { addSoftwareAdapter } from './software-adapter.ts';
import { WrongOption } from './wrong-option.ts';

interface Report {
  /** Null where none was found. */
  adapter: Record<string, unknown> | null;
  features: string[];
  limits: Record<string, number>;
  matrixConfigurations: ReturnType<typeof matrixConfigurations>;
  /** A software adapter: sizes are smaller than what was asked. */
  shrunk: boolean;
  peaks: Peaks;
  steps: StepRow[];
  kernels: GpuKernelRow[];
  prediction?: {
    size: string;
    window: string;
    windows: number;
    total: number;
    seconds: number;
    pytorch?: Record<string, number | undefined>;
  };
  memory?: { peakBytes: number; tensorsLeft: number };
  /** What was left out, and why. */
  left: string[];
}

const PARTS = ['steps', 'kernels', 'prediction'] as const;
type Part = (typeof PARTS)[number];

/** The largest question first. */
const QUESTIONS: readonly (readonly [width: number, patch: [number, number, number]])[] = [
  [16, [96, 96, 96]],
  [8, [64, 64, 32]],
  [16, [64, 64, 32]],
  [8, [96, 96, 96]],
];
const SHRUNK: typeof QUESTIONS = [
  [4, [16, 16, 16]],
  [8, [16, 16, 16]],
];

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      minutes: { type: 'string', default: '4' },
      parts: { type: 'string', default: 'steps,kernels,prediction' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new WrongOption(`--minutes must be a number above 0, got ${values.minutes}.`);
  const chosen = values.parts.split(',') as Part[];
  const unknown = chosen.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new WrongOption(`--parts must be some of ${PARTS.join(', ')}, got ${unknown}.`);
  const end = performance.now() + minutes * 60_000;
  const secondsLeft = () => (end - performance.now()) / 1000;
  const report: Report = {
    ...{ adapter: null, features: [], limits: {}, matrixConfigurations: [], shrunk: false },
    ...{ peaks: {}, steps: [], kernels: [], left: [] },
  };
  const write = (said?: string) => {
    // Whole or not at all: a run that is killed leaves the last answer.
    if (values.out) writeFileAtomic(values.out, `${JSON.stringify(report, null, 1)}\n`);
    if (said && !values.json) console.log(said);
  };
  const finish = (code: number): never => {
    write();
    if (values.json) console.log(JSON.stringify(report));
    process.exit(code);
  };
  let asked = 'adapter';
  const leave = (reason: string) => {
    report.left.push(`${asked}: ${reason}`);
    write(report.left.at(-1));
  };
  /** What ended the bench before its time, in the answer too. */
  const stopped = (error: unknown): never => {
    if (!(error instanceof DecileError)) throw error;
    leave(`${error.message} ${error.cure}`.trim());
    if (values.json) console.error(report.left.at(-1));
    return finish(1);
  };
  addSoftwareAdapter();
  const adapter = await findAdapter().catch(stopped);
  const configurations = matrixConfigurations(adapter);
  const executor = await startLocalExecutor().catch(stopped);
  useRemoteGpu(async () => executor);
  await registerWebgpu();
  registerSimd();
  await tf.setBackend('webgpu');
  const { limits, features, ...facts } = executor.facts;
  const shrunk = facts.software;
  Object.assign(report, { adapter: facts, features, limits, matrixConfigurations: configurations, shrunk });
  write(`${facts.name} (${features.join(', ') || 'no extras'})${shrunk ? ': a software adapter, sizes shrink' : ''}`);

  asked = 'peaks';
  const units = facts.matrixUnits;
  report.peaks = await measurePeaks(shrunk, units ? { M: 16, N: 16, K: 16 } : undefined).catch(stopped);
  write(
    `peaks: ${Object.entries(report.peaks)
      .map(([name, value]) => `${name} ${(value / 1e9).toFixed(1)} G/s`)
      .join(', ')}`,
  );

  const python = findCuda();
  if (!python)
    report.left.push(
      'PyTorch: no Python here has one that sees a GPU. Set DECILE_PYTHON to one that has (`pip install torch` with CUDA), or let python3 be it.',
    );
  setTimeout(() => {
    leave(`the ${values.minutes} minutes were over`);
    finish(0);
  }, secondsLeft() * 1000);

  const step = async (question: StepQuestion) => {
    const { lost, ...row } = await measureStep(executor, question, Math.min(3, secondsLeft() / 20));
    report.steps.push(row);
    write(`${asked}${question.halves ? ', matrix units' : ''}: ${row.error ?? sentence(row)}`);
    if (lost) stopped(lost);
    return row;
  };
  const steps = async () => {
    const stepsEnd = performance.now() + secondsLeft() * 1000 * 0.6;
    for (const [width, patch] of shrunk ? SHRUNK : QUESTIONS)
      for (const reading of ['default', 'paper'] as Reading[]) {
        const question: StepQuestion = { width, patch, reading, batch: shrunk ? 1 : 2, halves: units };
        asked = `step of width ${width}, ${patch.join('x')}, ${reading} reading`;
        if (performance.now() > stepsEnd) {
          leave('out of time; give more with --minutes');
          continue;
        }
        const row = await step(question);
        if (units) await step({ ...question, halves: false });
        if (python && !row.error && secondsLeft() > 60) {
          const { bytes, ...pytorch } = torchTimes(python, question, 5);
          Object.assign(row, { pytorch, pytorchBytes: bytes });
          write(`  PyTorch: ${JSON.stringify(pytorch)}, ${Math.round(bytes / 1e6)} MB`);
        }
      }
  };
  const kernels = async () => {
    asked = 'kernels';
    const kernelsEnd = performance.now() + secondsLeft() * 1000 * (shrunk ? 0.4 : 0.7);
    const side = shrunk ? 16 : 96;
    await measureGpuKernels(
      executor,
      shrunk ? 4 : 16,
      [side, side, side],
      report.peaks,
      units,
      (row) => {
        report.kernels.push(row);
        const share = row.share === undefined ? '' : `, ${Math.round(100 * row.share)} % of the peak`;
        const right = row.right ? 'right' : `WRONG by ${row.error}`;
        write(`${row.kernel} ${row.shape}: ${(1000 * row.seconds).toFixed(2)} ms${share}, ${right}`);
      },
      () => performance.now() < kernelsEnd,
    );
    await tf.setBackend('webgpu');
  };
  const prediction = async () => {
    asked = 'prediction';
    const prediction = await predict(shrunk, units ? ALL_HALVES : NO_HALVES, Math.max(5, secondsLeft() * 0.8));
    const { size, window } = prediction;
    report.prediction = prediction;
    if (python && secondsLeft() > 30)
      prediction.pytorch = torchPrediction(python, 16, size.split('x').map(Number), window.split('x').map(Number));
    write(`prediction: ${JSON.stringify(report.prediction)}`);
  };
  const parts = { steps, kernels, prediction };
  // A software adapter has nothing to say of speed: whether it is right comes first there.
  const order: Part[] = shrunk ? ['kernels', 'steps', 'prediction'] : ['steps', 'kernels', 'prediction'];
  for (const part of order) if (chosen.includes(part)) await parts[part]().catch(stopped);
  const { gpu } = webgpuBackend();
  report.memory = { peakBytes: gpu.pool.peak, tensorsLeft: gpu.pool.slots };
  stopWebgpu();
  finish(report.kernels.every(({ right }) => right) ? 0 : 1);
}

const sentence = ({ seconds, dispatches, cpuSeconds, gpuSeconds }: StepRow): string =>
  `${seconds.toFixed(3)} s, ${dispatches} dispatches, ${cpuSeconds.toFixed(3)} s of the processor, ${gpuSeconds?.toFixed(3) ?? 'unknown'} s of the GPU`;

/** Windows of a scan until `seconds` are over; the time of all from those. */
async function predict(shrunk: boolean, halves: Halves, seconds: number): Promise<NonNullable<Report['prediction']>> {
  const [side, window, width] = shrunk ? [32, 16, 4] : [256, 96, 16];
  const [size, patch] = [
    [side, side, side],
    [window, window, window],
  ] as [number, number, number][];
  const random = new Random(1);
  const weights = initNetwork('unet', { width, inputChannels: 1, classes: 2 }, random);
  const image = Float32Array.from({ length: side ** 3 }, () => random.uniform());
  const stride = defaultStride(patch);
  const total = size.map((n, axis) => windowStarts(n, patch[axis], stride[axis]).length).reduce((a, b) => a * b);
  const start = performance.now();
  const enough = new Error('enough windows');
  let [passed, windows] = [0, 0];
  await slidingWindow(image, size, weights, webgpuKernels({ halves }), { patch, stride, network: 'unet' }, (n) => {
    [passed, windows] = [(performance.now() - start) / 1000, n];
    if (passed > seconds && n < total) throw enough;
  }).catch((error) => {
    if (error !== enough) throw error;
  });
  tf.dispose(Object.values(weights));
  return { size: size.join('x'), window: patch.join('x'), windows, total, seconds: (passed * total) / windows };
}
