/**
 * Runs TensorFlow.js' own tests on one of our engines, in the order in which they are written, from the test `--from` on.
 * Prints {"start"} before and {"outcome", "why"} after each as JSON lines, {"total"} first.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { KernelBackend } from '@tensorflow/tfjs';
import { addSoftwareAdapter } from '../software-adapter.ts';
import { CORE, loadAsBundled } from './modules.ts';
import { type Failure, outcomeOf } from './outcome.ts';

loadAsBundled();

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'simd' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
});

interface Result {
  fullName: string;
  status: string;
  failedExpectations: Failure[];
}
interface Spec {
  getFullName(): string;
}
interface Jasmine {
  DEFAULT_TIMEOUT_INTERVAL: number;
  getEnv(): {
    configure(settings: object): void;
    addReporter(reporter: object): void;
    execute(): Promise<unknown>;
  };
}

const core = createRequire(import.meta.url)('jasmine-core') as { installGlobals(): void };
core.installGlobals();
const { jasmine } = globalThis as unknown as { jasmine: Jasmine };
jasmine.DEFAULT_TIMEOUT_INTERVAL = 120_000;
const env = jasmine.getEnv();
// Two of the library's suites share a name.
env.configure({ random: false, forbidDuplicateNames: false });

const say = (facts: object) => process.stdout.write(`${JSON.stringify(facts)}\n`);
for (const level of ['log', 'warn', 'info', 'error'] as const) console[level] = () => {};

const tf = await import('@tensorflow/tfjs');
if (values.engine === 'simd') {
  const machine = (await import('../../src/engine/simd/threads.ts')).startMachine();
  (await import('../../src/engine/simd/register.ts')).registerWith(() => machine);
} else {
  addSoftwareAdapter();
  await (await import('../../src/engine/webgpu/index.ts')).registerWebgpu();
}
await tf.setBackend(values.engine);
// Each suite ends every backend and starts it anew; threads and the device have to live on.
(Object.getPrototypeOf(tf.backend()) as KernelBackend).dispose = () => {};

const util = (await import(pathToFileURL(join(CORE, 'jasmine_util.js')).href)) as {
  setTestEnvs(environments: object[]): void;
};
util.setTestEnvs([
  { name: values.engine, backendName: values.engine, flags: {}, isDataSync: values.engine === 'simd' },
]);
await import(pathToFileURL(join(CORE, 'public/chained_ops/register_all_chained_ops.js')).href);
for (const line of readFileSync(join(CORE, 'tests.js'), 'utf8').split('\n')) {
  const name = /^import '\.\/(.+)';/.exec(line)?.[1];
  if (!name || (values.only && !new RegExp(values.only).test(name))) continue;
  await import(pathToFileURL(join(CORE, `${name}.js`)).href);
}

const from = Number(values.from);
let counted = 0;
env.configure({
  // Called once for each test before the first runs.
  specFilter: (_: Spec) => counted++ >= from,
});
let place = from;
env.addReporter({
  jasmineStarted: () => say({ total: counted }),
  specStarted: ({ fullName, status }: Result) => status !== 'excluded' && say({ start: fullName }),
  specDone: ({ fullName, status, failedExpectations }: Result) => {
    if (status === 'excluded') return;
    place++;
    say({ place, name: fullName, ...outcomeOf(status, failedExpectations) });
  },
});
await env.execute();
process.exit(0);
