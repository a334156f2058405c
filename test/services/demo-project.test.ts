import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { createApp, DEMO_LABELLED, DEMO_SCANS, type Project } from '../../src/app.ts';
import { temporaryFolder } from './helpers.ts';

test('the demo project is made beside an earlier one: phantoms, a tenth labelled, nothing else left in its folder', async (t) => {
  const documents = temporaryFolder(t);
  mkdirSync(join(documents, 'Demo project'));
  const opened: Project[] = [];
  const seen: { done: number; total: number }[] = [];
  await createApp().demo(documents, (project) => opened.push(project), {
    onProgress: (progress) => seen.push(progress),
  });
  const [project] = opened;
  t.after(() => project.close());
  const { folder, labels, scans, masks } = project.store;
  assert.equal(basename(folder), 'Demo project 2');
  assert.deepEqual([scans.list().length, masks.references().size], [DEMO_SCANS, DEMO_LABELLED]);
  assert.deepEqual(
    labels.list().map(({ name, term }) => [name, term?.code]),
    [['kidney', '64033007']],
  );
  assert.ok(!readdirSync(folder).some((name) => name.startsWith('phantom')), 'the project holds its own copies');
  assert.deepEqual(
    seen.map(({ done }) => done),
    seen.map(({ done }) => done).sort((a, b) => a - b),
    'the bar never runs back',
  );
  assert.ok(seen.every(({ done, total }) => done <= total && total === 2 * DEMO_SCANS));
});

test('a demo project that is cancelled before it is one leaves nothing behind', async (t) => {
  const documents = temporaryFolder(t);
  const abort = new AbortController();
  const making = createApp().demo(documents, () => assert.fail('no project was made'), {
    signal: abort.signal,
    onProgress: ({ done }) => done === 1 && abort.abort(),
  });
  await assert.rejects(making, { name: 'AbortError' });
  assert.equal(existsSync(join(documents, 'Demo project')), false);
});
