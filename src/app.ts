/** The composition root: one open project with everything that can be done with it. CLI and window both stand on this. */
import type { Fit } from './core/train/fit-patch.ts';
import { type ExportReport, type ExportRequest, exportProject } from './project/services/export/export.ts';
import { type ImportOptions, type ImportReport, importScans } from './project/services/import/import.ts';
import { type PredictHandle, type PredictRequest, startPrediction } from './project/services/predict/predict.ts';
import { type EvaluateRequest, type EvaluationReport, evaluateRun } from './project/services/review/evaluate.ts';
import { type SuggestionReport, type SuggestRequest, suggestScans } from './project/services/review/suggest.ts';
import { type ProjectStatus, projectStatus } from './project/services/status.ts';
import { type ExpectedTime, expectedTime, likelyFit, settleEngine } from './project/services/train/expected-time.ts';
import { type PlanOptions, planTraining, type TrainPlan } from './project/services/train/plan.ts';
import { type RunHandle, resumeTraining, startTraining, type TrainRequest } from './project/services/train/train.ts';
import { createProject, type NewProject, openProject, type Run, type Store } from './project/store/index.ts';
import type { TrainerEvent } from './shared/training.ts';
import { startTrainer } from './trainer/host/index.ts';

type OnEvent = (event: TrainerEvent, run: Run) => void;

export interface Project {
  readonly store: Store;
  /** Brings scans and masks in; see ImportReport for what was refused. */
  importScans(folder: string, options?: ImportOptions): Promise<ImportReport>;
  /** Which scans to label first. */
  suggest(request?: SuggestRequest): Promise<SuggestionReport>;
  /** What `train` would do now, or the reason why it cannot. */
  plan(request: PlanOptions): TrainPlan;
  /** The patch and the batch that fit the plan's scans and this machine now, and how long a run takes where that is known. */
  outlook(plan: TrainPlan): { fit: Fit; time: ExpectedTime };
  /** How long that will take; measures a step on each engine first where `auto` has nothing to choose by (said to `say`). */
  expectedTime(plan: TrainPlan, say?: (text: string) => void): Promise<ExpectedTime>;
  train(request: TrainRequest, onEvent?: OnEvent): RunHandle;
  /** The named run, or the latest unfinished one. */
  resume(name?: string, onEvent?: OnEvent): RunHandle;
  predict(request?: PredictRequest, onEvent?: OnEvent): PredictHandle;
  evaluate(request: EvaluateRequest): Promise<EvaluationReport>;
  export(request: ExportRequest): Promise<ExportReport>;
  status(): ProjectStatus;
  close(): void;
}

const assemble = (store: Store): Project => ({
  store,
  importScans: (folder, options) => importScans(store, folder, options),
  suggest: (request) => suggestScans(store, request),
  plan: (request) => planTraining(store, request),
  outlook: ({ options }) => ({ fit: likelyFit(store, options), time: expectedTime(store, options) }),
  expectedTime: ({ options, classes }, say) => settleEngine(store, startTrainer, options, classes.length, say),
  train: (request, onEvent) => startTraining(store, startTrainer, request, onEvent),
  resume: (name, onEvent) => resumeTraining(store, startTrainer, name, onEvent),
  predict: (request = {}, onEvent) => startPrediction(store, startTrainer, request, onEvent),
  evaluate: (request) => evaluateRun(store, request),
  export: (request) => exportProject(store, request),
  status: () => projectStatus(store),
  close: () => store.close(),
});

/** Makes a project folder and opens it for writing. */
export const newProject = (folder: string, project: NewProject): Project => assemble(createProject(folder, project));

/** Opens a project; `read` needs no lock and cannot change anything. */
export const openExistingProject = (folder: string, mode: 'write' | 'read' = 'write'): Project =>
  assemble(openProject(folder, mode));
