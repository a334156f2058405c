/** Links out of the folder that is imported (symlink-walk): not followed, and said, unless the user wants them. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { searchIdentifiers } from '../../src/app.ts';
import { deidentifyFolder } from '../../src/project/services/export/deidentify.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import { decile } from '../cli/run.ts';
import { maskOf, newProject, scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

const outside = (failures: { code: string; path: string }[]) =>
  failures.filter(({ code }) => code === 'file/link-outside').map(({ path }) => path);

test('scans and masks behind links out of their folder are left out and listed; --follow-links brings them', async (t) => {
  const folder = temporaryFolder(t);
  const [scans, masks] = [join(folder, 'scans'), join(folder, 'masks')];
  await writeVolumes(scans, { 'a.nii.gz': scanOf(1), 'b.nii.gz': scanOf(2), 'sub/c.nii.gz': scanOf(3) });
  await writeVolumes(masks, { 'a.nii.gz': maskOf() });
  await writeVolumes(join(folder, 'others'), { 'd.nii.gz': scanOf(4) });
  await writeVolumes(join(folder, 'drawn'), { 'b.nii.gz': maskOf() });
  symlinkSync(join(folder, 'others'), join(scans, 'elsewhere'));
  symlinkSync(join(folder, 'others', 'd.nii.gz'), join(scans, 'd.nii.gz'));
  symlinkSync(join(scans, 'sub', 'c.nii.gz'), join(scans, 'within.nii.gz'));
  symlinkSync(join(folder, 'drawn', 'b.nii.gz'), join(masks, 'b.nii.gz'));

  const store = newProject(t);
  const report = await importScans(store, scans, { labels: masks });
  assert.deepEqual(outside(report.failures).sort(), [
    ...[join(masks, 'b.nii.gz'), join(scans, 'd.nii.gz'), join(scans, 'elsewhere')],
  ]);
  assert.deepEqual(report.added.map(({ name }) => name).sort(), ['a', 'b', 'c']);
  assert.deepEqual(
    report.masks.map(({ scan }) => scan),
    ['a'],
  );

  const followed = await importScans(newProject(t), scans, { labels: masks, followLinks: true });
  assert.deepEqual(outside(followed.failures), []);
  assert.ok(followed.added.some(({ name }) => name === 'd'));
  assert.deepEqual(followed.masks.map(({ scan }) => scan).sort(), ['a', 'b']);
});

test('a link to the root of the machine does not take the import there; exit code 4, and the link is named', async (t) => {
  const cwd = temporaryFolder(t);
  await writeVolumes(join(cwd, 'scans'), { 'a.nii.gz': scanOf(1) });
  symlinkSync('/', join(cwd, 'scans', 'machine'));
  await decile(['new', 'p', '--label', 'organ', '--preset', 'mr'], { cwd });
  const ran = await decile(['import', 'p', 'scans', '--json'], { cwd });
  assert.equal(ran.status, 4, ran.stderr);
  const { added, failures } = ran.json() as { added: unknown[]; failures: { code: string; path: string }[] };
  assert.equal(added.length, 1);
  assert.deepEqual(outside(failures), [join(cwd, 'scans', 'machine')]);
});

test('a data set whose dataset.json or layout names a link out of its folder comes without it', async (t) => {
  const folder = temporaryFolder(t);
  await writeVolumes(join(folder, 'others'), { 'scan.nii.gz': scanOf(2), 'mask.nii.gz': maskOf() });
  const nnunet = join(folder, 'Dataset001');
  await writeVolumes(nnunet, {
    'imagesTr/one_0000.nii.gz': scanOf(1),
    'imagesTr/three_0000.nii.gz': scanOf(3),
    'labelsTr/one.nii.gz': maskOf(),
  });
  symlinkSync(join(folder, 'others', 'scan.nii.gz'), join(nnunet, 'imagesTr', 'two_0000.nii.gz'));
  for (const name of ['two', 'three'])
    symlinkSync(join(folder, 'others', 'mask.nii.gz'), join(nnunet, 'labelsTr', `${name}.nii.gz`));
  writeFileSync(
    join(nnunet, 'dataset.json'),
    JSON.stringify({
      channel_names: { 0: 'MR' },
      labels: { background: 0, kidney: 1 },
      numTraining: 3,
      file_ending: '.nii.gz',
    }),
  );
  const report = await importScans(newProject(t), nnunet);
  assert.deepEqual(report.added.map(({ name }) => name).sort(), ['one', 'three']);
  assert.deepEqual(
    report.masks.map(({ scan }) => scan),
    ['one'],
  );
  assert.equal(outside(report.failures).length, 2, JSON.stringify(report.failures));

  const kits = join(folder, 'kits');
  await writeVolumes(kits, {
    'case_00000/imaging.nii.gz': scanOf(1),
    'case_00000/segmentation.nii.gz': maskOf(),
    'case_00001/imaging.nii.gz': scanOf(4),
  });
  await writeVolumes(join(folder, 'others', 'case_00002'), { 'imaging.nii.gz': scanOf(5) });
  symlinkSync(join(folder, 'others', 'case_00002'), join(kits, 'case_00002'));
  const cohort = await importScans(newProject(t), kits);
  assert.deepEqual(cohort.added.map(({ name }) => name).sort(), ['case_00000', 'case_00001']);
});

test('de-identification copies nothing from behind such a link, and a search says that it looked not there', async (t) => {
  const folder = temporaryFolder(t);
  const [scans, others] = [join(folder, 'scans'), join(folder, 'others')];
  for (const path of [scans, others]) mkdirSync(path);
  const head = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
  writeFileSync(join(scans, 'a.dcm'), head);
  writeFileSync(join(others, 'b.dcm'), head);
  symlinkSync(others, join(scans, 'elsewhere'));
  const report = await deidentifyFolder(scans, join(folder, 'out'), { dates: 'remove' });
  assert.deepEqual(outside(report.failures), [join(scans, 'elsewhere')]);
  assert.ok(!report.failures.some(({ path }) => path.includes('b.dcm')));
  assert.match(
    (await searchIdentifiers(scans)).map(({ path, what }) => `${path} ${what}`).join('\n'),
    /elsewhere a link out of the folder/,
  );
  await assert.rejects(searchIdentifiers(others, scans), { code: 'file/link-outside' });
});
