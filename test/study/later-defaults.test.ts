import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { lockPlan, rareLabelsOf, readLock, smallFromOf } from '../../src/study/lock.ts';
import { planStudy } from '../../src/study/plan.ts';
import { settleJobs } from '../../src/study/run-study.ts';
import { planOf } from './planned.ts';

/** A study begun by a version with other defaults, as its lock has them, and its definition. */
async function begun(t: Parameters<typeof planOf>[0], then: object, absent: string[] = []) {
  const { out, plan } = await planOf(t, []);
  mkdirSync(out);
  lockPlan(out, plan);
  const path = join(out, 'study.lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  for (const options of [lock.defaults, ...Object.values<{ options: object }>(lock.jobs).map((job) => job.options)]) {
    Object.assign(options, then);
    for (const key of absent) delete options[key];
  }
  const write = () => writeFileSync(path, JSON.stringify(lock));
  write();
  return { out, definition: plan.definition, lock, write };
}

test('a study that goes on in a later version keeps the defaults it began with, and says so', async (t) => {
  const { out, definition } = await begun(t, { unlabelledFrom: 0.25, warmUp: 0 });
  const more = { ...definition, seeds: [1, 2], methods: [...definition.methods, { name: 'new', options: {} }] };
  const plan = planStudy(more, out);
  lockPlan(out, plan);
  assert.deepEqual(
    plan.jobs.map(({ id, options: { unlabelledFrom, warmUp } }) => [id, unlabelledFrom, warmUp]),
    ['first-2-1', 'first-2-2', 'new-2-1', 'new-2-2'].map((id) => [id, 0.25, 0]),
    'further seeds and methods mean the same',
  );
  const [said, ...others] = plan.notices;
  assert.match(said, /defaults changed since this study began.*had: warmUp 0, unlabelledFrom 0.25\. Another/);
  assert.deepEqual(others, []);
  assert.deepEqual(planStudy(more, out).jobs, plan.jobs, 'and the next time');
});

test('what the study file says is never replaced', async (t) => {
  const { out, definition } = await begun(t, { unlabelledFrom: 0.25 });
  const named = planStudy({ ...definition, options: { ...definition.options, unlabelledFrom: 0.5 } }, out);
  assert.equal(named.jobs[0].options.unlabelledFrom, 0.5);
  assert.throws(() => lockPlan(out, named), { code: 'study/changed', message: /unlabelledFrom 0.5 instead of 0.25/ });
});

test('a study begun before small structures were chosen by themselves has none', async (t) => {
  const { out, definition, lock, write } = await begun(t, {}, ['smallStructures']);
  const chosen = () => planStudy({ ...definition, seeds: [1, 2] }, out).jobs.map((job) => job.options.smallStructures);
  assert.deepEqual(chosen(), ['off', 'off']);
  delete lock.defaults;
  write();
  assert.deepEqual(chosen(), ['off', DEFAULT_OPTIONS.smallStructures], 'older locks know of their own jobs alone');
});

test('a study begun before few labelled scans were made up for goes on without', async (t) => {
  const { out, definition, lock, write } = await begun(t, {});
  const from = () => smallFromOf(readLock(out) as NonNullable<ReturnType<typeof readLock>>);
  assert.equal(from(), 1);
  delete lock.smallFrom;
  write();
  lockPlan(out, planStudy(definition, out));
  assert.equal(from(), 14);
});

test('options that follow from one another are not taken for changed defaults', async (t) => {
  const { out, plan } = await planOf(t, [{ name: 'small', method: 'bcp', smallStructures: 'on' }]);
  mkdirSync(out);
  lockPlan(out, plan);
  const again = planStudy({ ...plan.definition, seeds: [1, 2] }, out);
  assert.deepEqual(again.notices, []);
  assert.deepEqual(
    again.jobs.filter(({ method }) => method === 'small').map(({ options: { region } }) => region),
    ['auto', 'auto'],
  );
});

test('jobs that come later have the patch of the first ones, whatever this version would take', async (t) => {
  const { out, definition, lock, write } = await begun(t, {});
  const first = await settleJobs(planStudy(definition, out), out, true);
  const settled = JSON.parse(readFileSync(join(out, 'study.lock.json'), 'utf8')).patches as Record<string, number[]>;
  assert.deepEqual(Object.values(settled), [first[0].options.patch]);
  lock.patches = Object.fromEntries(Object.keys(settled).map((key) => [key, [32, 32, 16]]));
  write();
  const more = planStudy({ ...definition, seeds: [1, 2] }, out);
  lockPlan(out, more);
  const jobs = await settleJobs(more, out, true);
  assert.deepEqual(
    jobs.map(({ id, options: { patch } }) => [id, patch]),
    ['first-2-1', 'first-2-2'].map((id) => [id, [32, 32, 16]]),
  );
});

test('a study begun before rare labels were weighed is scored as it began', async (t) => {
  const { out, definition, lock, write } = await begun(t, {});
  const asked = (rareLabels?: 'weighted' | 'argmax') => () =>
    lockPlan(out, planStudy({ ...definition, ...(rareLabels && { rareLabels }) }, out));
  const held = () => rareLabelsOf(readLock(out)!);
  assert.equal(held(), 'weighted');
  assert.throws(asked('argmax'), { code: 'study/changed', message: /rareLabels argmax/ });
  delete lock.rareLabels;
  write();
  asked()();
  assert.equal(held(), 'argmax');
  asked('argmax')();
  assert.throws(asked('weighted'), { code: 'study/changed' });
});

test('a damaged lock is said to be one', async (t) => {
  const { out, definition } = await begun(t, {});
  writeFileSync(join(out, 'study.lock.json'), '{');
  assert.throws(() => planStudy(definition, out), {
    code: 'study/other-folder',
    message: /damaged .*study\.lock\.json/,
  });
});
