/** A damaged mask leaves its own case out of the report and of what is expected; all others are there, and the list is said. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { decile } from '../cli/run.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

test('export --format html, the Report screen and decisions go on beside a damaged mask; exit code 4', async (t) => {
  const folder = temporaryFolder(t);
  const store = await projectWith(t, folder, 3, 0);
  const options = resolveOptions({ steps: 2000, spacing: 'native' });
  const run = store.runs.create({ name: 'r', options, classes: store.labels.classes(), cases: [] });
  store.runs.update(run.id, { state: 'finished' });
  const [first, second, third] = store.scans.list();
  for (const scan of [first, second, third]) {
    await keepPrediction(store, run, scan, maskOf(), [0.1, 0.2, 0.1, 0, 0, 0]);
    await saveMaskVersion(store, scan, maskOf(1, [2, 2, 2], [6, 5, 5]), { origin: 'corrected', accepted: true });
  }
  const damaged = store.path(store.masks.reference(second.id)!.file);
  store.close();
  const bytes = readFileSync(damaged);
  bytes[bytes.length >> 1] ^= 0xff;
  writeFileSync(damaged, bytes);

  const args = ['export', store.folder, join(folder, 'out'), '--format', 'html', '--json'];
  const ran = await decile(args);
  assert.equal(ran.status, 4, ran.stderr);
  const { refused, files } = ran.json() as { refused: { scan: string; code: string }[]; files: string[] };
  assert.deepEqual(files, ['report.html']);
  assert.deepEqual(
    refused.map(({ scan }) => scan),
    [second.name],
  );
  const page = readFileSync(join(folder, 'out', 'report.html'), 'utf8');
  assert.ok(page.includes(first.name) && page.includes(third.name));

  const project = openExistingProject(store.folder);
  t.after(() => project.close());
  const summary = await project.compare.summary();
  assert.deepEqual(
    [summary.cases.map(({ scan }) => scan), summary.leftOut.map(({ name }) => name)],
    [[first.id, third.id], [second.name]],
  );
  await project.compare.expected();
  await project.review.decide(first.id, 'accept');
  await project.close();

  for (const [n, scan] of [first, third].entries()) {
    const again = openExistingProject(store.folder, 'read');
    const path = again.store.path(again.store.masks.reference(scan.id)!.file);
    await again.close();
    writeFileSync(path, 'nothing of a mask');
    const out = await decile(['export', store.folder, join(folder, `out${n}`), '--format', 'html', '--json']);
    assert.equal(out.status, n === 0 ? 4 : 1, 'with no case left there is no report, and the error names the file');
  }
});
