/**
 * `npm run bench -- survive --minutes N [--json]`: does what was acknowledged stay? A program in which two windows draw,
 * commit and look at random is killed, stopped, left without room on its disk, or finds files damaged; after each the
 * project is opened and compared with what it had acknowledged.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { newProject, openExistingProject } from '../src/app.ts';
import { lpsPoint, spacingMm } from '../src/core/volume.ts';
import { writeNifti } from '../src/imaging/index.ts';

const WORKER = fileURLToPath(new URL('./survive-worker.ts', import.meta.url));
const SIZE = [40, 36, 12] as const;
const SCANS = 7;
const DISK = '24m';

type End = 'kill' | 'stop' | 'full' | 'damage';

/** What a voxel may be: the value acknowledged last, or one of those tried since. */
type Known = Map<string, Set<number>>;

interface Result {
  kills: number;
  stops: number;
  fullDisks: number;
  damaged: number;
  acknowledged: number;
  lost: number;
  shut: number;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { minutes: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
  });
  const until = Date.now() + Number(values.minutes) * 60_000;
  const result: Result = { kills: 0, stops: 0, fullDisks: 0, damaged: 0, acknowledged: 0, lost: 0, shut: 0 };
  const root = mkdtempSync(join(tmpdir(), 'decile-survive-'));
  const say = (text: string) => values.json || console.log(text);
  const disk = join(root, 'disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk]).status === 0;
  if (!mounted) console.error('This user may not mount a disk of its own: fullDisks stays 0.');
  try {
    const folder = join(disk, 'project');
    await makeProject(root, folder);
    const known: Known = new Map();
    for (let round = 0; Date.now() < until; round++) {
      const ends: End[] = ['kill', 'stop', 'kill', 'stop', ...(mounted ? (['full'] as const) : []), 'damage'];
      const end = ends[round % ends.length];
      const { acknowledged } = await live(folder, disk, end, known);
      result.acknowledged += acknowledged;
      if (end === 'kill') result.kills++;
      else if (end === 'stop') result.stops++;
      else if (end === 'full') result.fullDisks++;
      else if (damageOne(folder)) result.damaged++;
      const found = await compare(folder, known);
      result.lost += found.lost;
      result.shut += found.shut;
      if (found.lost + found.shut > 0) {
        const kept = join(tmpdir(), `decile-survive-${Date.now()}`);
        cpSync(folder, kept, { recursive: true });
        console.error(`round ${round} (${end}): ${found.lost} lost, ${found.shut} shut; kept in ${kept}`);
      }
      if (round % 10 === 9) say(JSON.stringify(result));
    }
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    if (mounted) spawnSync('umount', ['-l', disk]);
    rmSync(root, { recursive: true, force: true });
  }
  console.log(JSON.stringify(result));
  if (result.lost + result.shut > 0) process.exitCode = 1;
}

async function makeProject(root: string, folder: string): Promise<void> {
  const images = join(root, 'images');
  mkdirSync(images);
  const grid = {
    size: SIZE,
    spacing: spacingMm(1, 1, 3),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
  };
  for (let n = 0; n < SCANS; n++) {
    const data = Int16Array.from({ length: SIZE[0] * SIZE[1] * SIZE[2] }, (_, v) => (v * (31 + n)) % 997);
    await writeNifti(join(images, `scan-${n}.nii.gz`), { ...grid, data });
  }
  const project = newProject(folder, { preset: 'mr', labels: [{ name: 'organ' }] });
  await project.importScans(images);
  await project.close();
}

/** One life of the program, from its start to its end. */
async function live(folder: string, disk: string, end: End, known: Known): Promise<{ acknowledged: number }> {
  const child = spawn(process.execPath, [WORKER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const filler = join(disk, 'filler');
  // Somewhere in the work: after so many strokes, wherever the others happen to be.
  const strokes = 20 + Math.floor(Math.random() * 120);
  let acknowledged = 0;
  let failed = 0;
  let ending = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, scan, voxel, value] = line.split(' ');
    const key = `${scan} ${voxel}`;
    if (word === 'try') known.set(key, new Set([...(known.get(key) ?? [0]), Number(value)]));
    if (word === 'ack') {
      known.set(key, new Set([Number(value)]));
      acknowledged++;
    }
    if (word === 'failed') failed++;
    if (ending || acknowledged < strokes) continue;
    if (end === 'full' && !existsSync(filler)) {
      const { bavail, bsize } = statfsSync(disk);
      try {
        writeFileSync(filler, Buffer.alloc(bavail * bsize));
      } catch {}
    }
    if (end === 'full' && failed < 10) continue;
    ending = true;
    child.kill(end === 'stop' ? 'SIGTERM' : 'SIGKILL');
  }
  if (end === 'full') {
    // Opened once with no room at all, then again with it.
    const shut = (await compare(folder, known)).shut;
    rmSync(filler, { force: true });
    if (shut > 0) throw new Error('The project stayed shut on a full disk.');
  }
  return { acknowledged };
}

/** Opens the project as the program does and looks for every voxel that was acknowledged. */
async function compare(folder: string, known: Known): Promise<{ lost: number; shut: number }> {
  let lost = 0;
  try {
    const project = openExistingProject(folder);
    try {
      await project.drawing.recover();
      for (const { id } of project.store.scans.list()) {
        const data = (await project.drawing.read(id, 'manual'))?.data;
        for (const [key, may] of known) {
          const [scan, voxel] = key.split(' ').map(Number);
          if (scan !== id) continue;
          const is = data?.[voxel] ?? 0;
          if (!may.has(is)) lost++;
          known.set(key, new Set([is]));
        }
      }
    } finally {
      await project.close();
    }
    return { lost, shut: 0 };
  } catch (error) {
    console.error(error);
    return { lost, shut: 1 };
  }
}

/** Damages a file whose loss costs no stroke: an older version of a mask, a picture, or the end of a journal. */
function damageOne(folder: string): boolean {
  const masks = readdirSync(join(folder, 'masks'), { recursive: true, withFileTypes: true });
  const versions = masks.filter((entry) => entry.isFile() && /^\d+\.nii\.gz$/.test(entry.name));
  const newest = new Map<string, number>();
  for (const { parentPath, name } of versions)
    newest.set(parentPath, Math.max(newest.get(parentPath) ?? 0, Number.parseInt(name, 10)));
  const older = versions.filter(({ parentPath, name }) => Number.parseInt(name, 10) !== newest.get(parentPath));
  const journals = masks.filter(({ name }) => name.endsWith('.journal'));
  for (const { parentPath, name } of journals.slice(0, 1)) {
    // As a loss of power leaves it: the beginning of a stroke that nobody was told of.
    writeFileSync(
      join(parentPath, name),
      Buffer.concat([readFileSync(join(parentPath, name)), Buffer.from([40, 0, 0, 0, 1])]),
    );
    return true;
  }
  const chosen = older[Math.floor(Math.random() * older.length)];
  if (!chosen) return false;
  const path = join(chosen.parentPath, chosen.name);
  const bytes = readFileSync(path);
  bytes[Math.floor(Math.random() * bytes.length)] ^= 0x55;
  writeFileSync(path, bytes);
  return true;
}
