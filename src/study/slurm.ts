/** A study on a cluster: one job array through the cluster's own sbatch; the scheduler does the scheduling. */

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../disk/index.ts';
import { DecileError } from '../shared/errors.ts';

import type { StudyJob } from './plan.ts';

export interface SlurmRequest {
  out: string;
  /** The study file, absolute. */
  study: string;
  /** What its folders are relative to, absolute; its own folder without it. */
  data?: string;
  /** Jobs that are not done. */
  jobs: readonly StudyJob[];
  /** The command that runs the program, e.g. ['/usr/bin/node', '/opt/decile/bin/decile.mjs']. */
  program: readonly string[];
  /** Array tasks at once; no limit without it. */
  parallel?: number;
  /** Further lines for sbatch, e.g. `--gres=gpu:1`. */
  sbatchOptions?: readonly string[];
}

/** The array script: task n runs the job of line n of jobs.txt; a requeued task goes on from its checkpoint. */
export function slurmScript({ out, study, data, jobs, program, parallel, sbatchOptions = [] }: SlurmRequest): string {
  const folder = join(out, 'slurm');
  const directives = [
    '--job-name=decile-study',
    `--array=0-${jobs.length - 1}${parallel ? `%${parallel}` : ''}`,
    '--requeue',
    '--open-mode=append',
    `--output=${join(folder, '%a.log')}`,
    ...sbatchOptions,
  ];
  const command = [...program, 'study', study, '--out', out, ...(data ? ['--data', data] : []), '--only']
    .map(shellQuoted)
    .join(' ');
  return `#!/bin/bash
${directives.map((line) => `#SBATCH ${line}`).join('\n')}
set -eu
id=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${shellQuoted(join(folder, 'jobs.txt'))})
exec ${command} "$id"
`;
}

/**
 * Writes slurm/array.sh and slurm/jobs.txt and submits them.
 * @returns the scheduler's number of the array job
 * @throws study/no-scheduler where sbatch is absent or refuses
 */
export function submitToSlurm(request: SlurmRequest): string {
  const folder = join(request.out, 'slurm');
  makeFolder(folder);
  const script = join(folder, 'array.sh');
  writeFileAtomic(
    join(folder, 'jobs.txt'),
    new TextEncoder().encode(`${request.jobs.map(({ id }) => id).join('\n')}\n`),
  );
  writeFileAtomic(script, new TextEncoder().encode(slurmScript(request)));
  chmodSync(script, 0o755);
  try {
    const answer = execFileSync('sbatch', ['--parsable', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const id = answer.trim().split(';')[0];
    writeFileAtomic(arrayPath(request.out), new TextEncoder().encode(`${id}\n`));
    return id;
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    throw new DecileError(
      'study/no-scheduler',
      `sbatch must accept the job array, got ${code === 'ENOENT' ? 'no sbatch on this machine' : (stderr ?? '').trim() || code}.`,
      `The script is ${script}: submit it on the cluster's login node, or leave --executor out to run here.`,
    );
  }
}

const arrayPath = (out: string): string => join(out, 'slurm', 'array.id');

/** The array that was submitted last, while the scheduler has tasks of it; null otherwise. */
export function runningArray(out: string): string | null {
  if (!existsSync(arrayPath(out))) return null;
  const id = readFileSync(arrayPath(out), 'utf8').trim();
  return slurmTasksLeft(id) === 0 ? null : id;
}

/** The log of a job's task, of the array that was submitted last; null where there is none. */
export function logOfJob(out: string, id: string): string | null {
  const list = join(out, 'slurm', 'jobs.txt');
  if (!existsSync(list)) return null;
  const task = readFileSync(list, 'utf8').split('\n').indexOf(id);
  const log = join(out, 'slurm', `${task}.log`);
  return task >= 0 && existsSync(log) ? log : null;
}

/** Tasks of an array job that the scheduler still has waiting or running; null while it does not answer. */
export function slurmTasksLeft(id: string): number | null {
  try {
    const lines = execFileSync('squeue', ['--noheader', '--array', '--jobs', id, '--format=%i'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return lines.split('\n').filter((line) => line.trim() !== '').length;
  } catch (error) {
    // squeue refuses the number of a job that it has forgotten: none of its tasks is left.
    if ((error as { code?: string }).code === 'ENOENT') return 0; // another machine's scheduler: nothing to wait for here
    return /invalid job id/i.test((error as { stderr?: string }).stderr ?? '') ? 0 : null;
  }
}

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
