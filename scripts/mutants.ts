/**
 * `node scripts/mutants.ts FILE[:LINE]... [--sample N] [--seed S] [--test PART]...`: plants small faults in the files, one at a
 * time, in a copy of the tree, runs the test files that import them, and lists the faults that no test noticed.
 * `--sample` takes N of all faults by chance; `--test` names the test files (by a part of their path) instead.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../src/core/random.ts';
import { trainerEnvironment } from '../src/engine/machine/environment.ts';
import { type Mutation, mutationsOf } from './mutants/mutations.ts';
import { testersOf } from './mutants/testers.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A mutant may loop for ever; a test file that lasts so much longer than it did has noticed it. */
const PATIENCE = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    test: { type: 'string', multiple: true, default: [] },
  },
});
if (positionals.length === 0) {
  console.error(
    'At least one file must be named, got none: node scripts/mutants.ts FILE[:LINE]... [--sample N] [--seed S] [--test PART]',
  );
  process.exit(2);
}

interface Mutant extends Mutation {
  file: string;
  text: string;
}

const mutants = sample(
  positionals.flatMap(mutantsOf),
  Number(values.sample ?? Number.POSITIVE_INFINITY),
  Number(values.seed),
);
const copy = copyOfTree();
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
const usual = new Map<string, number>();
let survived = 0;
for (const [file, own] of Map.groupBy(mutants, (mutant) => mutant.file)) {
  const tests = values.test.length > 0 ? testsNamed(values.test) : testersOf(ROOT, file);
  const sound = tests.filter(passes).sort((a, b) => (usual.get(a) ?? 0) - (usual.get(b) ?? 0));
  console.log(`${file}: ${own.length} mutants, judged by ${sound.join(' ') || 'no test'}`);
  for (const mutant of own) {
    if (noticed(mutant, sound)) continue;
    survived++;
    console.log(`  survived ${file}:${mutant.line}  ${mutant.before}  ->  ${mutant.after}`);
  }
}
console.log(`${mutants.length} mutants, ${mutants.length - survived} noticed, ${survived} survived`);

function mutantsOf(argument: string): Mutant[] {
  const [, path, line] = /^(.*?)(?::(\d+))?$/.exec(argument) ?? [];
  const file = relative(ROOT, resolve(path));
  const text = readFileSync(join(ROOT, file), 'utf8');
  return mutationsOf(file, text)
    .filter((mutation) => line === undefined || mutation.line === Number(line))
    .map((mutation) => ({ ...mutation, file, text }));
}

/** `count` of the items, by chance, in their order. */
function sample<T>(items: T[], count: number, seed: number): T[] {
  const random = new Random(seed);
  const drawn = items.map((item, at) => ({ item, at, lot: random.uniform() })).sort((a, b) => a.lot - b.lot);
  return drawn
    .slice(0, count)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Source and tests copied, so that the working tree is never touched; everything else by link. */
function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  for (const name of readdirSync(ROOT)) {
    if (name === 'src' || name === 'test') cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    else if (name !== '.git') symlinkSync(join(ROOT, name), join(folder, name));
  }
  return folder;
}

function testsNamed(parts: readonly string[]): string[] {
  return globSync('test/**/*.test.ts', { cwd: ROOT }).filter((path) => parts.some((part) => path.includes(part)));
}

/** A test file that fails as it is judges nothing. */
function passes(test: string): boolean {
  if (!usual.has(test)) {
    const started = performance.now();
    const ok = succeeds(test, 300_000);
    usual.set(test, ok ? performance.now() - started : Number.NaN);
    if (!ok) console.log(`  ${test} fails without a mutant`);
  }
  return !Number.isNaN(usual.get(test));
}

function noticed({ file, text, start, end, after }: Mutant, tests: readonly string[]): boolean {
  writeFileSync(join(copy, file), text.slice(0, start) + after + text.slice(end));
  try {
    return tests.some((test) => !succeeds(test, Math.ceil(10_000 + PATIENCE * (usual.get(test) ?? 0))));
  } finally {
    writeFileSync(join(copy, file), text);
  }
}

function succeeds(test: string, timeout: number): boolean {
  const env = { ...trainerEnvironment(), ...process.env };
  return (
    spawnSync(process.execPath, [test], { cwd: copy, env, stdio: 'ignore', timeout, killSignal: 'SIGKILL' }).status ===
    0
  );
}
