/** Measures a run's predictions against reference masks of the same name. */
import { basename, resolve } from 'node:path';
import {
  type LabelScores,
  labelScores,
  METRICS,
  type MetricName,
  meanAndSd,
  type PairedTTest,
  pairedTTest,
  SURFACE_TOLERANCE_MM,
} from '../../../core/metrics/index.ts';
import { walkFilesSync } from '../../../disk/index.ts';
import { discoverDataset, readMask, type ScanFailure } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { type CaseRole, explainFailure, type Label, type Run, type Scan, type Store } from '../../store/index.ts';
import { findMaskFiles } from '../import/names.ts';
import { runForPrediction } from '../predict/predict.ts';
import { readReference } from './reference.ts';

export interface EvaluateRequest {
  /** Folder of masks, or a data set with dataset.json. */
  reference: string;
  /** Name of the run; the latest finished one without it. */
  run?: string;
  /** Name of a second run: paired t-test over the cases that both predicted. */
  against?: string;
  /** Value of references where nobody drew; what dataset.json says without it. */
  ignoreLabel?: number;
  /** Of surface Dice, mm; 1 without it. */
  tolerance?: number;
  onProgress?: (done: number, total: number, name: string) => void;
  signal?: AbortSignal;
}

/** Percent and mm; distances are null where a mask is empty. With several labels: the mean over labels. */
export interface CaseScore {
  name: string;
  dice: number;
  jaccard: number;
  hd95: number | null;
  asd: number | null;
  /** The larger of both directions' 95HD, mm. */
  hd95Max?: number | null;
  /** Percent at the tolerance. */
  surfaceDice?: number | null;
  /** The scan's part in the run's training; null for a scan the run never saw. */
  role: CaseRole | null;
  /** By label, when the project has several. */
  labels?: { name: string; value: number; dice: number; jaccard: number; hd95: number | null; asd: number | null }[];
}

export interface Overall extends Record<MetricName, number | null> {
  /** Cases scored. */
  n: number;
  /** Standard deviation over cases. */
  sd: Record<MetricName, number | null>;
  /** Masks without a voxel where the reference has some, over cases and labels: Dice 0, no distance. */
  emptyPredictions: number;
  /** Masks with voxels where the reference has none, over cases and labels: Dice 0, no distance. */
  spurious?: number;
  hd95Max?: number | null;
  surfaceDice?: number | null;
  /** Of surface Dice, mm. */
  tolerance?: number;
  run: string;
  /** Scans with a reference that the run did not predict. */
  withoutPrediction: string[];
  /** Mean over cases of each label, when the project has several. */
  labels?: Record<string, Record<MetricName, number | null>>;
  against?: { run: string; tests: Record<MetricName, PairedTTest | null> };
}

export interface EvaluationReport {
  overall: Overall;
  cases: CaseScore[];
  /** References that could not be used. */
  failures: ScanFailure[];
  notices: string[];
}

/**
 * Scores every case that has a prediction of the run and a reference of its name; figures go into the store.
 * @throws evaluate/no-cases, import/no-folder, run/unknown, run/none-finished
 */
export async function evaluateRun(store: Store, request: EvaluateRequest): Promise<EvaluationReport> {
  const run = runForPrediction(store, request.run);
  const rival = request.against === undefined ? null : store.runs.find(request.against);
  const labels = store.labels.list();
  const { find, ignore: said } = await referenceFinder(resolve(request.reference));
  const ignore = request.ignoreLabel ?? said;
  const scans = store.scans.list().map((scan) => ({ scan, reference: find(scan.name) }));
  const withReference = scans.filter((s): s is { scan: Scan; reference: string } => s.reference !== null);
  const roles = new Map(store.runs.cases(run.id).map((c) => [c.scan, c.role]));
  const [cases, rivals, withoutPrediction, failures]: [CaseScore[], (CaseScore | null)[], string[], ScanFailure[]] = [
    [],
    [],
    [],
    [],
  ];
  const tolerance = request.tolerance ?? SURFACE_TOLERANCE_MM;
  const told: string[] = [];
  let [empty, spurious] = [0, 0];
  for (const [index, { scan, reference }] of withReference.entries()) {
    if (request.signal?.aborted)
      throw new DecileError(
        'evaluate/cancelled',
        `The evaluation must run to its end, got stopped after ${index} of ${withReference.length} cases.`,
        'Start it again.',
      );
    request.onProgress?.(index, withReference.length, scan.name);
    const path = predictionPath(store, run, scan);
    if (path === null) {
      withoutPrediction.push(scan.name);
      continue;
    }
    try {
      const scored = await scoreCase(store, scan, path, reference, labels, { tolerance, ignore });
      told.push(...scored.notices.map((notice) => `${scan.name}, its reference: ${notice}`));
      const rivalPath = rival && predictionPath(store, rival, scan);
      rivals.push(
        rivalPath
          ? toScore(
              scan.name,
              (await scoreCase(store, scan, rivalPath, reference, labels, { tolerance, ignore })).metrics,
              labels,
              null,
            )
          : null,
      );
      cases.push({
        ...toScore(scan.name, scored.metrics, labels, roles.get(scan.id) ?? null),
        hd95Max: meanAndSd(scored.metrics.map((s) => s.hd95Max)).mean,
        surfaceDice: meanAndSd(scored.metrics.map((s) => s.surfaceDice)).mean,
      });
      spurious += scored.metrics.filter((s) => s.spurious).length;
      empty += scored.metrics.filter((m) => m.emptyPrediction).length;
      // A reader of the project may evaluate too; only a writer keeps the figures.
      if (store.mode === 'write')
        store.evaluations.put(
          labels.map((label, n) => ({
            run: run.id,
            scan: scan.id,
            label: label.value,
            ...distancesAndOverlap(scored.metrics[n]),
            ...furtherScores(scored.metrics[n]),
            ...{ tolerance, reference },
          })),
        );
    } catch (error) {
      const known = explainFailure(error, `Evaluating ${scan.name}`);
      if (!(known instanceof DecileError) || known.code.startsWith('disk/')) throw known;
      failures.push({ path: reference, code: known.code, message: known.message, cure: known.cure });
    }
    await new Promise((next) => setImmediate(next));
  }
  request.onProgress?.(withReference.length, withReference.length, '');
  if (cases.length === 0)
    throw nothingToScore(request.reference, run, withReference.length, withoutPrediction.length, failures);
  const learned = cases.filter((c) => c.role !== null && c.role !== 'unlabelled').length;
  if (learned > 0)
    told.push(
      `${learned} of ${cases.length} scored cases were labelled or validation cases of this run: their figures say little about new scans.`,
    );
  const overall = {
    ...summary(cases, labels),
    emptyPredictions: empty,
    spurious,
    tolerance,
    ...surfaceMeans(cases),
    run: run.name,
    withoutPrediction,
  };
  return {
    overall: rival ? { ...overall, against: compare(rival.name, cases, rivals) } : overall,
    cases,
    failures,
    notices: told,
  };
}

const distancesAndOverlap = ({ dice, jaccard, hd95, asd }: LabelScores) => ({ dice, jaccard, hd95, asd });
const furtherScores = ({ hd95Max, surfaceDice, missed, spurious }: LabelScores) => ({
  ...{ hd95Max, surfaceDice, missed, spurious },
});

async function referenceFinder(
  folder: string,
): Promise<{ find: (name: string) => string | null; ignore: number | null }> {
  const dataset = await discoverDataset(folder).catch(() => null);
  const masks = new Map((dataset?.cases ?? []).flatMap((c) => (c.mask ? [[c.name, c.mask] as const] : [])));
  const ignore = dataset?.ignore ?? null;
  if (masks.size > 0) return { find: (name) => masks.get(name) ?? null, ignore };
  const { find } = findMaskFiles(folder);
  const objects = new Map<string, string>();
  for (const path of walkFilesSync(folder, { onFailure: () => {} }))
    if (DICOM_NAME.test(path)) objects.set(basename(path).normalize('NFC').replace(DICOM_NAME, ''), path);
  return { find: (name) => find(name) ?? objects.get(name.normalize('NFC')) ?? null, ignore };
}

/** SEG and RTSTRUCT as an export names them. */
const DICOM_NAME = /(\.seg|\.rtstruct)?\.dcm$/i;

function predictionPath(store: Store, run: Run, scan: Scan): string | null {
  const prediction = store.predictions.get(run.id, scan.id);
  return prediction && store.path(store.masks.get(prediction.mask).file);
}

async function scoreCase(
  store: Store,
  scan: Scan,
  predictionFile: string,
  referenceFile: string,
  labels: readonly Label[],
  { tolerance, ignore }: { tolerance: number; ignore: number | null },
): Promise<{ metrics: LabelScores[]; notices: string[] }> {
  const prediction = await readMask(predictionFile);
  const { mask: reference, notices } = await readReference(store, scan, referenceFile, prediction, labels, ignore);
  return {
    notices,
    metrics: labels.map((label) => labelScores(prediction, reference, label.value, tolerance)),
  };
}

const surfaceMeans = (cases: readonly CaseScore[]) => ({
  hd95Max: meanAndSd(cases.map((c) => c.hd95Max ?? null)).mean,
  surfaceDice: meanAndSd(cases.map((c) => c.surfaceDice ?? null)).mean,
});

function toScore(name: string, metrics: LabelScores[], labels: readonly Label[], role: CaseRole | null): CaseScore {
  const mean = (metric: MetricName) => meanAndSd(metrics.map((m) => m[metric])).mean;
  const score: CaseScore = {
    name,
    dice: mean('dice')!,
    jaccard: mean('jaccard')!,
    hd95: mean('hd95'),
    asd: mean('asd'),
    role,
  };
  if (labels.length > 1)
    score.labels = labels.map((label, n) => ({
      name: label.name,
      value: label.value,
      ...distancesAndOverlap(metrics[n]),
    }));
  return score;
}

const perMetric = <T>(of: (metric: MetricName) => T): Record<MetricName, T> =>
  Object.fromEntries(METRICS.map((metric) => [metric, of(metric)])) as Record<MetricName, T>;

function summary(cases: CaseScore[], labels: readonly Label[]) {
  const of = (metric: MetricName) => meanAndSd(cases.map((c) => c[metric]));
  const byLabel = labels.map(
    (label, n) =>
      [label.name, perMetric((metric) => meanAndSd(cases.map((c) => c.labels?.[n][metric] ?? null)).mean)] as const,
  );
  return {
    ...perMetric((metric) => of(metric).mean),
    n: cases.length,
    sd: perMetric((metric) => of(metric).sd),
    ...(labels.length > 1 ? { labels: Object.fromEntries(byLabel) } : {}),
  };
}

function compare(name: string, cases: CaseScore[], rivals: (CaseScore | null)[]): NonNullable<Overall['against']> {
  const pairs = cases.flatMap((first, n) => (rivals[n] ? [[first, rivals[n]] as const] : []));
  return {
    run: name,
    tests: perMetric((metric) =>
      pairedTTest(
        pairs.map(([first]) => first[metric]),
        pairs.map(([, second]) => second[metric]),
      ),
    ),
  };
}

function nothingToScore(
  reference: string,
  run: Run,
  matched: number,
  unpredicted: number,
  failures: ScanFailure[],
): DecileError {
  if (failures.length > 0) return new DecileError(failures[0].code, failures[0].message, failures[0].cure);
  if (matched === 0)
    return new DecileError(
      'evaluate/no-cases',
      `At least one mask in ${reference} must be named like a scan of the project, got none.`,
      'Name the reference masks like the scans, for instance case_001.nii.gz.',
    );
  return new DecileError(
    'evaluate/no-cases',
    `At least one scan with a reference must be predicted by ${run.name}, got none of ${unpredicted}.`,
    'Predict them first: `decile predict DIR --scans all`.',
  );
}
