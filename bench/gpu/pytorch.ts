/** The same step in PyTorch on CUDA, where that is there: float32 (TF32 off), TF32, bfloat16 autocast; the faster of both layouts. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StepQuestion } from './steps.ts';

const SCRIPT = fileURLToPath(new URL('../pytorch/step.py', import.meta.url));
const LAYOUTS = ['channels-first', 'channels-last'];
const PRECISIONS = ['fp32', 'tf32', 'bf16'] as const;

/** A Python whose PyTorch sees a GPU; nothing is installed for it. */
export function findCuda(): string | undefined {
  const works = (python: string) =>
    spawnSync(python, ['-c', 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)'], {
      stdio: 'ignore',
      timeout: 60_000,
    }).status === 0;
  return [process.env.DECILE_PYTHON, 'python3'].find((python) => python && works(python));
}

export interface TorchTimes {
  fp32: number;
  tf32: number;
  bf16: number;
  /** Peak bytes on the GPU, in float32. */
  bytes: number;
}

export function torchTimes(python: string, { width, patch, reading }: StepQuestion, steps: number): TorchTimes {
  const times = {
    fp32: Number.POSITIVE_INFINITY,
    tf32: Number.POSITIVE_INFINITY,
    bf16: Number.POSITIVE_INFINITY,
    bytes: 0,
  };
  for (const precision of PRECISIONS)
    for (const layout of LAYOUTS) {
      const sizes = ['--width', String(width), '--patch', patch.join(','), '--reading', reading];
      const how = [
        '--device',
        'cuda',
        '--precision',
        precision,
        '--layout',
        layout,
        '--steps',
        String(steps),
        '--warm-up',
        '3',
      ];
      const { stdout, status } = spawnSync(python, [SCRIPT, ...sizes, ...how], { encoding: 'utf8', timeout: 120_000 });
      if (status !== 0) continue;
      const lines = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, number>);
      const seconds = lines.flatMap((line) => (line.seconds === undefined ? [] : [line.seconds])).sort((a, b) => a - b);
      times[precision] = Math.min(times[precision], seconds[seconds.length >> 1] ?? Number.POSITIVE_INFINITY);
      if (precision === 'fp32') times.bytes = Math.max(times.bytes, lines.at(-1)?.deviceBytes ?? 0);
    }
  return times;
}
