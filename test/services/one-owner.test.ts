import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openExistingProject, type Project } from '../../src/app.ts';
import { protect, record } from '../../src/core/edit/edit.ts';
import type { LabelMap } from '../../src/core/volume.ts';
import { readMask } from '../../src/imaging/index.ts';
import { saveMaskVersion } from '../../src/project/services/drawing/mask-versions.ts';
import { journalFile } from '../../src/project/services/drawing/working-mask.ts';
import { maskFile } from '../../src/project/store/index.ts';
import { Autosave } from '../../src/renderer/viewer/autosave.ts';
import { encodeBoxes, type MaskBox } from '../../src/shared/contract/index.ts';
import { GRID, maskOf, projectWith, temporaryFolder } from './helpers.ts';

const stroke = (i: number, value = 1) =>
  encodeBoxes([{ start: [i, 0, 0], size: [1, 1, 1], values: Uint8Array.of(value) }]);

async function opened(t: TestContext, scans = 1): Promise<{ project: Project; ids: number[]; reopen(): Project }> {
  const store = await projectWith(t, temporaryFolder(t), scans, 0);
  const ids = store.scans.list().map(({ id }) => id);
  store.close();
  const reopen = () => {
    const project = openExistingProject(store.folder);
    t.after(() => project.close());
    return project;
  };
  return { project: reopen(), ids, reopen };
}

/** Every version of the scan has its own whole file, and nothing else lies beside them. */
async function wholeVersions({ store }: Project, scan: number): Promise<number> {
  const history = store.masks.history(scan);
  for (const { file } of history) await readMask(store.path(file));
  assert.equal(new Set(history.map(({ file }) => file)).size, history.length);
  const files = readdirSync(store.path(`masks/${scan}`)).filter((name) => name.endsWith('.nii.gz'));
  assert.equal(files.length, history.length, files.join(' '));
  return history.length;
}

test('two commits of one scan at the same time make one version (commit-race-two-calls)', async (t) => {
  const { project, ids, reopen } = await opened(t);
  const [id] = ids;
  await project.drawing.edit(id, 'manual', stroke(1));
  await Promise.all([project.drawing.commit(id), project.review.case(id), project.drawing.commit(id)]);
  assert.equal(await wholeVersions(project, id), 1);
  await project.close();
  assert.equal((await reopen().drawing.read(id, 'manual'))?.data[1], 1);
});

test('a project that is closed while a case is committed keeps its strokes (commit-race-on-close)', async (t) => {
  const { project, ids, reopen } = await opened(t);
  const [id] = ids;
  await project.drawing.edit(id, 'manual', stroke(1));
  const leaving = project.drawing.commit(id);
  await Promise.all([project.close(), leaving]);
  const again = reopen();
  assert.equal(await wholeVersions(again, id), 1);
  assert.equal((await again.drawing.read(id, 'manual'))?.data[1], 1);
});

test('versions of one scan made at the same time get numbers and files of their own', async (t) => {
  const { project, ids } = await opened(t);
  const { store } = project;
  const scan = store.scans.get(ids[0]);
  const made = [1, 2, 3, 4].map((k) =>
    saveMaskVersion(store, scan, maskOf(1, [0, 0, 0], [k, 1, 1]), { origin: 'manual', accepted: false }),
  );
  const versions = await Promise.all(made);
  assert.deepEqual(versions.map(({ version }) => version).sort(), [1, 2, 3, 4]);
  for (const [k, { file }] of versions.entries())
    assert.equal(
      (await readMask(store.path(file))).data.reduce((sum, value) => sum + value, 0),
      k + 1,
    );
});

test('a version that cannot be kept leaves every other file as it was, and the strokes in their journal', async (t) => {
  const { project, ids, reopen } = await opened(t);
  const [id] = ids;
  const { store, drawing } = project;
  await drawing.edit(id, 'manual', stroke(1));
  // A file without a row, as a copied or restored folder may hold one, is not this commit's to write over or remove.
  const foreign = store.path(maskFile(id, 1));
  writeFileSync(foreign, 'not ours');
  t.mock.method(store.masks, 'keep', () => {
    throw new Error('no row');
  });
  await assert.rejects(drawing.commit(id), { message: 'no row' });
  assert.equal(readFileSync(foreign, 'utf8'), 'not ours');
  assert.deepEqual(readdirSync(store.path(`masks/${id}`)).sort(), ['1.nii.gz', 'manual.journal']);
  t.mock.restoreAll();
  await drawing.commit(id);
  assert.equal(store.masks.history(id)[0].version, 2);
  assert.equal(readFileSync(foreign, 'utf8'), 'not ours');
  assert.equal(existsSync(store.path(journalFile(id, 'manual'))), false);
  await project.close();
  assert.equal((await reopen().drawing.read(id, 'manual'))?.data[1], 1);
});

test('strokes, commits, looks and evictions of many scans at once lose no stroke', async (t) => {
  const { project, ids, reopen } = await opened(t, 7);
  const { drawing, review } = project;
  const drawn = ids.map(() => new Set<number>());
  const work: Promise<unknown>[] = [];
  for (let n = 0; n < 140; n++) {
    const at = (n * 5) % ids.length;
    const voxel = n % GRID.size[0];
    work.push(drawing.edit(ids[at], 'manual', stroke(voxel)).then(() => drawn[at].add(voxel)));
    if (n % 3 === 0) work.push(drawing.commit(ids[(n * 3) % ids.length]));
    if (n % 4 === 0) work.push(review.case(ids[(n * 11) % ids.length]));
    if (n % 5 === 0) work.push(drawing.read(ids[(n * 13) % ids.length], 'manual'));
    if (n % 20 === 0) await Promise.race(work);
  }
  await Promise.all(work);
  await project.close();
  const again = reopen();
  for (const [at, id] of ids.entries()) {
    await wholeVersions(again, id);
    const { data } = (await again.drawing.read(id, 'manual'))!;
    for (const voxel of drawn[at]) assert.equal(data[voxel], 1, `scan ${id} voxel ${voxel}`);
  }
});

test('a mask that was closed while no version could be made is read from its journal', async (t) => {
  const { project, ids } = await opened(t, 6);
  const { drawing, store } = project;
  t.mock.method(store.masks, 'keep', () => {
    throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  });
  for (const id of ids) await drawing.edit(id, 'manual', stroke(1));
  await assert.rejects(drawing.commit(ids[0]));
  for (const id of ids) assert.equal((await drawing.read(id, 'manual'))?.data[1], 1);
  await drawing.edit(ids[0], 'manual', stroke(2));
  assert.deepEqual([...(await drawing.read(ids[0], 'manual'))!.data.subarray(0, 4)], [0, 1, 1, 0]);
  t.mock.restoreAll();
});

test('a project whose folder was moved away says so at the next save, and nothing is made in its old place', async (t) => {
  const { project, ids } = await opened(t, 2);
  const { drawing, store, review } = project;
  await drawing.edit(ids[0], 'manual', stroke(1));
  const moved = `${store.folder}-moved`;
  renameSync(store.folder, moved);
  for (const id of ids) await assert.rejects(drawing.edit(id, 'manual', stroke(2)), { code: 'project/moved' });
  await assert.rejects(drawing.commit(ids[0]), { code: 'project/moved' });
  await assert.rejects(review.thumbnail(ids[0]), { code: 'project/moved' });
  await project.close();
  assert.equal(existsSync(store.folder), false);
  const again = openExistingProject(moved);
  t.after(() => again.close());
  assert.deepEqual([...(await again.drawing.read(ids[0], 'manual'))!.data.subarray(0, 3)], [0, 1, 0]);
});

const canMount = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0;

test('on a full disk a project opens, and its journals are read (full-disk-hides-journal)', {
  skip: canMount ? false : 'this system allows no disk of its own (unshare, tmpfs)',
}, async (t) => {
  const { project, ids } = await opened(t);
  const [id] = ids;
  await project.drawing.edit(id, 'manual', stroke(1));
  // As after kill -9: nothing is committed.
  project.store.close();
  const folder = temporaryFolder(t);
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const from = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const script = `
    import { openExistingProject } from ${from('app.ts')};
    import { writeFileSync, statfsSync, readdirSync } from 'node:fs';
    const disk = ${JSON.stringify(disk)};
    const { bavail, bsize } = statfsSync(disk);
    try { writeFileSync(disk + '/filler', Buffer.alloc(bavail * bsize)); } catch {}
    const project = openExistingProject(disk + '/project');
    const failures = await project.drawing.recover();
    const read = await project.drawing.read(${id}, 'manual');
    const seen = await project.review.case(${id});
    console.log(JSON.stringify({ code: failures[0]?.error.code, voxel: read?.data[1], state: seen.state, editing: seen.editing }));
    await project.close();
    console.log(JSON.stringify(readdirSync(disk + '/project/masks/${id}')));`;
  const run = spawnSync(
    'unshare',
    [
      '-Urm',
      'sh',
      '-c',
      `mount -t tmpfs -o size=4m tmpfs '${disk}' && cp -r '${project.store.folder}' '${disk}/project' && exec "$0" --input-type=module -e "$1"`,
      process.execPath,
      script,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(run.status, 0, run.stderr);
  const [seen, files] = run.stdout.trim().split('\n');
  assert.deepEqual(JSON.parse(seen), { code: 'disk/full', voxel: 1, state: 'drawing', editing: 'manual' });
  assert.deepEqual(JSON.parse(files), ['manual.journal']);
});

test('strokes of two windows over each other on one scan are both found, on whatever road they went', async (t) => {
  const { project, ids, reopen } = await opened(t);
  const [id] = ids;
  const size = project.store.scans.get(id).size;
  const at = (i: number, j: number) => i + size[0] * j;
  /** A window with a mask of its own, as it was when the case was opened. */
  const window = () => {
    const mask: LabelMap = { ...GRID, data: new Uint8Array(size[0] * size[1] * size[2]) };
    const send = (boxes: MaskBox[]) => project.drawing.edit(id, 'manual', encodeBoxes(boxes));
    const autosave = new Autosave(mask, send, () => {});
    return (name: string, value: number, voxels: number[]) => {
      autosave.note(record(mask, protect([]), name, (to) => voxels.forEach((voxel) => void to.write(voxel, value)))!);
      return autosave.flush();
    };
  };
  const [first, second] = [window(), window()];
  const falling = [0, 1, 2, 3, 4, 5].map((n) => at(n, n));
  const rising = [0, 1, 2, 3, 4].map((n) => at(n, 5 - n));
  await Promise.all([first('falling', 1, falling), second('rising', 1, rising)]);
  await project.drawing.commit(id);
  await Promise.all([second('one more', 1, [at(7, 6), at(6, 0)]), first('and here', 1, [at(0, 6), at(7, 0)])]);
  await project.close();
  const { data } = (await reopen().drawing.read(id, 'manual'))!;
  const drawn = [...data].flatMap((value, voxel) => (value ? [voxel] : []));
  const expected = new Set([...falling, ...rising, at(7, 6), at(6, 0), at(0, 6), at(7, 0)]);
  assert.deepEqual(
    drawn,
    [...expected].sort((a, b) => a - b),
  );
});
