/**
 * `npm run bench -- resume [--kills 40] [--seed 1] [--json]`: does a training that is killed again and again end where an undisturbed
 * one ends? `decile train` is killed with SIGKILL at random moments, as a whole, or its window's process or its trainer alone, and
 * `decile resume` goes on at once, until it ends; then every weight is compared, bit for bit, with those of the same training left
 * alone. Runs follow one another, each with another method and seed, until there were as many kills as asked. The last line is
 * `{"kills","runs","equal","different"}`; exit code 1 where a run differs or cannot go on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Random } from '../src/core/random.ts';
import { decodeCheckpoint } from '../src/core/train/checkpoint.ts';
import { decile, writeCohort } from './commands.ts';

const CLI = fileURLToPath(new URL('../bin/decile.mjs', import.meta.url));
const METHODS = ['bcp', 'cpcl', 'supervised', 'mean-teacher'];
const STEPS = 40;
const WAYS = ['all', 'all', 'command', 'trainer'] as const;
type Way = (typeof WAYS)[number];

export interface ResumeCount {
  kills: number;
  runs: number;
  equal: number;
  different: number;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const told = (line: string) => console.error(line);
  const count = await killedTrainings(Number(values.kills), Number(values.seed), told);
  const { kills, runs, equal, different } = count;
  if (values.json) console.log(JSON.stringify(count));
  else
    console.log(
      `${kills} kills in ${runs} runs: ${equal} end bit-equal to a run that was left alone, ${different} do not.`,
    );
  if (different > 0) process.exitCode = 1;
}

/** Kills trainings at moments that `seed` decides until `wanted` kills are reached and the last one has ended. */
export async function killedTrainings(
  wanted: number,
  seed: number,
  told: (line: string) => void = () => {},
): Promise<ResumeCount> {
  const root = mkdtempSync(join(tmpdir(), 'decile-resume-'));
  const random = new Random(seed);
  const count: ResumeCount = { kills: 0, runs: 0, equal: 0, different: 0 };
  try {
    await writeCohort(root, 4, 2, [32, 32, 24]);
    const project = join(root, 'project');
    await decile('new', project, '--preset', 'ct-abdomen', '--label', 'liver');
    await decile('import', project, join(root, 'scans'), '--labels', join(root, 'masks'));
    while (count.kills < wanted) {
      const method = METHODS[count.runs % METHODS.length];
      const [alone, disturbed] = ['alone', 'disturbed'].map((name) => join(root, `${name}-${count.runs}`));
      for (const copy of [alone, disturbed]) cpSync(project, copy, { recursive: true });
      const train = ['--method', method, '--seed', String(seed + count.runs), '--steps', String(STEPS), '--width', '2', '--patch', '16,16,16', '--engine', 'simd', '--checkpoint-every', '3', '--name', 'r']; // biome-ignore format: a command
      await decile('train', alone, ...train);
      const before = count.kills;
      while (!(await life(disturbed, train, count, count.kills < wanted, random)));
      count.runs++;
      const same = isDeepStrictEqual(weightsOf(disturbed), weightsOf(alone));
      if (same) count.equal++;
      else count.different++;
      told(
        `${method}: ${count.kills - before} kills, ${same ? 'every weight equal' : 'DIFFERENT weights'} (${count.kills} of ${wanted} kills)`,
      );
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return count;
}

/**
 * Trains, or goes on, until the end or until a kill that comes while it starts or after a few steps.
 * @returns true where the run has ended by itself
 * @throws where it ends with an error that no kill explains
 */
async function life(
  project: string,
  train: string[],
  count: ResumeCount,
  mayKill: boolean,
  random: Random,
): Promise<boolean> {
  const begun = existsSync(curveOf(project));
  const child = start(begun ? ['resume', project] : ['train', project, ...train]);
  const ended = new Promise<number | null>((resolve) => child.process.once('exit', resolve));
  if (mayKill) {
    const stepsFirst = random.uniform() < 0.25 ? 0 : 1 + random.integer(6);
    const until = linesOf(project) + stepsFirst;
    // Events decide when; the short wait puts the kill anywhere in a step, in a checkpoint's writing too.
    while (stepsFirst > 0 && linesOf(project) < until && child.process.exitCode === null) await wait(5);
    await wait(random.uniform() * (stepsFirst > 0 ? 150 : 1500));
    if (child.process.exitCode === null && child.process.signalCode === null) {
      kill(child.process, WAYS[random.integer(WAYS.length)]);
      count.kills++;
      await ended;
      return false;
    }
  }
  const code = await ended;
  if (code === 0) return true;
  // A kill while it started may have come before the run was noted: then there is none to go on with.
  if (begun || !/run\/(none-to-resume|name-taken)/.test(child.said()))
    throw new Error(`The training must go on after a kill, got exit code ${code}: ${child.said()}`);
  rmSync(join(project, 'runs'), { recursive: true, force: true });
  return false;
}

function start(args: string[]) {
  // A group of its own, so that all of it can be killed at once.
  const process_ = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  process_.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  return { process: process_, said: () => said };
}

function kill(child: ChildProcess, way: Way): void {
  const pid = child.pid as number;
  const trainers = way === 'trainer' ? childrenOf(pid) : [];
  try {
    if (way === 'all' || (way === 'trainer' && trainers.length === 0)) process.kill(-pid, 'SIGKILL');
    else for (const one of way === 'command' ? [pid] : trainers) process.kill(one, 'SIGKILL');
  } catch {} // It has just ended by itself.
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );

const curveOf = (project: string) => join(project, 'runs', '1', 'curve.jsonl');
const linesOf = (project: string): number =>
  existsSync(curveOf(project)) ? readFileSync(curveOf(project), 'utf8').split('\n').length - 1 : 0;
const weightsOf = (project: string) =>
  decodeCheckpoint(readFileSync(join(project, 'runs', '1', 'checkpoint.safetensors'))).tensors;
