/** What a project holds, at a glance. */
import { DecileError } from '../../shared/errors.ts';
import type { Label, ProjectInfo, RunState, Store } from '../store/index.ts';
import { planTraining } from './train/plan.ts';

export interface ProjectStatus {
  folder: string;
  project: ProjectInfo;
  labels: Pick<Label, 'value' | 'name' | 'colour'>[];
  scans: {
    total: number;
    /** With an accepted mask: what training learns from. */
    labelled: number;
    unlabelled: number;
    /** With a prediction by some run. */
    predicted: number;
  };
  runs: {
    name: string;
    method: string;
    state: RunState;
    step: number;
    steps: number;
    predictions: number;
    createdAt: string;
    failure: string;
    /** Mean over evaluated cases and labels, percent; null when not evaluated. */
    dice: number | null;
  }[];
  /** One sentence: what to do next. */
  next: string;
}

export function projectStatus(store: Store): ProjectStatus {
  const scans = store.scans.list();
  const references = store.masks.references();
  const labelled = scans.filter((scan) => references.has(scan.id)).length;
  const predicted = scans.filter((scan) => store.predictions.latest(scan.id) !== null).length;
  const runs = store.runs.list().map((run) => {
    const figures = store.evaluations.list(run.id).map((e) => e.dice);
    return {
      ...{ name: run.name, method: run.options.method, state: run.state, step: run.step, steps: run.options.steps },
      ...{ predictions: store.predictions.list(run.id).length, createdAt: run.createdAt, failure: run.failure },
      dice: figures.length ? figures.reduce((sum, value) => sum + value, 0) / figures.length : null,
    };
  });
  const status = {
    folder: store.folder,
    project: store.project.get(),
    labels: store.labels.list().map(({ value, name, colour }) => ({ value, name, colour })),
    scans: { total: scans.length, labelled, unlabelled: scans.length - labelled, predicted },
    runs,
  };
  return { ...status, next: nextStep(store, status) };
}

function nextStep(store: Store, { scans, runs }: Omit<ProjectStatus, 'next'>): string {
  if (scans.total === 0) return 'Import scans: decile import DIR SCANS_FOLDER [--labels MASKS_FOLDER].';
  const open = runs.find((run) => run.state === 'interrupted' || run.state === 'paused');
  if (open) return `Go on with ${open.name} (step ${open.step} of ${open.steps}): decile resume DIR ${open.name}.`;
  const last = runs.findLast((run) => run.state === 'finished');
  // A model from elsewhere needs no labels here.
  if (last && last.predictions > 0)
    return 'Review the predictions, or export them: decile export DIR OUT --format nifti.';
  if (last)
    return scans.unlabelled > 0
      ? 'Predict the other scans: decile predict DIR.'
      : 'Predict: decile predict DIR --scans all.';
  if (scans.labelled === 0)
    return `Label ${Math.max(1, Math.round(scans.total / 10))} of the ${scans.total} scans, or import masks with --labels.`;
  const hindrance = whyNot(store);
  return hindrance ? `Before training: ${hindrance}` : 'Train: decile train DIR.';
}

/** Why a training would be refused now; null where it would not. */
function whyNot(store: Store): string | null {
  try {
    planTraining(store, { options: {} });
    return null;
  } catch (error) {
    if (error instanceof DecileError) return `${error.message} ${error.cure}`;
    throw error;
  }
}
