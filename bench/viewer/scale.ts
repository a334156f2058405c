/**
 * What the program needs with many scans, as the window asks it over HTTP: to open the project, to list its scans, for the first stroke,
 * and to suggest scans to label (until it says how far it is, until it is done, and until it stops when asked to). Every round starts
 * the program anew; with another checkout the rounds of the two take turns. The processor's time beside each says what other work on the
 * machine does not change; it is counted in hundredths of a second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BOXES_TYPE, encodeBoxes, PROJECT_HEADER, type Reply } from '../../src/shared/contract/index.ts';
import { percentile } from './page.ts';

const PROGRAM = fileURLToPath(new URL('./scale-program.ts', import.meta.url));
const HERE = fileURLToPath(new URL('../..', import.meta.url));
const ROUNDS = 3;

type Figures = Record<string, number>;

/** Milliseconds, medians of three rounds (suggesting: of one); with `against`, another checkout's as `before...`. */
export async function benchScale(scans: number, against?: string): Promise<Figures> {
  const scratch = mkdtempSync(join(tmpdir(), 'decile-scale-'));
  const sides = [
    { name: '', checkout: HERE },
    ...(against === undefined ? [] : [{ name: 'before', checkout: against }]),
  ];
  const all: Record<string, number[]> = {};
  try {
    // The first start makes the project, and the system's cache is the same for both.
    for (const { name, checkout } of sides) await stopped(await started(checkout, join(scratch, `now${name}`), scans));
    for (let round = 0; round < ROUNDS; round++)
      for (const { name, checkout } of sides) {
        const figures = await oneRound(checkout, join(scratch, `now${name}`), scans, round === ROUNDS - 1);
        for (const [key, value] of Object.entries(figures)) {
          const full = name === '' ? key : `${name}${key[0].toUpperCase()}${key.slice(1)}`;
          all[full] ??= [];
          all[full].push(value);
        }
      }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return Object.fromEntries(Object.entries(all).map(([key, values]) => [key, percentile(values, 50)]));
}

interface Program {
  process: ChildProcess;
  origin: string;
  headers: Record<string, string>;
}

/** The project lies in a folder of its own checkout: an older one does not open what a newer one made. */
async function started(checkout: string, folder: string, scans: number): Promise<Program> {
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, checkout, join(folder, 'project'), String(scans)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, DECILE_CONFIG: join(folder, 'config'), DECILE_DOCUMENTS: folder } }); // biome-ignore format: a call
  for await (const line of createInterface({ input: child.stdout })) {
    const url = new URL(line);
    const headers = { authorization: `Bearer ${url.searchParams.get('token')}` };
    return { process: child, origin: url.origin, headers };
  }
  throw new Error(`The program of ${checkout} must start, got none.`);
}

async function stopped({ process: child }: Program): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** By plain http: fetch gives up after five minutes, which an older program may need. */
function sent(
  { origin, headers }: Program,
  method: string,
  path: string,
  type: string,
  body: string | Uint8Array,
): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    const options = { method, headers: { ...headers, 'content-type': type } };
    const call = request(origin + path, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => done({ status: response.statusCode ?? 0, text }));
    });
    call.on('error', fail);
    call.end(body);
  });
}

async function ask<T>(program: Program, name: string, input?: unknown): Promise<T> {
  const { text } = await sent(program, 'POST', `/call/${name}`, 'application/json', JSON.stringify({ input }));
  const reply = JSON.parse(text) as Reply<T>;
  if (!reply.ok) throw new Error(`${name} must be answered, got ${text.slice(0, 500)}.`);
  return reply.value;
}

/** Milliseconds that the process has computed, all threads together; 0 where the system does not say. */
function computed({ process: child }: Program): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    // In hundredths of a second.
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}

async function timed<T>(
  program: Program,
  work: () => Promise<T>,
): Promise<{ ms: number; processor: number; value: T }> {
  const [start, before] = [performance.now(), computed(program)];
  const value = await work();
  return { ms: performance.now() - start, processor: computed(program) - before, value };
}

async function oneRound(checkout: string, folder: string, scans: number, suggests: boolean): Promise<Figures> {
  const program = await started(checkout, folder, scans);
  try {
    type Entries = { entries: { name: string; folder: string }[] };
    const { entries } = await ask<Entries>(program, 'folders.browse', { path: folder });
    const id = entries.find(({ name }) => name === 'project')?.folder;
    const open = await timed(program, () => ask<{ session?: string }>(program, 'projects.open', { folder: id }));
    if (open.value.session) program.headers[PROJECT_HEADER] = open.value.session;
    const list = await timed(program, () => ask<{ id: number }[]>(program, 'scans.list'));
    if (list.value.length !== scans) throw new Error(`The list must have ${scans} scans, got ${list.value.length}.`);
    const scan = list.value[scans >> 1].id;
    const stroke = await timed(program, () => drawn(program, scan, open.value.session));
    const figures = {
      ...{ openMs: open.ms, openProcessorMs: open.processor, listMs: list.ms, listProcessorMs: list.processor },
      ...{ firstStrokeMs: stroke.ms, firstStrokeProcessorMs: stroke.processor },
    };
    return suggests ? { ...figures, ...(await suggesting(program)) } : figures;
  } finally {
    await stopped(program);
  }
}

async function drawn(program: Program, scan: number, session?: string): Promise<void> {
  const path = `/data/mask/${scan}/manual${session ? `?project=${session}` : ''}`;
  const stroke = encodeBoxes([{ start: [2, 2, 2], size: [4, 4, 1], values: new Uint8Array(16).fill(1) }]);
  const { status, text } = await sent(program, 'PUT', path, BOXES_TYPE, stroke);
  if (status !== 200) throw new Error(`The stroke must be acknowledged, got ${text}.`);
}

interface Job {
  id: string;
  kind: string;
  status: string;
  done: number;
}

/** Stopped once and asked again; an older program has no job for it: then it answers at once, or when it is done. */
async function suggesting(program: Program): Promise<Figures> {
  const figures: Figures = {};
  const start = performance.now();
  const first = { over: false };
  const answer = ask(program, 'scans.suggest').finally(() => {
    first.over = true;
  });
  while (!first.over && figures.suggestStopMs === undefined) {
    const job = (await ask<Job[]>(program, 'jobs.list')).find(({ kind, done }) => kind === 'suggest' && done > 0);
    if (!job) {
      await wait(5);
      continue;
    }
    figures.suggestFirstWordMs = performance.now() - start;
    figures.suggestStopMs = (
      await timed(program, async () => {
        await ask(program, 'jobs.cancel', { job: job.id });
        await answer;
      })
    ).ms;
  }
  await answer;
  figures.suggestMs =
    figures.suggestStopMs === undefined
      ? performance.now() - start
      : (await timed(program, () => ask(program, 'scans.suggest'))).ms;
  return figures;
}
