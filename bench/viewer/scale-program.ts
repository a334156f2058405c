/**
 * The server of one checkout, for `viewer --only table --scans N`: `node scale-program.ts CHECKOUT PROJECT N` makes the project where
 * it is absent, prints the address, and opens nothing. The checkout's own code does all of it, so that an older one is measured by the
 * same script.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Store = typeof import('../../src/project/store/index.ts');
type Serve = typeof import('../../src/server/serve.ts');
type Imaging = typeof import('../../src/imaging/index.ts');

const [checkout, project, count] = process.argv.slice(2);
const from = async <Module>(path: string) => (await import(join(checkout, 'src', path))) as Module;

const GRID = {
  size: [24, 24, 12],
  spacing: [2, 2, 3],
  origin: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
} as const;

if (!existsSync(project)) {
  const { createProject, volumeFile } = await from<Store>('project/store/index.ts');
  const { writeNifti } = await from<Imaging>('imaging/index.ts');
  const store = createProject(project, { preset: 'ct-kidney', labels: [{ name: 'kidney' }] });
  for (let n = 1; n <= Number(count); n++) {
    const id = store.scans.nextId();
    const data = Int16Array.from({ length: 24 * 24 * 12 }, (_, v) => ((v * 37 + n * 101) % 400) - 160);
    const volume = { ...GRID, data } as unknown as Parameters<typeof writeNifti>[1];
    await writeNifti(store.path(volumeFile(id)), volume);
    const { size, spacing, origin, direction } = volume;
    store.scans.add(id, {
      ...{ size, spacing, origin, direction },
      ...{ name: `scan_${n}`, modality: 'CT', sourcePath: '/nowhere', contentHash: `${n}` },
    });
  }
  store.close();
}
const pages = join(dirname(project), 'pages');
mkdirSync(pages, { recursive: true });
writeFileSync(join(pages, 'index.html'), '');
const { serve } = await from<Serve>('server/serve.ts');
const server = await serve({ pages });
process.stdout.write(`${server.url}\n`);
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
