/**
 * `npm test [-- PART...]`: runs test/**\/*.test.ts (only files whose path contains a PART, when given) and closes with
 * `N passed, N failed, N skipped`, after the files that took longest. Sets TensorFlow up first where it can; otherwise the tests that need it are skipped by name.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { trainerEnvironment } from '../src/engine/machine/environment.ts';
import { findTensorflow } from '../src/engine/tensorflow/installation.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONCURRENT_FILES = 2;
const MINUTES = 60_000;
const KEPT_STDERR = 2000;
/** Files of a run that are told of as the longest, where it has more. */
const LONGEST = 15;

interface Outcome {
  file: string;
  name: string;
  kind: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or how it failed. */
  reason: string;
}

const parts = process.argv.slice(2);
const files = globSync('test/**/*.test.ts', { cwd: ROOT })
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  // From the end: viewer/ and train/ have the longest files, bench/ and cli/ short ones with which both lanes end together.
  .sort()
  .reverse();

setUpTensorflow();
for (const [name, value] of Object.entries(trainerEnvironment())) process.env[name] ??= value;
// Each file and each program it starts is a process of its own: what one has compiled, the next one need not.
process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules', '.cache', 'compiled');
const { outcomes, seconds } = await runFiles(files.map((file) => join(ROOT, file)));
report(outcomes, seconds);

function setUpTensorflow(): void {
  const { DECILE_NO_SETUP = '' } = process.env;
  if (!['', '1'].includes(DECILE_NO_SETUP))
    throw new Error(`DECILE_NO_SETUP must be 1 or not be there, got ${DECILE_NO_SETUP}.`);
  if (findTensorflow().length > 0 || DECILE_NO_SETUP) return;
  console.log('Setting TensorFlow up for the tests that need it (once; DECILE_NO_SETUP=1 skips this) ...');
  const script = join(ROOT, 'scripts', 'setup-tensorflow.ts');
  const setup = spawnSync(process.execPath, [script, '--quiet'], { encoding: 'utf8', timeout: 8 * MINUTES });
  const said =
    (setup.status === 0 ? setup.stdout : setup.stderr)?.trim() || `it ended with ${setup.signal ?? setup.status}`;
  console.log(said);
}

/** Runs each file in a process of its own. A test that has subtests counts as one test, a describe block as none. */
async function runFiles(paths: string[]): Promise<{ outcomes: Outcome[]; seconds: Map<string, number> }> {
  const outcomes: Outcome[] = [];
  const seconds = new Map<string, number>();
  if (paths.length === 0) return { outcomes, seconds };
  const started = performance.now();
  const stderr = new Map<string, string>();
  const stream = run({ files: paths, concurrency: CONCURRENT_FILES, timeout: 15 * MINUTES });
  const note = (kind: Outcome['kind'], data: { name: string; file?: string }, reason: string) => {
    const outcome = { kind, reason, name: data.name, file: relative(ROOT, data.file ?? '') };
    outcomes.push(outcome);
    const after = ((performance.now() - started) / 1000).toFixed(0);
    if (kind === 'failed') console.log(`FAILED ${outcome.file}: ${outcome.name} (after ${after} s)\n${indent(reason)}`);
  };
  stream.on('test:pass', (data) => {
    if (data.details.type === 'suite') return;
    const skipped = data.skip ?? data.todo;
    if (skipped !== undefined) note('skipped', data, typeof skipped === 'string' ? skipped : 'no reason given');
    else note('passed', data, '');
  });
  stream.on('test:fail', (data) => {
    if (data.todo !== undefined) note('skipped', data, `to do: ${data.todo}`);
    else if (!isEcho(data.details.error)) {
      // A file that fails as a whole (a syntax error, a crash) has said why on stderr alone.
      const whole = data.name === data.file;
      note('failed', data, describe(data.details.error) + (whole ? `\n${stderr.get(data.name) ?? ''}` : ''));
    }
  });
  stream.on('test:stderr', ({ file, message }) => {
    stderr.set(file, ((stderr.get(file) ?? '') + message).slice(-KEPT_STDERR));
  });
  stream.on('test:summary', ({ file, duration_ms }) => {
    if (file) seconds.set(relative(ROOT, file), duration_ms / 1000);
  });
  for await (const _event of stream) {
    // Reading to the end is what lets the stream finish.
  }
  return { outcomes, seconds };
}

/** A parent whose subtest failed fails as well; the subtest has been counted. */
function isEcho(error: Error & { failureType?: string }): boolean {
  return error.failureType === 'subtestsFailed';
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return (cause.stack ?? cause.message).split('\n').slice(0, 14).join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

function report(outcomes: Outcome[], seconds: Map<string, number>): void {
  if (seconds.size > LONGEST) {
    const longest = [...seconds].sort(([, a], [, b]) => b - a).slice(0, LONGEST);
    console.log(`Longest: ${longest.map(([file, s]) => `${file} ${s.toFixed(0)} s`).join(', ')}`);
  }
  const of = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind);
  const [passed, failed, skipped] = [of('passed'), of('failed'), of('skipped')];
  for (const { file, name, reason } of skipped) console.log(`skipped ${file}: ${name} (${reason})`);
  for (const { file, name } of failed) console.log(`failed  ${file}: ${name}`);
  if (outcomes.length === 0)
    console.log(`No test ran${parts.length > 0 ? `: no file matches ${parts.join(', ')}` : ''}.`);
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  process.exitCode = failed.length > 0 || outcomes.length === 0 ? 1 : 0;
}
