/** How soon each method reached what another ended with: minutes of training until a mean Dice of the validation cases. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownRow } from '../core/plain-text.ts';
import type { CurveLine } from '../shared/training.ts';
import type { StudyDefinition } from './definition.ts';
import { type JobResult, jobFolder } from './run-job.ts';

/** A validation on the way; minutes are of training steps alone. */
export interface Milestone {
  step: number;
  minutes: number;
  /** Mean Dice of the validation cases, percent. */
  dice: number;
}

export interface QualityRow {
  labelled: number;
  method: string;
  /** Dice to reach, percent. */
  target: number;
  seeds: number;
  /** Seeds that reached it. */
  reached: number;
  /** Means over the seeds that reached it; null where none did. */
  steps: number | null;
  minutes: number | null;
  /** Best Dice on the way, mean over the seeds. */
  best: number;
}

/** The validations of a run. A step counts at the pace that its line tells, so that pauses and validations do not count. */
export function milestonesOf(curve: string): Milestone[] {
  const milestones: Milestone[] = [];
  let [step, seconds] = [0, 0];
  for (const line of curve.split('\n')) {
    const event = eventOf(line);
    if (event?.type === 'step' && event.step > step) {
      seconds += (event.step - step) * event.secondsPerStep;
      step = event.step;
    }
    if (event?.type === 'validation' && event.step > (milestones.at(-1)?.step ?? 0))
      milestones.push({ step: event.step, minutes: seconds / 60, dice: event.dice });
  }
  return milestones;
}

/** Null for a line that a killed run left unfinished. */
function eventOf(line: string): CurveLine | null {
  try {
    return line === '' ? null : (JSON.parse(line) as CurveLine);
  } catch {
    return null;
  }
}

/**
 * One row a method and number of labelled cases that validated on the way.
 * @param reach Dice in percent; without it what the method `against` ended with, mean over its seeds
 */
export function timeToQuality(
  { against, reach }: Pick<StudyDefinition, 'against' | 'reach'>,
  results: readonly JobResult[],
  milestonesOfRun: (id: string) => Milestone[],
): QualityRow[] {
  const runs = results
    .map((run) => ({ ...run, milestones: milestonesOfRun(run.id) }))
    .filter((run) => run.milestones.length > 0);
  const groups = Map.groupBy(runs, ({ labelled, method }) => JSON.stringify([labelled, method]));
  return [...groups.values()].flatMap((group) => {
    const { labelled, method } = group[0];
    const reference = groups.get(JSON.stringify([labelled, against])) ?? [];
    const target = reach ?? mean(reference.map(({ milestones }) => milestones[milestones.length - 1].dice));
    if (target === null) return [];
    const first = group.flatMap(({ milestones }) => milestones.find(({ dice }) => dice >= target) ?? []);
    return [
      {
        ...{ labelled, method, target, seeds: group.length, reached: first.length },
        steps: mean(first.map(({ step }) => step)),
        minutes: mean(first.map(({ minutes }) => minutes)),
        best: mean(group.map(({ milestones }) => Math.max(...milestones.map(({ dice }) => dice)))) as number,
      },
    ];
  });
}

/** The validations that a job of the study in `out` left behind. */
export function milestonesIn(out: string, id: string): Milestone[] {
  const path = join(jobFolder(out, id), 'curve.jsonl');
  return existsSync(path) ? milestonesOf(readFileSync(path, 'utf8')) : [];
}

/** A section of tables.md; empty where no job validated on the way. */
export function qualityMarkdown(rows: readonly QualityRow[], against: string): string {
  if (rows.length === 0) return '';
  const lines = rows.map((row) => {
    const reference = rows.find(({ method, labelled }) => method === against && labelled === row.labelled)?.minutes;
    const share = row.minutes !== null && reference ? (row.minutes / reference).toFixed(2) : '-';
    const cells = [
      row.labelled,
      row.method,
      row.target.toFixed(2),
      `${row.reached} of ${row.seeds}`,
      row.steps?.toFixed(0) ?? '-',
      row.minutes?.toFixed(1) ?? '-',
      share,
      row.best.toFixed(2),
    ];
    return markdownRow(cells);
  });
  const head = [
    'Labelled',
    'Method',
    'Dice to reach',
    'Seeds that did',
    'Steps',
    'Minutes',
    `Of ${against}'s`,
    'Best Dice',
  ];
  return [
    '## Time to quality\n',
    markdownRow(head),
    markdownRow(head.map(() => '---')),
    ...lines,
    '\nThe first validation that reaches the mean Dice; minutes of training steps at the pace of each run, on this machine.\n',
  ].join('\n');
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
