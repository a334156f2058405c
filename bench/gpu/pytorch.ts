/** The same step in PyTorch on CUDA, where that is there: float32 (TF32 off), TF32, bfloat16 autocast; the faster of both layouts. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sayUnfit } from '../python.ts';
import type { StepQuestion } from './steps.ts';

const SCRIPT = fileURLToPath(new URL('../pytorch/step.py', import.meta.url));
const PREDICTION = fileURLToPath(new URL('../pytorch/predict.py', import.meta.url));
const PRECISIONS = ['fp32', 'tf32', 'bf16'] as const;

/** A Python whose PyTorch sees a GPU; nothing is installed for it. */
export function findCuda(): string | undefined {
  const works = (python: string) =>
    spawnSync(python, ['-c', 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)'], {
      stdio: 'ignore',
      timeout: 60_000,
    }).status === 0;
  sayUnfit(works, 'a PyTorch that sees a GPU');
  return [process.env.DECILE_PYTHON, 'python3'].find((python) => python && works(python));
}

export interface TorchTimes {
  fp32: number;
  tf32: number;
  bf16: number;
  /** What it said where it could not. */
  error?: string;
  /** Peak bytes on the GPU, in float32 and the faster layout. */
  bytes: number;
}

interface Sweep {
  precision?: (typeof PRECISIONS)[number];
  seconds?: number;
  deviceBytes?: number;
  error?: string;
}

export function torchTimes(python: string, { width, patch, reading, batch }: StepQuestion, steps: number): TorchTimes {
  const times: TorchTimes = {
    fp32: Number.POSITIVE_INFINITY,
    tf32: Number.POSITIVE_INFINITY,
    bf16: Number.POSITIVE_INFINITY,
    bytes: 0,
  };
  const sizes = ['--width', String(width), '--patch', patch.join(','), '--reading', reading, '--batch', String(batch)];
  const how = ['--device', 'cuda', '--sweep', '--steps', String(steps), '--warm-up', '3'];
  const { stdout, stderr } = spawnSync(python, [SCRIPT, ...sizes, ...how], { encoding: 'utf8', timeout: 120_000 });
  for (const { precision, seconds, deviceBytes, error } of lines<Sweep>(stdout)) {
    if (error) times.error = error;
    if (!precision || seconds === undefined) continue;
    if (precision === 'fp32' && seconds < times.fp32) times.bytes = deviceBytes ?? 0;
    times[precision] = Math.min(times[precision], seconds);
  }
  if (!Number.isFinite(times.fp32)) times.error ??= stderr.trim().split('\n').at(-1);
  return times;
}

/** Seconds of the prediction of a scan by precision. */
export function torchPrediction(python: string, width: number, size: number[], patch: number[]) {
  const times: Partial<Record<(typeof PRECISIONS)[number], number>> = {};
  for (const precision of PRECISIONS) {
    const sizes = ['--width', String(width), '--patch', patch.join(','), '--size', size.join(',')];
    const how = ['--device', 'cuda', '--precision', precision];
    const { stdout } = spawnSync(python, [PREDICTION, ...sizes, ...how], { encoding: 'utf8', timeout: 60_000 });
    times[precision] = lines<{ seconds: number }>(stdout).at(-1)?.seconds;
  }
  return times;
}

const lines = <T>(text: string): T[] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T);
