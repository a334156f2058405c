/** What a step is thought to need in memory, against what one takes in a process of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type MethodName, PAPER_READING } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import type { PatchSides } from '../../src/core/train/fit-patch.ts';
import { loadOf, type Recompute, stepBytes } from '../../src/core/train/step-bytes.ts';
import { trainerEnvironment } from '../../src/engine/machine/environment.ts';
import { findTensorflow } from '../../src/engine/tensorflow/installation.ts';

const PROGRAM = fileURLToPath(new URL('../../bench/engine-step.ts', import.meta.url));

/** Peak resident bytes of the started engine, and of a few steps above it; two threads, 2 + 2 patches. */
function run(engine: string, step: readonly string[]): { bytes: number; baselineBytes: number } {
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--engine', engine, ...step], {
    encoding: 'utf8',
    input: 'quit\n',
    env: { ...trainerEnvironment(2), ...process.env, DECILE_THREADS: '2' },
  });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  assert.match(last, /"bytes"/, stderr);
  return JSON.parse(last);
}

/** Garbage makes runs of the same steps differ by several MB, more on a busy machine that collects it late: what they need is the least of some. */
const [STARTS, RUNS] = [3, 2];
const leastOf = (count: number, measure: () => number): number =>
  Math.min(...Array.from({ length: count }, () => measure()));

const least = new Map<string, number>();
/** What an engine takes when it has started. */
function started(engine: string): number {
  const tiny = ['--method', 'supervised', '--width', '1', '--patch', '16,16,16'];
  const known = least.get(engine) ?? leastOf(STARTS, () => run(engine, tiny).baselineBytes);
  least.set(engine, known);
  return known;
}

/** Peak resident bytes of a few steps above those of the started engine. */
function measured(
  engine: string,
  method: MethodName,
  width: number,
  patch: PatchSides,
  recompute: Recompute | undefined,
): number {
  const step = ['--method', method, '--width', String(width), '--patch', patch.join()];
  const peak = leastOf(RUNS, () => {
    const { bytes, baselineBytes } = run(engine, recompute ? [...step, '--recompute', recompute] : step);
    return bytes + baselineBytes;
  });
  return peak - started(engine);
}

/** Small steps may take relatively less: what does not depend on the patch is the same for all. */
const MOST = 1.6;
/** With passes done again simd needs half of what TensorFlow does, which keeps memory between them; the estimate holds for both. */
const MOST_OF_PASSES = 2;

const CASES: [method: MethodName, width: number, patch: PatchSides, recompute?: Recompute][] = [
  ['cpcl', 8, [48, 48, 32]],
  ['cpcl', 8, [64, 64, 32], 'passes'],
  ['mean-teacher', 8, [48, 32, 32]],
  ['supervised', 16, [32, 32, 32]],
  ['dan', 2, [16, 16, 16]],
];
for (const engine of ['simd', 'tensorflow']) {
  const skip = engine === 'tensorflow' && findTensorflow().length === 0 && 'TensorFlow is not installed';
  for (const [method, width, patch, recompute] of CASES) {
    const name = `a step of ${method} of width ${width} at ${patch.join('x')}${recompute ? `, ${recompute} computed again,` : ''} needs on ${engine} what it is thought to, and not much less`;
    test(name, { skip }, () => {
      const options = resolveOptions({ ...PAPER_READING, method, width, labelledPerStep: 2, unlabelledPerStep: 2 });
      const expected = stepBytes(patch, loadOf(options), recompute);
      const bytes = measured(engine, method, width, patch, recompute);
      assert.ok(
        bytes <= expected && expected <= (recompute === 'passes' ? MOST_OF_PASSES : MOST) * bytes,
        `${bytes} bytes, ${expected} expected`,
      );
    });
  }
}
