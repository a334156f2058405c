/** Files of patients are their owner's alone, whatever the user's umask lets others do: all that the program makes is looked at. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { openExistingProject } from '../../src/app.ts';
import { encodeBoxes } from '../../src/shared/contract/index.ts';
import { DICOM_FORMATS, EXPORT_FORMATS } from '../../src/shared/export-formats.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { cohort, SMALL } from './cohort.ts';
import { decile } from './run.ts';

let umask = 0;
before(() => {
  umask = process.umask(0);
});
after(() => process.umask(umask));

/** Paths below a folder, itself among them, that others may read, with their modes. */
function open(folder: string): string[] {
  const paths = [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))];
  return paths
    .map((path) => ({ path, mode: statSync(path).mode & 0o777 }))
    .filter(({ path, mode }) => mode !== (statSync(path).isDirectory() ? 0o700 : 0o600))
    .map(({ path, mode }) => `${relative(folder, path)} ${mode.toString(8)}`);
}

test('projects, exports, models, reports and copies are 0700 and 0600', {
  skip: process.platform === 'win32' ? 'Windows has the rights of the user’s folders' : false,
}, async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  writeSeries(join(cwd, 'pacs', 'S1'), {
    positions: [0, 2, 4, 6].map((k) => [0, 0, k]),
    value: (i, j, k) => i + 10 * j + 100 * k,
  });
  const own = ['config', 'cache', 'state'].map((name) => join(cwd, 'own', name));
  for (const name of ['own', 'models']) mkdirSync(join(cwd, name), { mode: 0o700 });
  const env = { DECILE_CONFIG: own[0], DECILE_CACHE: own[1], XDG_CACHE_HOME: own[1], XDG_STATE_HOME: own[2] };
  const run = async (...args: string[]) => {
    const ran = await decile(args, { cwd, env });
    assert.ok(ran.status === 0 || ran.status === 4, `${args.join(' ')}: ${ran.stderr}`);
  };
  await run('new', 'p', '--label', 'organ', '--preset', 'mr');
  await run('import', 'p', 'scans', '--labels', 'masks');
  await run('import', 'p', 'pacs');
  await run('train', 'p', '--steps', '2', '--labelled', '2', ...SMALL);
  await run('predict', 'p', '--scans', 'all');
  await run('evaluate', 'p', '--reference', 'masks');
  const project = openExistingProject(join(cwd, 'p'));
  const stroke = [{ start: [1, 1, 1], size: [1, 1, 1], values: Uint8Array.of(1) }] as const;
  for (const { id } of project.store.scans.list()) await project.drawing.edit(id, 'manual', encodeBoxes(stroke));
  assert.deepEqual(open(join(cwd, 'p')), [], 'with journals, while it is open');
  for (const { id, state } of [...project.review.states()].map(([id, state]) => ({ id, state })))
    if (state === 'predicted') await project.review.decide(id, 'accept');
  await project.close();
  for (const format of EXPORT_FORMATS) await exported(format);
  await run('model', 'export', 'p', 'models/m.safetensors');
  await run('convert', 'pacs/S1', 'converted/');
  await run('deidentify', 'pacs', 'clean');
  for (const made of ['p', 'converted', 'clean', 'models', ...EXPORT_FORMATS.map((format) => `out-${format}`)])
    assert.deepEqual(open(join(cwd, made)), [], made);

  async function exported(format: (typeof EXPORT_FORMATS)[number]): Promise<void> {
    // Of NIfTI scans there is no series to refer to.
    const scans = DICOM_FORMATS.includes(format) ? ['--which', 'all'] : format === 'html' ? [] : ['--which', 'all'];
    await run('export', 'p', `out-${format}`, '--format', format, ...scans);
  }
});
