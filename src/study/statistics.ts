/** Tables of a study as numbers: mean and SD over cases, paired tests, spread over seeds. */
import {
  LARGER_IS_BETTER,
  METRICS,
  type MetricName,
  type MetricSummary,
  meanAndSd,
  type PairedTTest,
  pairedTTest,
} from '../core/metrics/index.ts';
import { patientOf } from './definition.ts';
import type { StudyPlan } from './plan.ts';
import type { JobResult } from './run-job.ts';

export interface Cell extends MetricSummary {
  best: boolean;
  /** Against the study's reference method, over the seeds that both have; null for that method itself and where there are too few pairs. */
  test: PairedTTest | null;
  /** The paper's star: p <= .05. */
  star: boolean;
}

export interface Row {
  labelled: number;
  method: string;
  seeds: number;
  /** Seeds that the reference method has too. */
  sharedSeeds: number;
  cells: Record<MetricName, Cell>;
  /** Each shared seed's own test of Dice; empty for the reference method. */
  bySeed: { seed: number; test: PairedTTest }[];
  /** SD over seeds of the mean Dice; null with one seed. */
  seedSd: number | null;
  emptyPredictions: number;
  /** Of training and prediction together, mean over seeds. */
  minutes: number;
  /** Dice of each case, mean over seeds. */
  dice: number[];
}

export const isSignificant = (test: PairedTTest | null): boolean => test !== null && test.p <= 0.05;

/**
 * One row per number of labelled cases and method, in the study's order; several seeds are averaged case by case first. The units of
 * the tests are patients: labels and scans of one are averaged, since they are not independent. Where a
 * method and the reference method have different seeds, the test takes those that both have: one start is then compared with the
 * same start, not with the mean of several.
 */
export function studyRows({ definition, jobs }: StudyPlan, results: readonly JobResult[]): Row[] {
  const groups = new Map<string, JobResult[]>();
  for (const { labelled, method } of jobs) groups.set(key(labelled, method), []);
  for (const result of results) groups.get(key(result.labelled, result.method))?.push(result);
  const rows: Row[] = [];
  const of = patientOf(definition.patient);
  for (const labelled of new Set(jobs.map((job) => job.labelled))) {
    const methods = definition.methods
      .map(({ name }) => ({ name, runs: groups.get(key(labelled, name)) ?? [] }))
      .filter(({ runs }) => runs.length > 0);
    const reference = groups.get(key(labelled, definition.against)) ?? [];
    const own = methods.map(({ name, runs }): Row => {
      const cases = perCase(runs);
      const shared = runs.filter(({ seed }) => reference.some((run) => run.seed === seed));
      const compare = name !== definition.against && shared.length > 0;
      const mine = compare ? perPatient(shared, of) : null;
      const theirs = compare
        ? perPatient(
            reference.filter(({ seed }) => shared.some((run) => run.seed === seed)),
            of,
          )
        : null;
      const cells = Object.fromEntries(
        METRICS.map((metric) => {
          const test = mine && theirs ? pairedByPatient(mine, theirs, metric) : null;
          return [metric, { ...meanAndSd(cases[metric]), best: false, test, star: isSignificant(test) }];
        }),
      ) as Record<MetricName, Cell>;
      return {
        labelled,
        method: name,
        seeds: runs.length,
        sharedSeeds: shared.length,
        cells,
        bySeed: shared.flatMap((run) => {
          const other = reference.find(({ seed }) => compare && seed === run.seed);
          const test = other ? pairedByPatient(perPatient([run], of), perPatient([other], of), 'dice') : null;
          return test ? [{ seed: run.seed, test }] : [];
        }),
        seedSd: meanAndSd(runs.map((run) => meanAndSd(run.scores.map((s) => s.dice)).mean)).sd,
        minutes: runs.reduce((sum, run) => sum + run.seconds / 60, 0) / runs.length,
        emptyPredictions: runs.reduce((sum, run) => sum + run.scores.filter((s) => s.emptyPrediction).length, 0),
        dice: cases.dice.map((d) => d ?? 0),
      };
    });
    for (const metric of METRICS)
      markBest(
        own.map((row) => row.cells[metric]),
        LARGER_IS_BETTER[metric],
      );
    rows.push(...own);
  }
  return rows;
}

const key = (labelled: number, method: string): string => `${labelled}\n${method}`;

/** Per case and label, the mean over runs of the values that exist; null where none does. */
function perCase(runs: readonly JobResult[]): Record<MetricName, (number | null)[]> {
  const places = runs[0].scores.map((s) => `${s.case}\n${s.label}`).sort();
  const found = runs.map((run) => new Map(run.scores.map((s) => [`${s.case}\n${s.label}`, s])));
  const values = (metric: MetricName) =>
    places.map((place) => meanAndSd(found.map((scores) => scores.get(place)?.[metric] ?? null)).mean);
  return { dice: values('dice'), jaccard: values('jaccard'), hd95: values('hd95'), asd: values('asd') };
}

type PerPatient = Map<string, Record<MetricName, number | null>>;

/** Over the patients that both have: a method that chose its labelled cases leaves others unlabelled. */
function pairedByPatient(mine: PerPatient, theirs: PerPatient, metric: MetricName): PairedTTest | null {
  const both = [...mine.keys()].filter((patient) => theirs.has(patient));
  const values = (side: PerPatient) => both.map((patient) => side.get(patient)?.[metric] ?? null);
  return pairedTTest(values(mine), values(theirs));
}

/** Per patient, the mean over runs, scans and labels of the values that exist; null where none does. */
function perPatient(runs: readonly JobResult[], of: (name: string) => string): PerPatient {
  const patients = [...new Set(runs[0].scores.map((s) => of(s.case)))].sort();
  // Over runs first, so that a value that one seed lacks does not weigh less.
  const places = runs[0].scores.map((s) => `${s.case}\n${s.label}`).sort();
  const values = perCase(runs);
  const at = new Map(places.map((place, n) => [place, n]));
  const own = patients.map((patient) =>
    runs[0].scores.filter((s) => of(s.case) === patient).map((s) => at.get(`${s.case}\n${s.label}`) as number),
  );
  const mean = (list: number[], metric: MetricName) => meanAndSd(list.map((n) => values[metric][n])).mean;
  return new Map(
    own.map((list, n) => [
      patients[n],
      { dice: mean(list, 'dice'), jaccard: mean(list, 'jaccard'), hd95: mean(list, 'hd95'), asd: mean(list, 'asd') },
    ]),
  );
}

function markBest(cells: Cell[], larger: boolean): void {
  const means = cells.map((cell) => cell.mean).filter((mean) => mean !== null);
  const best = larger ? Math.max(...means) : Math.min(...means);
  for (const cell of cells) cell.best = cell.mean === best;
}
