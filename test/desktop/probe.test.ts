import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { about } from '../../src/api/about.ts';
import { createApi } from '../../src/api/index.ts';
import { createApp, newProject } from '../../src/app.ts';
import { makePhantom } from '../../src/core/phantom/index.ts';
import { writeNifti } from '../../src/imaging/index.ts';

const root = mkdtempSync(join(tmpdir(), 'decile-probe-'));
process.env.DECILE_CACHE = join(root, 'cache');
after(() => rmSync(root, { recursive: true, force: true }));

test('a short probe in the trainer tells how long training will take, and the plan knows it from then on', async () => {
  for (const folder of ['scans', 'masks']) mkdirSync(join(root, folder));
  for (const seed of [1, 2]) {
    const { scan, mask } = makePhantom('ct-abdomen', seed, [32, 24, 16]);
    await writeNifti(join(root, 'scans', `p${seed}.nii.gz`), scan);
    if (seed === 1) await writeNifti(join(root, 'masks', 'p1.nii.gz'), mask);
  }
  const folder = join(root, 'project');
  const project = newProject(folder, { preset: 'ct-kidney', labels: [{ name: 'kidney' }] });
  await project.importScans(join(root, 'scans'), { labels: join(root, 'masks') });
  await project.close();

  const api = createApi(
    { about: () => about('server'), chooseFolder: async () => null, browsing: true, documents: root },
    createApp(),
    join(root, 'config'),
  );
  after(() => api.close());
  const listing = (await api.call('folders.browse', { path: folder })) as { folder: string };
  await api.call('projects.open', { folder: listing.folder });
  const options = { engine: 'simd', width: 2, steps: 1000, spacing: 'native' };
  const blind = (await api.call('train.plan', { options })) as { seconds: number | null };
  assert.equal(blind.seconds, null);
  const probed = (await api.call('train.probe', { options })) as { seconds: number; basis: string; device: string };
  assert.ok(probed.seconds > 1, `${probed.seconds} s`);
  assert.match(probed.basis, /s a step, measured in a short probe/);
  assert.match(probed.device, /WebAssembly/);
  assert.deepEqual(await api.call('train.plan', { options }), probed);
});
