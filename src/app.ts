/**
 * The composition root: one open project with everything that can be done with it. The command line and the window both
 * stand on this, and here alone the services meet the trainer.
 */
import type { Fit } from './core/train/fit-patch.ts';
import type { VoxelArray } from './core/volume.ts';
import type { DicomWebServer } from './imaging/index.ts';
import { type CheckOptions, type CheckReport, checkProject } from './project/services/check.ts';
import { type Drawings, drawingsOf } from './project/services/drawing/drawings.ts';
import { replaceLabels } from './project/services/drawing/labels.ts';
import { readSlice, type StoredVolume, storedVolume } from './project/services/drawing/stored-volume.ts';
import {
  countChoices,
  type ExportReport,
  type ExportRequest,
  exportProject,
} from './project/services/export/export.ts';
import { type DemoRequest, makeDemoProject } from './project/services/import/demo-project.ts';
import { type ImportOptions, type ImportReport, importScans } from './project/services/import/import.ts';
import { importFromServer, type StudyQuery } from './project/services/import/import-dicomweb.ts';
import { termFor } from './project/services/import/terms.ts';
import {
  type ExportedModel,
  type ExportModelRequest,
  exportModel,
  modelContent,
} from './project/services/model/export-model.ts';
import { type ImportModelRequest, importModel, type ModelImport } from './project/services/model/import-model.ts';
import { startFrom } from './project/services/model/start-from.ts';
import {
  chooseScans,
  type PredictHandle,
  type PredictRequest,
  startPrediction,
} from './project/services/predict/predict.ts';
import { scansOf } from './project/services/review/decide-scans.ts';
import { type EvaluateRequest, type EvaluationReport, evaluateRun } from './project/services/review/evaluate.ts';
import { type Compare, compareOf, type Review, reviewOf } from './project/services/review/index.ts';
import { type SuggestionReport, type SuggestRequest, suggestScans } from './project/services/review/suggest.ts';
import { type ProjectStatus, projectStatus } from './project/services/status.ts';
import type { StartWeights } from './project/services/train/continued.ts';
import { evolutionFrames, evolutionPicture } from './project/services/train/evolution.ts';
import {
  type ExpectedTime,
  expectedTime,
  likelyFit,
  secondsPerStep,
  settleEngine,
} from './project/services/train/expected-time.ts';
import { leaveOut } from './project/services/train/leave-out.ts';
import { measureSteps } from './project/services/train/measured-steps.ts';
import { type PlanOptions, planTraining, type TrainPlan } from './project/services/train/plan.ts';
import {
  type RoundAhead,
  type RoundHandle,
  type RoundRequest,
  roundAhead,
  startRound,
} from './project/services/train/round.ts';
import { type RunHandle, resumeTraining, startTraining, type TrainRequest } from './project/services/train/train.ts';
import {
  createProject,
  type Label,
  type NewProject,
  openProject,
  type Run,
  type Store,
} from './project/store/index.ts';
import type { EvolutionFrame, ExportCounts } from './shared/contract/index.ts';
import type { StartHost, StartTrainer } from './shared/trainer.ts';
import type { TrainerEvent } from './shared/training.ts';
import type { StudyOutcome, StudyRequest } from './study/run-study.ts';
import { startTrainer } from './trainer/host/index.ts';

export { deidentifyFolder, searchIdentifiers } from './project/services/export/deidentify.ts';
export { DEMO_LABELLED, DEMO_SCANS } from './project/services/import/demo-project.ts';

type OnEvent = (event: TrainerEvent, run: Run) => void;

export interface Project {
  readonly store: Store;
  /** Brings scans and masks in; see ImportReport for what was refused. */
  importScans(folder: string, options?: ImportOptions): Promise<ImportReport>;
  /** As importScans, from a DICOMweb server. */
  importFromServer(
    server: DicomWebServer,
    query: StudyQuery,
    options?: Pick<ImportOptions, 'only' | 'channels' | 'overlaps' | 'otherKinds' | 'onProgress' | 'signal'>,
  ): Promise<ImportReport>;
  /** Which scans to label first. */
  suggest(request?: SuggestRequest): Promise<SuggestionReport>;
  /** The stored voxels of scans, slice by slice. */
  readonly volumes: {
    /** Where they lie, of a channel where the scan has several; throws `scan/unknown`, `scan/vanished`. */
    stored(scan: number, channel?: number): Promise<StoredVolume>;
    slice(volume: StoredVolume, k: number): Promise<VoxelArray>;
  };
  /** Masks that are being drawn, and their versions. */
  readonly drawing: Drawings;
  /** Makes the labels those of the list; throws `label/in-use`, `label/invalid`. */
  setLabels(labels: readonly Label[]): Promise<void>;
  /** What `train` would do now, or the reason why it cannot. */
  plan(request: PlanOptions): TrainPlan;
  /** The patch and the batch that fit the plan's scans and this machine now, and how long a run takes where that is known. */
  outlook(plan: TrainPlan): { fit: Fit; time: ExpectedTime };
  /** How long that will take; measures a step on each engine first where `auto` has nothing to choose by (said to `say`). */
  expectedTime(plan: TrainPlan, say?: (text: string) => void): Promise<ExpectedTime>;
  /** Measures a step of the plan on each engine that it allows; throws the last engine's error where none computes. */
  measure(plan: TrainPlan): Promise<void>;
  /** Leaves named scans out of training for a reason, or takes them in again with an empty one. Throws `scan/unknown`. */
  leaveOut(names: readonly string[], reason: string): { scan: string; leftOut: string }[];
  train(request: TrainRequest, onEvent?: OnEvent): RunHandle;
  /** The named run, or the latest unfinished one. */
  resume(name?: string, onEvent?: OnEvent): RunHandle;
  /** Trains on from the last run with the masks that are new, then predicts again what nobody looked at; goes on where it was stopped. */
  learn(request?: RoundRequest, onEvent?: OnEvent): Promise<RoundHandle>;
  /** What `learn` would do now; null where nothing is new. Throws `run/none-finished`. */
  learnAhead(request?: Pick<RoundRequest, 'from' | 'held'>): RoundAhead | null;
  /** Models as files that travel. */
  readonly models: {
    export(request: ExportModelRequest): Promise<ExportedModel>;
    /** What export would write. */
    content(run: number): Promise<Uint8Array>;
    /** A run to predict with; the same model twice is one run. */
    import(request: ImportModelRequest): Promise<ModelImport>;
    /** The weights of a run, or of the file at `path`, to train on from. */
    startFrom(named: string, path?: string): Promise<StartWeights>;
  };
  /** Median of a run's last steps; null before the first. */
  secondsPerStep(run: number): number | null;
  /** Pictures of the prototypes as a run changed them. */
  readonly evolution: {
    frames(run: number): EvolutionFrame[];
    /** Path of a PNG; throws `run/unknown`. */
    picture(run: number, step: number, panel: string): string;
  };
  predict(request?: PredictRequest, onEvent?: OnEvent): PredictHandle;
  /** How many scans a request means; throws `predict/no-scans`. */
  scansToPredict(scans: PredictRequest['scans']): number;
  evaluate(request: EvaluateRequest): Promise<EvaluationReport>;
  /** Cases, the queue of predictions, decisions. */
  readonly review: Review;
  /** Predictions against what people made of them. */
  readonly compare: Compare;
  /** Masks, tables or the report into a folder. */
  export(request: ExportRequest): Promise<ExportReport>;
  /** How many masks each choice of an export would hand out, of these scans or of all. */
  exportCounts(of: { run?: number; scans?: readonly number[] }): ExportCounts;
  status(): ProjectStatus;
  /** What is damaged, missing or left over; puts right what can be where asked. */
  check(options?: CheckOptions): Promise<CheckReport>;
  /** Turns open strokes into versions and closes the project. */
  close(): Promise<void>;
}

function assemble(store: Store, start: StartTrainer): Project {
  const drawing = drawingsOf(store);
  return {
    store,
    importScans: (folder, options) => importScans(store, folder, options),
    importFromServer: (server, query, options) => importFromServer(store, server, query, options),
    suggest: (request) => suggestScans(store, request),
    volumes: {
      stored: (scan, channel = 0) =>
        storedVolume(store.path(store.channels.of(scan)[channel]?.file ?? store.scans.get(scan).volumeFile)),
      slice: readSlice,
    },
    drawing,
    setLabels: (labels) => replaceLabels(store, drawing, labels),
    plan: (request) => planTraining(store, request),
    outlook: ({ options }) => ({ fit: likelyFit(store, options), time: expectedTime(store, options) }),
    expectedTime: ({ options, classes }, say) => settleEngine(store, start, options, classes.length, say),
    async measure({ options, classes }) {
      await measureSteps(start, options, likelyFit(store, options), classes.length);
    },
    leaveOut: (names, reason) => leaveOut(store, scansOf(store, names), reason),
    train: (request, onEvent) => startTraining(store, start, request, onEvent),
    resume: (name, onEvent) => resumeTraining(store, start, name, onEvent),
    learn: (request, onEvent) => startRound(store, start, request, onEvent),
    learnAhead: (request) => roundAhead(store, request),
    models: {
      export: (request) => exportModel(store, request),
      content: async (run) => (await modelContent(store, { run: store.runs.get(run).name })).content,
      import: (request) => importModel(store, request),
      startFrom: (named, path) => startFrom(store, named, path),
    },
    secondsPerStep: (run) => secondsPerStep(store, run),
    evolution: {
      frames: (run) => evolutionFrames(store, run),
      picture: (run, step, panel) => evolutionPicture(store, run, step, panel),
    },
    predict: (request = {}, onEvent) => startPrediction(store, start, request, onEvent),
    scansToPredict: (scans) => chooseScans(store, scans).length,
    evaluate: (request) => evaluateRun(store, request),
    review: reviewOf(store, drawing),
    compare: compareOf(store, drawing),
    export: (request) => exportProject(store, request),
    exportCounts: ({ run, scans }) =>
      countChoices(
        store,
        scans?.map((scan) => store.scans.get(scan)) ?? store.scans.list(),
        run === undefined ? null : store.runs.get(run),
      ),
    status: () => projectStatus(store),
    check: (options) => checkProject(store, drawing, options),
    async close() {
      await drawing.close();
      store.close();
    },
  };
}

/** Projects made and opened, studies run, with one way to start the trainer. */
export interface App {
  /** Makes a project folder and opens it for writing; a label without a coded term gets the one of its name. */
  create(folder: string, project: NewProject): Project;
  /** Opens a project; `read` needs no lock and cannot change anything. */
  open(folder: string, mode?: 'write' | 'read'): Project;
  /** Makes the demo project below `documents`; `onOpen` gets it before its scans are there. */
  demo(documents: string, onOpen: (project: Project) => void, request?: DemoRequest): Promise<void>;
  /** Runs a study to its tables; throws what its definition, its split and its lock throw. */
  study(request: Omit<StudyRequest, 'startTrainer'>): Promise<StudyOutcome>;
}

/** The trainer in processes of a host; Node's own without one. */
export const trainerOn =
  (host?: StartHost): StartTrainer =>
  (job, onEvent) =>
    startTrainer(job, onEvent, host);

export function createApp(start: StartTrainer = trainerOn()): App {
  const create = (folder: string, { labels, ...project }: NewProject): Project => {
    const coded = labels.map((label) => ({
      ...label,
      term: label.term === undefined ? termFor(label.name) : label.term,
    }));
    return assemble(createProject(folder, { ...project, labels: coded }), start);
  };
  return {
    create,
    open: (folder, mode = 'write') => assemble(openProject(folder, mode), start),
    demo: (documents, onOpen, request) =>
      makeDemoProject(
        documents,
        (folder, project) => {
          const made = create(folder, project);
          onOpen(made);
          return made.store;
        },
        request,
      ),
    async study(request) {
      // Loaded here: no other command needs it.
      const { runStudy } = await import('./study/run-study.ts');
      return runStudy({ ...request, startTrainer: start });
    },
  };
}

const app = createApp();

/** `App.create`, `App.open` and `App.study` with the trainer in Node's own processes. */
export const newProject = app.create;
export const openExistingProject = app.open;
export const runStudy = app.study;
