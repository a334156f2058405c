/** A machine that has engines to measure, and a trainer that answers with given times. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { keepStepTime } from '../../src/engine/choose/step-times.ts';
import { TFJS_NODE_VERSION } from '../../src/engine/tensorflow/installation.ts';
import type { TrainerEvent, TrainerJob } from '../../src/shared/training.ts';
import { scriptedTrainer, temporaryFolder } from './helpers.ts';

/** A machine where TensorFlow seems to be set up, and nothing was measured yet. */
export function machine(t: TestContext): string {
  const before = process.env.DECILE_CACHE;
  const cache = temporaryFolder(t);
  process.env.DECILE_CACHE = cache;
  t.after(() => {
    if (before === undefined) delete process.env.DECILE_CACHE;
    else process.env.DECILE_CACHE = before;
  });
  const name = `${TFJS_NODE_VERSION}-2.0-${process.platform}-${process.arch}`;
  const addon = join(cache, 'tensorflow', name, 'node_modules', '@tensorflow', 'tfjs-node', 'lib', 'napi-v8');
  mkdirSync(addon, { recursive: true });
  writeFileSync(join(addon, 'tfjs_binding.node'), '');
  const record = { packageName: '@tensorflow/tfjs-node', source: 'wheel', tensorflow: '2.0', gpu: false };
  writeFileSync(join(cache, 'tensorflow', name, 'installed.json'), JSON.stringify(record));
  return cache;
}

/** The trainer's probe: seconds a step by engine; an engine without a time cannot compute. `adapter`: the machine's GPU. */
export const probes = (seconds: Record<string, number>, adapter?: { name: string; software: boolean }) =>
  scriptedTrainer(async function* (job: TrainerJob): AsyncIterable<TrainerEvent> {
    if (job.kind === 'adapter') {
      if (adapter) yield { type: 'adapter', ...adapter };
      yield adapter
        ? { type: 'finished', step: 0, seconds: 0 }
        : { type: 'error', code: 'engine/not-installed', message: 'There must be a GPU, got none.', cure: '' };
      return;
    }
    if (job.kind !== 'probe') throw new Error(`A probe was expected, got ${job.kind}.`);
    const { engine } = job.options;
    if (!(engine in seconds)) return yield { type: 'error', code: 'engine/broken', message: 'It must load.', cure: '' };
    const time = { engine: engine as 'simd', device: `device of ${engine}`, seconds: seconds[engine], bytes: 1 };
    keepStepTime(job.options, job.patch, { ...time, measuredAt: Date.now() });
    yield { type: 'finished', step: 0, seconds: 1 };
  });
