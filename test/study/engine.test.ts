/** What computes in a study whose jobs leave it open: the engine that is measured to be the fastest, as in the window and in `decile train`. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fastestEngine } from '../../src/engine/choose/step-times.ts';
import type { StartTrainer } from '../../src/shared/trainer.ts';
import type { TrainerJob } from '../../src/shared/training.ts';
import { parseStudy } from '../../src/study/definition.ts';
import { runStudy } from '../../src/study/run-study.ts';
import { machine, probes } from '../services/machine.ts';
import { onDisk, recorder, STUDY } from './balls.ts';

test('a study measures the engines once, before its first job', async (t) => {
  machine(t);
  const { folder, mask } = await onDisk();
  t.after(() => rmSync(folder, { recursive: true }));
  const definition = parseStudy({ ...STUDY, options: { steps: 3, width: 1 } }, folder);
  const measuring = probes({ tensorflow: 2, simd: 0.5 });
  const training = recorder(mask);
  const kinds: string[] = [];
  const start: StartTrainer = (job: TrainerJob & { threads?: number }, onEvent) => {
    kinds.push(job.kind === 'probe' ? job.options.engine : job.kind);
    return (job.kind === 'probe' || job.kind === 'adapter' ? measuring : training).start(job, onEvent);
  };
  const said: string[] = [];
  const request = { definition, startTrainer: start, onNotice: (text: string) => said.push(text) };
  const { done } = await runStudy({ ...request, out: join(folder, 'out') });
  assert.equal(done, 4);
  assert.deepEqual(kinds.slice(0, 4), ['adapter', 'tensorflow', 'simd', 'train']);
  assert.equal(fastestEngine(), 'simd');
  assert.match(said.join('\n'), /simd: 0\.50 s a step .*\n.*tensorflow: 2\.00 s a step/);
  kinds.length = 0;
  await runStudy({ ...request, out: join(folder, 'again') });
  assert.equal(kinds.includes('simd'), false, 'once for this machine');
});
