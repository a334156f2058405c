/** A model that learned from the cohort's first cases, and what it says of the cases to report: by the commands that a user gives. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelMap } from '../../src/core/volume.ts';
import { readMask, readVolume } from '../../src/imaging/index.ts';
import { openProject } from '../../src/project/store/index.ts';
import { type Cohort, casesOf, type ReadCase, readCase } from './cohort.ts';
import { decile, folderName, importAndPredict, newProject, type Training, trainToEnd, writeCases } from './project.ts';

/** Scans without masks that a training gets beside the labelled ones; none of them is reported. */
const UNLABELLED = 16;

export interface PredictedCase extends ReadCase {
  readonly prediction: LabelMap;
  /** 255ths of ln 2. */
  readonly entropy: Uint8Array;
  /** Nats. */
  readonly meanEntropy: number;
  /** By label, percent. */
  readonly ownDice: readonly number[];
}

/**
 * Trains where nothing is in `out` yet; predicts those of the cases to report that have no prediction, and reads them. So another list of cases
 * costs no other training, as long as none of it was trained with.
 */
export async function predictedCases(folder: string, cohort: Cohort, training: Training): Promise<PredictedCase[]> {
  const { learn, report, rest } = casesOf(folder, cohort);
  const project = join(training.out, folderName(cohort.name, training));
  const [own, at] = [projectOf(cohort, training), (part: string) => join(project, part)];
  const read = (name: string) => readCase(folder, name, training.spacing);
  if (!existsSync(at('imported'))) {
    rmSync(project, { recursive: true, force: true });
    await writeCases(learn, read, at('learn'), at('masks'));
    await writeCases(rest.slice(0, UNLABELLED), read, at('unlabelled'));
    newProject(own, cohort.labels);
    decile('import', own, at('learn'), '--labels', at('masks'));
    if (rest.length > 0) decile('import', own, at('unlabelled'));
    mkdirSync(at('imported'));
  }
  trainToEnd(own, training, '--calibration-folds', String(training.folds));
  const known = report.filter((name) => [at('learn'), at('unlabelled')].some((part) => existsSync(join(part, name))));
  if (known.length > 0)
    throw new Error(`The model in ${project} must not have seen the cases to report, got ${known.join(', ')}.`);
  // Those to report enter the project after training: the model cannot have seen them.
  const missing = report.filter((name) => !existsSync(join(at('report'), name)));
  if (missing.length > 0) {
    const next = at('next');
    rmSync(next, { recursive: true, force: true });
    await writeCases(missing, read, next);
    await importAndPredict(own, next);
    mkdirSync(at('report'), { recursive: true });
    for (const name of missing) renameSync(join(next, name), join(at('report'), name));
  }
  return withPredictions(own, await Promise.all(report.map(read)));
}

/** The project that `predictedCases` trains in. */
export const projectOf = (cohort: Cohort, training: Training): string =>
  join(training.out, folderName(cohort.name, training), 'p');

/** The newest predictions in a project, beside what is known of its cases. */
export async function withPredictions(project: string, cases: readonly ReadCase[]): Promise<PredictedCase[]> {
  const store = openProject(project, 'read');
  try {
    const predictions = store.predictions.newest();
    const found: PredictedCase[] = [];
    for (const one of cases) {
      const scan = store.scans.list().find(({ name }) => one.name.startsWith(`${name}.nii`));
      const prediction = scan && predictions.get(scan.id);
      if (!prediction) throw new Error(`${one.name} must have a prediction, got none.`);
      const { volume } = await readVolume(store.path(prediction.entropyFile));
      const entropy = Uint8Array.from(volume.data, (h) => Math.min(255, Math.round((255 * h) / Math.LN2)));
      const mask = await readMask(store.path(store.masks.get(prediction.mask).file));
      found.push({
        ...one,
        prediction: mask,
        entropy,
        meanEntropy: prediction.meanEntropy,
        ownDice: prediction.ownDice,
      });
    }
    return found;
  } finally {
    store.close();
  }
}
