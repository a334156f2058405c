/** What the report and the history say of several labels, and of predictions that were taken as they are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { addRun } from '../store/helpers.ts';
import { maskOf, projectWith, temporaryFolder } from './helpers.ts';
import { keepPrediction } from './predicted.ts';

test('a case of several labels counts once in the report, as the mean over them; each label has its own figure', async (t) => {
  const folder = temporaryFolder(t);
  const made = await projectWith(t, folder, 3, 0, ['kidney', 'tumour']);
  const run = addRun(made, 'run-1');
  const [first, second, third] = made.scans.list();
  for (const scan of [first, second, third]) await keepPrediction(made, run, scan, maskOf(1), [0.1, 0.2, 0.1, 0, 0, 0]);
  // The kidney is right, the tumour was missed.
  for (const scan of [first, second]) {
    const truth = maskOf(1);
    truth.data[0] = 2;
    await saveMaskVersion(made, scan, truth, { origin: 'corrected', accepted: true, run: run.id });
  }
  made.close();
  const project = openExistingProject(made.folder);
  t.after(() => project.close());
  await project.review.decide(third.id, 'accept');
  await project.export({ output: join(folder, 'out'), format: 'html' });
  const page = readFileSync(join(folder, 'out', 'report.html'), 'utf8');
  // Two of 50 and one of 100, where an absent tumour that nobody found is right.
  assert.match(page, /<td>run-1<\/td><td>66\.7 \(28\.9\)<\/td>/);
  assert.match(page, /<td>2<\/td><td>0<\/td><td>3<\/td><\/tr>/, 'two with an empty label, three cases');
  assert.match(page, /<td>case_01<\/td><td>50\.0<\/td>/);
  assert.match(page, /Dice of kidney, run-1[\s\S]*100\.0 % \(SD 0\.0\), 3 cases/);
  assert.match(page, /case_01, tumour: Dice 0\.0/);
  const { meanChangeMl } = await project.compare.summary();
  assert.ok(meanChangeMl !== null && meanChangeMl > 0);

  const said = project.compare.history([third.name]).map(({ what, version }) => [what, version]);
  assert.deepEqual(said, [
    ['predicted', 1],
    ['accepted', 2],
  ]);
  assert.ok(project.compare.history([first.name]).some(({ what }) => what === 'corrected'));
});
