/** One job of a study in its own folder: trained, predicted and scored. Each part that is done stays done. */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseMetrics, caseMetrics, type SmallStructures, smallStructures } from '../core/metrics/index.ts';
import { makeFolder, writeFileAtomic } from '../disk/index.ts';
import { readMask } from '../imaging/index.ts';
import { DecileError } from '../shared/errors.ts';
import type { StartTrainer } from '../shared/trainer.ts';
import type { PredictJob, StepEvent, TrainerEvent, TrainJob } from '../shared/training.ts';
import { checkpointPath } from '../trainer/worker/files.ts';
import type { FurtherList, StudyDefinition } from './definition.ts';
import { rareLabelsOf, readLock } from './lock.ts';
import type { SizedJob } from './memory.ts';
import type { StudyPlan } from './plan.ts';
import { type StudyCase, studyLists, withoutMask } from './split.ts';

export interface Score extends CaseMetrics {
  case: string;
  /** Value in the mask, 1 and up. */
  label: number;
  /** Structures of less than 5 ml; absent where the case has none, and in results of earlier versions. */
  small?: SmallStructures;
}

/** What a finished job leaves behind, in runs/<id>/scores.json. */
export interface JobResult {
  id: string;
  method: string;
  labelled: number;
  seed: number;
  /** Seconds of training and of prediction; of a training that went on from a checkpoint, all its steps at the pace of the last. */
  seconds: number;
  /** Of the test cases. */
  scores: Score[];
  /** Of the further lists that the study asks for. The masks of unlabelled cases are read after the training alone. */
  also?: Partial<Record<FurtherList, Score[]>>;
}

export const jobFolder = (out: string, id: string): string => join(out, 'runs', id);
const resultPath = (out: string, id: string): string => join(jobFolder(out, id), 'scores.json');

/** The result of a job that was done before, else null. */
export function finishedResult(out: string, id: string): JobResult | null {
  const path = resultPath(out, id);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as JobResult) : null;
}

/** Whether nothing of the job is left to do; a study may ask for further lists later than for the test cases. */
export const isComplete = ({ also }: JobResult, { alsoScore }: Pick<StudyDefinition, 'alsoScore'>): boolean =>
  alsoScore.every((list) => also?.[list] !== undefined);

/**
 * Runs what is left of a job: training from its last checkpoint, prediction of the test cases, scores.
 * @returns null where it was stopped; it then goes on at the next call
 * @throws what the trainer reports, also of a single case
 */
export async function runJob(
  plan: StudyPlan,
  job: SizedJob,
  out: string,
  startTrainer: StartTrainer,
  onEvent: (event: TrainerEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<JobResult | null> {
  const { definition, split } = plan;
  const before = finishedResult(out, job.id);
  if (before && isComplete(before, definition)) return before;
  const runFolder = jobFolder(out, job.id);
  makeFolder(runFolder);

  let pace: Pick<StepEvent, 'steps' | 'secondsPerStep'> = { steps: 0, secondsPerStep: 0 };
  const run = async (task: TrainJob | PredictJob): Promise<boolean> => {
    if (signal?.aborted) return false;
    // Without a case of its lists a job would answer another question than the study asks.
    let lacking: DecileError | null = null;
    const trainer = startTrainer(task, (event) => {
      if (event.type === 'step') pace = event;
      if (event.type === 'left-out' && !lacking) {
        lacking = new DecileError(event.code, `${job.id}, ${event.name}: ${event.message}`, event.cure);
        trainer.cancel();
      }
      onEvent(event);
    });
    const stop = () => trainer.cancel();
    signal?.addEventListener('abort', stop, { once: true });
    const last = await trainer.done.finally(() => signal?.removeEventListener('abort', stop));
    if (lacking) throw lacking;
    if (last.type === 'error') throw new DecileError(last.code, `${job.id}: ${last.message}`, last.cure);
    return last.type === 'finished';
  };

  const resume = existsSync(checkpointPath(runFolder));
  const began = performance.now();
  const trained =
    before !== null ||
    (await run({
      kind: 'train',
      runFolder,
      options: job.options,
      lists: studyLists(job.train, split.validation, job.labelled),
      classes: ['background', ...definition.classes],
      normalisation: plan.cohort.normalisation,
      ...(job.channels && { channels: job.channels }),
      resume,
    }));
  if (!trained) return null;
  const trainedAt = performance.now();
  const trainingSeconds = resume ? pace.steps * pace.secondsPerStep : (trainedAt - began) / 1000;

  const scored = async (cases: readonly StudyCase[], outputFolder: string): Promise<Score[] | null> => {
    if (cases.length === 0) return [];
    const predicted = await run({
      kind: 'predict',
      runFolder,
      cases: cases.map(withoutMask),
      outputFolder,
      stride: definition.stride ?? 'auto',
      rareLabels: rareLabelsOf(readLock(out) ?? { rareLabels: definition.rareLabels ?? 'weighted' }),
      pieces:
        definition.pieces === 'all'
          ? 'all'
          : { like: job.train.slice(0, job.labelled).map(({ maskPath }) => maskPath) },
      engine: job.options.engine,
    });
    if (!predicted) return null;
    const scores: Score[] = [];
    for (const one of cases) scores.push(...(await scoreCase(one, outputFolder, definition.classes.length)));
    for (const { scan } of cases) rmSync(join(outputFolder, `${scan}.entropy.nii.gz`), { force: true });
    return scores;
  };
  const scores = before?.scores ?? (await scored(split.test, join(runFolder, 'masks')));
  if (!scores) return null;
  const { id, method, labelled, seed } = job;
  const seconds = before?.seconds ?? trainingSeconds + (performance.now() - trainedAt) / 1000;
  const result: JobResult = { id, method, labelled, seed, seconds, scores, ...(before?.also && { also: before.also }) };
  const further = { validation: split.validation, unlabelled: job.train.slice(labelled) };
  for (const list of definition.alsoScore.filter((list) => !result.also?.[list])) {
    const folder = join(runFolder, list);
    const found = await scored(further[list], folder);
    if (!found) return null;
    result.also = { ...result.also, [list]: found };
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileAtomic(resultPath(out, id), new TextEncoder().encode(`${JSON.stringify(result)}\n`));
  return result;
}

async function scoreCase(test: StudyCase, folder: string, labels: number): Promise<Score[]> {
  const prediction = await readMask(join(folder, `${test.scan}.nii.gz`));
  const reference = await readMask(test.maskPath);
  return Array.from({ length: labels }, (_, n) => {
    const small = smallStructures(prediction, reference, n + 1);
    return {
      case: test.name,
      label: n + 1,
      ...caseMetrics(prediction, reference, n + 1),
      ...(small && { small }),
    };
  });
}
