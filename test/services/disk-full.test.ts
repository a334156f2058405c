import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { scanOf, temporaryFolder, writeVolumes } from './helpers.ts';

// A small disk of its own, in a namespace that ends with the command.
const canMount = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0;

test('an import onto a full disk says disk/full, keeps the scans before it whole and leaves nothing half-written', {
  skip: canMount ? false : 'this system allows no disk of its own (unshare, tmpfs)',
}, async (t) => {
  const folder = temporaryFolder(t);
  const grid = {
    size: [32, 32, 32] as const,
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
  };
  await writeVolumes(
    join(folder, 'scans'),
    Object.fromEntries(Array.from({ length: 16 }, (_, n) => n + 1).map((n) => [`s${n}.nii.gz`, scanOf(n, grid)])),
  );
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const from = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  const script = `
    import { createProject, openProject } from ${from('project/store/index.ts')};
    import { importScans } from ${from('project/services/import/import.ts')};
    import { readVolume } from ${from('imaging/index.ts')};
    import { readdirSync } from 'node:fs';
    const folder = ${JSON.stringify(join(disk, 'project'))};
    const store = createProject(folder, { preset: 'mr', labels: [{ name: 'a' }] });
    let code = 'none';
    await importScans(store, ${JSON.stringify(join(folder, 'scans'))}).catch((error) => { code = error.code; });
    store.close();
    const again = openProject(folder, 'read');
    const scans = again.scans.list();
    for (const scan of scans) await readVolume(again.path(scan.volumeFile));
    console.log(JSON.stringify({ code, scans: scans.map((scan) => scan.volumeFile), files: readdirSync(folder + '/volumes') }));`;
  // 1 MB holds the database and a few of the 64 KB volumes.
  const run = spawnSync(
    'unshare',
    [
      '-Urm',
      'sh',
      '-c',
      `mount -t tmpfs -o size=1m tmpfs '${disk}' && exec "$0" --input-type=module -e "$1"`,
      process.execPath,
      script,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(run.status, 0, run.stderr);
  const seen = JSON.parse(run.stdout) as { code: string; scans: string[]; files: string[] };
  assert.equal(seen.code, 'disk/full');
  assert.ok(seen.scans.length >= 1 && seen.scans.length < 16, run.stdout);
  assert.deepEqual(seen.files.map((file) => `volumes/${file}`).sort(), seen.scans.toSorted());
});
