/**
 * TensorFlow.js' own tests (those that the npm package @tensorflow/tfjs-core ships) on our engines.
 * npm run bench -- tfjs --engine simd|webgpu [--only ops/add] [--list] [--json]
 * Ends with {"tests", "passed", "refused", "wrong", "crashed"}. A test is refused where the engine says by name what it
 * does not do. A process that dies or hangs is a crash of the test it was at; the next goes on behind it.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Outcome } from './tfjs/outcome.ts';

/** A test that says nothing for so long hangs. */
const SILENCE_MS = 180_000;

interface Line {
  total?: number;
  start?: string;
  place?: number;
  name?: string;
  outcome?: Outcome;
  why?: string;
}

export interface Tally {
  tests: number;
  passed: number;
  refused: number;
  wrong: number;
  crashed: number;
}

export interface Verdict {
  name: string;
  outcome: Outcome;
  why?: string;
}

/** Runs from test `from` on until the process ends; says how far it came. */
function round(
  args: string[],
  from: number,
  take: (verdict: Verdict) => void,
): Promise<{ done: boolean; next: number }> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        fileURLToPath(new URL('./tfjs/child.ts', import.meta.url)),
        ...args,
        '--from',
        String(from),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    let [next, running, started]: [number, string | undefined, boolean] = [from, undefined, false];
    const quiet = () => setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
    let timer = quiet();
    createInterface({ input: child.stdout }).on('line', (text) => {
      clearTimeout(timer);
      timer = quiet();
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as Line;
      if (line.total !== undefined) started = true;
      if (line.start !== undefined) running = line.start;
      if (line.outcome === undefined) return;
      next = line.place as number;
      running = undefined;
      take({ name: line.name as string, outcome: line.outcome, ...(line.why ? { why: line.why } : {}) });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (!started) throw new Error(`TensorFlow.js' tests must load, got: ${errors}`);
      if (running === undefined && code === 0) return resolve({ done: true, next });
      const last = errors.trim().split('\n').at(-1) ?? '';
      take({
        name: running ?? 'after a test',
        outcome: 'crashed',
        why: `the process ended with ${signal ?? code}: ${last}`,
      });
      resolve({ done: false, next: next + 1 });
    });
  });
}

/** All verdicts of an engine; `only` takes test files by a pattern of their names. */
export async function conformance(
  engine: string,
  only: string | undefined,
  tell: (verdict: Verdict) => void = () => {},
): Promise<{ tally: Tally; verdicts: Verdict[] }> {
  const args = ['--engine', engine, ...(only ? ['--only', only] : [])];
  const verdicts: Verdict[] = [];
  const take = (verdict: Verdict) => {
    if (verdict.outcome === 'skipped') return;
    verdicts.push(verdict);
    tell(verdict);
  };
  for (let at = { done: false, next: 0 }; !at.done; ) at = await round(args, at.next, take);
  const count = (outcome: Outcome) => verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const tally = {
    ...{ tests: verdicts.length, passed: count('passed'), refused: count('refused') },
    ...{ wrong: count('wrong'), crashed: count('crashed') },
  };
  return { tally, verdicts };
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: 'string', default: 'simd' },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { tally } = await conformance(values.engine, values.only, ({ name, outcome, why }) => {
    if (outcome === 'passed' || (outcome === 'refused' && !values.list)) return;
    if (values.json) console.log(JSON.stringify({ outcome, name, why }));
    else console.log(`${outcome}: ${name}\n  ${why ?? ''}`);
  });
  console.log(values.json ? JSON.stringify(tally) : tally);
}
