/** The bench of a GPU says what it knows by then, whatever ends it: no adapter, a kill, a device that is lost. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { addSoftwareAdapter } from '../../bench/software-adapter.ts';
import { findAdapter } from '../../src/engine/webgpu/index.ts';
import { temporaryFolder } from '../store/helpers.ts';

const BENCH = fileURLToPath(new URL('../../bench/index.ts', import.meta.url));
const LOSING = pathToFileURL(join(import.meta.dirname, '../train/losing-device.ts')).href;

addSoftwareAdapter();
const noGpu = await findAdapter().then(
  () => false as const,
  (error: Error) => error.message,
);

/** Runs the bench; `hear` is told each line that it says, and may end it. */
async function bench(
  t: TestContext,
  args: string[],
  environment: NodeJS.ProcessEnv = {},
  hear: (line: string, kill: () => void) => void = () => {},
) {
  const out = join(temporaryFolder(t), 'gpu.json');
  const child = spawn(process.execPath, [BENCH, 'gpu', '--out', out, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    hear(line, () => child.kill('SIGKILL'));
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  );
  const read = () => JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown> & { left: string[] };
  return { code, signal, said, errors, read };
}

const KEYS = ['adapter', 'features', 'peaks', 'kernels', 'steps'];

test('without any adapter the answer has the form, says why and what to do, and the bench fails without a stack', async (t) => {
  const nowhere = { VK_DRIVER_FILES: '/none.json', VK_ICD_FILENAMES: '/none.json', VK_ADD_DRIVER_FILES: '/none.json' };
  const { code, errors, said, read } = await bench(t, ['--json'], nowhere);
  assert.equal(code, 1, errors);
  const answer = read();
  assert.deepEqual(JSON.parse(said.at(-1) ?? ''), answer);
  for (const key of KEYS) assert.ok(key in answer, key);
  assert.equal(answer.adapter, null);
  assert.match(
    answer.left[0],
    /^adapter: The engine webgpu must .*Use another engine; in Node this one needs a graphics driver/,
  );
  assert.match(errors, /needs a graphics driver/);
  assert.doesNotMatch(errors, /\.ts:\d/);
});

test('a time that is none is a wrong option', async (t) => {
  const { code, errors } = await bench(t, ['--minutes', 'soon']);
  assert.equal(code, 2);
  assert.match(errors, /^--minutes must be a number above 0, got soon\.\n$/);
});

test('a bench that is killed leaves what it knew', { skip: noGpu }, async (t) => {
  const { signal, read } = await bench(t, [], {}, (line, kill) => {
    if (line.startsWith('peaks:')) kill();
  });
  assert.equal(signal, 'SIGKILL');
  const answer = read();
  for (const key of KEYS) assert.ok(key in answer, key);
  assert.ok((answer.peaks as { f32: number }).f32 > 0);
});

test('a device that is lost ends the bench with what it knew and what to do', { skip: noGpu }, async (t) => {
  const file = join(temporaryFolder(t), 'lose');
  const environment = { NODE_OPTIONS: `--import ${LOSING}`, LOSE_DEVICE_AT: file };
  const { code, errors, read } = await bench(t, ['--minutes', '10'], environment, (line) => {
    if (line.startsWith('peaks:')) writeFileSync(file, '');
  });
  assert.equal(code, 1, errors);
  const { left, peaks } = read();
  assert.ok((peaks as { f32: number }).f32 > 0);
  assert.match(left.at(-1) ?? '', /^kernels: The GPU must stay available, got: .* Resume the run/);
  assert.doesNotMatch(errors, /\.ts:\d/);
});
