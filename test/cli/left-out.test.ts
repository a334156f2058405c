/** One damaged file, or one drawing that nobody finished, costs that case alone: all others are done, and the list is said. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { cohort, SMALL } from './cohort.ts';
import { decile } from './run.ts';

interface Left {
  leftOut: { name: string; code: string; message: string; cure: string }[];
}
const named = (ran: { json(): unknown }) => (ran.json() as Left).leftOut.map(({ name, code }) => [name, code]);

test('train, predict and export leave damaged and unfinished cases out, do all others, and end with 4 and a list', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const run = (...args: string[]) => decile(args, { cwd });
  await run('new', 'p', '--label', 'organ', '--preset', 'mr');
  await run('import', 'p', 'scans', '--labels', 'masks');
  const folder = join(cwd, 'p');
  const project = openExistingProject(folder);
  const { scans, masks } = project.store;
  const [first, second, third, fourth] = scans.list();
  const volume = project.store.path(fourth.volumeFile);
  const whole = readFileSync(volume);
  const mask = project.store.path(masks.reference(first.id)!.file);
  await project.close();

  truncateSync(volume, whole.length - 1000);
  const steps = ['--steps', '2', '--labelled', '2', ...SMALL, '--json'];
  const trained = await run('train', 'p', ...steps);
  assert.equal(trained.status, 4, trained.stderr);
  assert.equal((trained.json() as { state: string }).state, 'finished');
  assert.deepEqual(named(trained), [[fourth.name, 'scan/truncated']]);
  assert.match(trained.stderr, new RegExp(`1 scans were left out:\\n +${fourth.name}\\n +scan/truncated`));

  const drawn = openExistingProject(folder);
  const stroke = [{ start: [1, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }] as const;
  await drawn.drawing.edit(third.id, 'corrected', encodeBoxes(stroke));
  await drawn.close();
  const predicted = await run('predict', 'p', '--scans', 'all', '--json');
  assert.equal(predicted.status, 4, predicted.stderr);
  assert.deepEqual(
    (predicted.json() as { predicted: { name: string }[] }).predicted.map(({ name }) => name),
    [first.name, second.name],
  );
  assert.deepEqual(named(predicted), [
    [third.name, 'predict/drawing'],
    [fourth.name, 'scan/truncated'],
  ]);

  writeFileSync(volume, whole);
  const bytes = readFileSync(mask);
  bytes[bytes.length >> 1] ^= 0xff;
  writeFileSync(mask, bytes);
  for (const format of ['nifti', 'nrrd', 'nnunet', 'bids']) {
    const exported = await run('export', 'p', format, '--format', format, '--which', 'accepted', '--json');
    assert.equal(exported.status, 4, exported.stderr);
    const { refused, files } = exported.json() as { refused: { scan: string }[]; files: string[] };
    assert.deepEqual([format, refused.map(({ scan }) => scan)], [format, [first.name]]);
    assert.ok(files.length > 0 && readdirSync(join(cwd, format)).length > 0);
    assert.ok(!files.some((file) => file.includes(first.name)), files.join(' '));
  }
  const { damaged } = (await run('check', 'p', '--json')).json() as { damaged: { of: string }[] };
  assert.deepEqual(
    damaged.map(({ of }) => of),
    [first.name],
  );
});

test('a finished drawing is predicted again, one that is begun or corrected and not decided is not', async (t) => {
  const { isUnfinished } = await import('../../src/project/services/predict/unfinished.ts');
  const cwd = await cohort(temporaryFolder(t));
  await decile(['new', 'p', '--label', 'organ', '--preset', 'mr'], { cwd });
  await decile(['import', 'p', 'scans', '--labels', 'masks'], { cwd });
  const project = openExistingProject(join(cwd, 'p'));
  t.after(() => project.close());
  const { store, drawing, review } = project;
  const [{ id }] = store.scans.list();
  const stroke = encodeBoxes([{ start: [1, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }]);
  assert.equal(isUnfinished(store, id), false, 'imported and accepted');
  await drawing.edit(id, 'corrected', stroke);
  assert.equal(isUnfinished(store, id), true, 'strokes in a journal');
  await drawing.commit(id);
  assert.equal(isUnfinished(store, id), true, 'a version that nobody decided on');
  await review.decide(id, 'accept');
  assert.equal(isUnfinished(store, id), false);
  await drawing.edit(id, 'corrected', stroke);
  await review.decide(id, 'reject');
  assert.equal(isUnfinished(store, id), false, 'rejected is decided');
});
