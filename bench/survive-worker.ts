/** The program that `survive` kills: two windows that draw, commit, leave and look at random, each stroke said once it is acknowledged. */
import { openExistingProject } from '../src/app.ts';
import { encodeBoxes } from '../src/shared/contract/index.ts';

const [folder] = process.argv.slice(2);
const project = openExistingProject(folder);
const { drawing, store, review } = project;
const scans = store.scans.list();
let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
  void project.close().finally(() => process.exit(0));
});
await drawing.recover();
process.stdout.write('ready\n');

const random = (n: number) => Math.floor(Math.random() * n);

async function draw(own: number): Promise<void> {
  const scan = scans[random(scans.length)];
  // Each window has voxels of its own, so that what was acknowledged is known.
  const at = random(scan.size[0] * scan.size[1] * scan.size[2]);
  const voxel = at - (at % 2) + own;
  const [i, j, k] = [
    voxel % scan.size[0],
    Math.floor(voxel / scan.size[0]) % scan.size[1],
    Math.floor(voxel / (scan.size[0] * scan.size[1])) % scan.size[2],
  ];
  const value = random(2);
  const name = `${scan.id} ${i + scan.size[0] * (j + scan.size[1] * k)} ${value}`;
  // Said before, too: a stroke that was being written when the program ended may be there or not.
  process.stdout.write(`try ${name}\n`);
  await drawing.edit(
    scan.id,
    'manual',
    encodeBoxes([{ start: [i, j, k], size: [1, 1, 1], values: Uint8Array.of(value) }]),
  );
  process.stdout.write(`ack ${name}\n`);
}

async function act(own: number): Promise<void> {
  while (!stopping) {
    const { id } = scans[random(scans.length)];
    const turn = random(10);
    try {
      if (turn < 7) await draw(own);
      else if (turn < 8) await drawing.commit(id);
      else if (turn < 9) await review.case(id);
      else await drawing.read(id, 'manual');
    } catch (error) {
      // A full disk, or a project that is being closed: said, and tried on.
      process.stdout.write(`failed ${(error as { code?: string }).code ?? String(error)}\n`);
      await new Promise((done) => setTimeout(done, 5));
    }
  }
}

await Promise.all([act(0), act(1)]);
