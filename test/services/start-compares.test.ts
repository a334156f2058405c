/** Train in the window: engines are compared before the first run, so that `auto` does not take the slower one for as long as nobody waits for a probe. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../src/api/index.ts';
import { createApp } from '../../src/app.ts';
import type { StartTrainer } from '../../src/shared/trainer.ts';
import { projectWith, scriptedTrainer, temporaryFolder } from './helpers.ts';
import { machine, probes } from './machine.ts';

test('a step is measured on each engine before the window trains', async (t) => {
  machine(t);
  const store = await projectWith(t, temporaryFolder(t), 2, 1);
  store.close();
  const kinds: string[] = [];
  const measuring = probes({ tensorflow: 2, simd: 0.5 });
  const training = scriptedTrainer(async function* () {
    yield { type: 'finished', step: 1, seconds: 0 };
  });
  const start: StartTrainer = (job, onEvent) => {
    kinds.push(job.kind === 'probe' ? job.options.engine : job.kind);
    return (job.kind === 'probe' || job.kind === 'adapter' ? measuring : training).start(job, onEvent);
  };
  const config = temporaryFolder(t);
  const shell = { about: () => assert.fail(), chooseFolder: async () => null, browsing: true, documents: config };
  const api = createApi(shell, createApp(start), config);
  t.after(() => api.close());
  const { session } = await api.call('projects.open', { folder: api.registerFolder(store.folder).folder });
  const train = () => api.dispatch('train.start', { options: { steps: 1, spacing: 'native' } }, session);
  assert.equal((await train()).ok, true);
  assert.deepEqual(kinds, ['adapter', 'tensorflow', 'simd', 'train']);
});
