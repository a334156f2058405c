/** Expected Dice before anybody has reviewed anything: with and without the calibration on the labelled scans, from the same network. */
import { expectedDice, type Reviewed } from '../../src/core/predict/expected-dice.ts';
import { openProject } from '../../src/project/store/index.ts';
import type { Cohort } from './cohort.ts';
import { truthAndOwn } from './expected.ts';
import { type Figure, meanOf, rounded } from './figures.ts';
import { type PredictedCase, projectOf } from './model.ts';
import type { Training } from './project.ts';

/**
 * Error and bias (expected less true, mean over the cases) without folds and, where the training has some, with them; and what the folds
 * took, minutes. The folds come after the run's own steps, so the network is the same.
 */
export function calibrationFigures(cases: readonly PredictedCase[], cohort: Cohort, training: Training): Figure[] {
  const known = cases.map((one) => truthAndOwn(one, cohort));
  const { calibration, trainMinutes, foldMinutes } = calibrationOf(projectOf(cohort, training));
  return (calibration.length > 0 ? [[], calibration] : [[]]).map((basis): Figure => {
    const errors = known.map(({ own, dice }) => expectedDice(own, [], { calibration: basis }).value - dice);
    return {
      figure: 'expected dice before the first review',
      cohort: cohort.name,
      seed: training.seed,
      folds: basis.length > 0 ? training.folds : 0,
      scans: basis.length,
      meanAbsoluteError: rounded(meanOf(errors.map(Math.abs))),
      bias: rounded(meanOf(errors)),
      trainMinutes,
      foldMinutes: basis.length > 0 ? foldMinutes : 0,
      cases: cases.length,
    };
  });
}

interface Calibrated {
  readonly calibration: readonly Reviewed[];
  readonly trainMinutes: number | null;
  readonly foldMinutes: number | null;
}

/** What the newest run of a project knows of its labelled scans; the folds began when the last checkpoint was written. */
function calibrationOf(project: string): Calibrated {
  const store = openProject(project, 'read');
  try {
    const run = store.runs.list().at(-1);
    const checkpoint = run && store.checkpoints.list(run.id).at(-1);
    const calibration = store.calibrations
      .list()
      .filter(({ run: of }) => of === run?.id)
      .map(({ ownDice, dice }) => ({ own: meanOf(ownDice), dice: meanOf(dice) }));
    if (!run?.startedAt || !run.finishedAt || !checkpoint)
      return { calibration, trainMinutes: null, foldMinutes: null };
    const between = Date.parse(checkpoint.createdAt);
    const minutes = (ms: number) => Math.round(ms / 6000) / 10;
    return {
      calibration,
      trainMinutes: minutes(between - Date.parse(run.startedAt)),
      foldMinutes: minutes(Date.parse(run.finishedAt) - between),
    };
  } finally {
    store.close();
  }
}
