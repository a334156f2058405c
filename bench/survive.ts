/**
 * `npm run bench -- survive --minutes N [--json]`: does what was acknowledged stay? Two windows draw, commit and change cases over
 * HTTP while a third trains, predicts, imports and exports; the program is killed, stopped, left without room on its disk, has its
 * clock set back, or finds files damaged. After each the project is opened and compared with all that was acknowledged.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { newProject } from '../src/app.ts';
import { lpsPoint, spacingMm } from '../src/core/volume.ts';
import { writeNifti } from '../src/imaging/index.ts';
import { compare } from './survive/compare.ts';
import { damageOne } from './survive/damage.ts';
import { Known } from './survive/known.ts';
import { type Folders, openWindows, type Windows } from './survive/windows.ts';

const PROGRAM = fileURLToPath(new URL('./survive/program.ts', import.meta.url));
const GRID = {
  size: [40, 36, 12] as const,
  spacing: spacingMm(1, 1, 3),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const,
};
/** Scans that are drawn on, and others that have a mask to train on. */
const [DRAWN, LABELLED] = [5, 2];
const DISK = '96m';
const DAY = 24 * 3600 * 1000;
/** Rounds with one project; then a new one, so that the small disk has room. */
const ROUNDS = 40;

type End = 'kill' | 'stop' | 'full' | 'damage';

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
  const disk = join(root, 'disk');
  for (const name of ['disk', 'pages', 'exports', 'config']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'pages', 'index.html'), '');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk]).status === 0;
  if (!mounted) console.error('This user may not mount a disk of its own: fullDisks stays 0.');
  try {
    for (let n = 0; n === 0 || Date.now() < until; n++)
      await project(n, { root, disk, mounted, until, result, ...values });
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

interface Soak {
  root: string;
  disk: string;
  mounted: boolean;
  until: number;
  result: Result;
  json: boolean;
}

/** Lives of the program on one project. */
async function project(number: number, soak: Soak): Promise<void> {
  const { root, disk, mounted, until, result } = soak;
  const folder = join(disk, `project-${number}`);
  const known = new Known();
  const excused = new Set<string>();
  const drawn = await makeProject(join(root, `images-${number}`), folder, known);
  const ends: End[] = ['kill', 'stop', 'kill', 'stop', ...(mounted ? (['full'] as const) : []), 'damage'];
  for (let round = 0; round < ROUNDS && (round === 0 || Date.now() < until); round++) {
    const end = ends[round % ends.length];
    const before = known.acknowledged;
    await live(folder, soak, end, { drawn, known, excused }, round % 3 === 2 ? 2 * DAY : 0);
    result.acknowledged += known.acknowledged - before;
    const damaged = end === 'damage' ? damageOne(folder) : null;
    if (damaged) excused.add(damaged.file);
    if (end === 'kill') result.kills++;
    else if (end === 'stop') result.stops++;
    else if (end === 'full') result.fullDisks++;
    else if (damaged) result.damaged++;
    await check(
      `round ${round} (${end}${damaged ? `: ${damaged.what}, ${damaged.file}` : ''})`,
      folder,
      { drawn, known, excused },
      result,
    );
    if (round % 10 === 9 && !soak.json) console.log(JSON.stringify(result));
  }
  rmSync(folder, { recursive: true, force: true });
}

interface Facts {
  drawn: string[];
  known: Known;
  excused: Set<string>;
}

async function check(when: string, folder: string, { known, excused }: Facts, result: Result): Promise<void> {
  const { lost, shut, what } = await compare(folder, known, excused);
  result.lost += lost;
  result.shut += shut;
  if (lost + shut === 0) return;
  const kept = join(tmpdir(), `decile-survive-${Date.now()}`);
  cpSync(folder, kept, { recursive: true });
  console.error(`${when}: ${lost} lost, ${shut} shut; kept in ${kept}\n  ${what.slice(0, 10).join('\n  ')}`);
}

/** @returns names of the scans that are drawn on */
async function makeProject(images: string, folder: string, known: Known): Promise<string[]> {
  mkdirSync(join(images, 'masks'), { recursive: true });
  const mask = new Uint8Array(GRID.size[0] * GRID.size[1] * GRID.size[2]);
  mask.fill(1, 5000, 9000);
  for (let n = 0; n < DRAWN + LABELLED; n++) {
    await writeScan(join(images, `scan-${n}.nii.gz`), n);
    if (n >= DRAWN) await writeNifti(join(images, 'masks', `scan-${n}.nii.gz`), { ...GRID, data: mask });
  }
  const made = newProject(folder, { preset: 'mr', labels: [{ name: 'organ' }] });
  await made.importScans(images, { labels: join(images, 'masks') });
  const names = made.store.scans.list().map(({ name }) => name);
  for (const name of names) known.scan(name);
  await made.close();
  return names.slice(0, DRAWN);
}

const writeScan = (path: string, n: number) =>
  writeNifti(path, { ...GRID, data: Int16Array.from({ length: 17_280 }, (_, v) => (v * (31 + 2 * n)) % 997) });

/** One life of the program, from its start to its end. */
async function live(folder: string, { root, disk }: Soak, end: End, facts: Facts, clockBack: number): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, folder, join(root, 'pages'), String(clockBack)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DECILE_CONFIG: join(root, 'config') },
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const url = await firstLine(child);
  const filler = join(disk, 'filler');
  // Without an address the program did not open the project: the comparison says so.
  if (url !== null) {
    const windows = await openWindows(url, facts.drawn, facts.known, await folders(root));
    // Somewhere in the work: after so many things, wherever the others happen to be.
    await counted(windows, 'acknowledged', 20 + Math.floor(Math.random() * 120));
    if (end === 'full') {
      fill(disk, filler);
      await counted(windows, 'refused', windows.counts.refused + 10);
    }
    child.kill(end === 'stop' ? 'SIGTERM' : 'SIGKILL');
    await Promise.all([gone, windows.done]);
  } else await gone;
  if (end !== 'full') return;
  // Opened once with no room at all, then again with it.
  const { shut, what } = await compare(folder, facts.known, facts.excused);
  rmSync(filler, { force: true });
  if (shut > 0) throw new Error(`The project stayed shut on a full disk: ${what.join('; ')}`);
}

const firstLine = (child: ChildProcess): Promise<string | null> =>
  new Promise((done) => {
    const lines = createInterface({ input: child.stdout! });
    lines.once('line', done);
    lines.once('close', () => done(null));
  });

/** Resolves once the windows have counted so many, or the program has ended by itself. */
async function counted({ counts, done }: Windows, of: 'acknowledged' | 'refused', many: number): Promise<void> {
  let ended = false;
  void done.then(() => {
    ended = true;
  });
  while (!ended && counts[of] < many) await new Promise((next) => setTimeout(next, 5));
}

function fill(disk: string, filler: string): void {
  for (let tries = 0; tries < 20 && statfsSync(disk).bavail > 0; tries++) {
    const { bavail, bsize } = statfsSync(disk);
    try {
      writeFileSync(filler, Buffer.alloc(bavail * bsize), { flag: 'a' });
    } catch {}
  }
}

let imports = 0;

async function folders(root: string): Promise<Folders> {
  const next = join(root, `incoming-${imports}`);
  if (!existsSync(next)) {
    mkdirSync(next);
    await writeScan(join(next, `later-${imports}.nii.gz`), 100 + imports);
  }
  return {
    exports: join(root, 'exports'),
    incoming: () => {
      imports++;
      return next;
    },
  };
}
