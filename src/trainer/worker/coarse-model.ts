/** The coarse model of `--region auto`: trained before the fine one, kept beside it, and asked where each scan is worth reading. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelChannel } from '../../core/model-channels.ts';
import type { Kernels } from '../../core/network/kernels.ts';
import type { Weights } from '../../core/network/tape.ts';
import type { SettledOptions } from '../../core/options.ts';
import { boxOf } from '../../core/predict/boxes.ts';
import { decodeCheckpoint } from '../../core/train/checkpoint.ts';
import {
  boxOfMask,
  coarseMask,
  coarseOptions,
  coarseSize,
  findRegion,
  onGrid,
} from '../../core/train/coarse-region.ts';
import { train } from '../../core/train/loop.ts';
import { disposeAll } from '../../core/train/optimiser.ts';
import type { PatchSource } from '../../core/train/patch-source.ts';
import { weightsOf } from '../../core/train/state.ts';
import { makeFolder, writeFileAtomic } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { TrainingCase } from '../../shared/training.ts';
import type { Control, Report, TrainerFiles } from './dependencies.ts';
import { parkWhilePaused } from './park.ts';
import { type PreparedCase, prepareCase } from './prepared-case.ts';

const CLASSES = ['background', 'any label'];
const regionPath = (runFolder: string): string => join(runFolder, 'region.safetensors');

export interface CoarseModel {
  weights: Weights;
  options: SettledOptions;
}

/**
 * The coarse model of a run; null for a run without one. The caller disposes its weights.
 * @throws run/no-checkpoint where the run had one: what learned inside a region draws anything outside of it
 */
export function openCoarse(runFolder: string, { region }: Pick<SettledOptions, 'region'>): CoarseModel | null {
  const path = regionPath(runFolder);
  if (!existsSync(path)) {
    if (region !== 'auto') return null;
    throw new DecileError(
      'run/no-checkpoint',
      `A run must have a checkpoint to predict with, got none of its coarse model in ${path}.`,
      'Put the file back from a copy of the project, or train again.',
    );
  }
  const checkpoint = decodeCheckpoint(readFileSync(path));
  return { weights: weightsOf(checkpoint, 'student'), options: checkpoint.meta.options };
}

export interface CoarseJob {
  runFolder: string;
  /** Where prepared scans are kept. */
  cache: string;
  options: SettledOptions;
  channels: ModelChannel[];
  kernels: Kernels;
  report: Report;
  control: Control;
  files: TrainerFiles;
  /** Of the run, where it is paused meanwhile; 0 without it. */
  step?: number;
  /** The scan of a prepared case, without its mask. */
  scanOf(prepared: PreparedCase): TrainingCase;
}

/** On the coarse grid, image alone. */
const coarsely = (prepared: PreparedCase, { options }: Pick<CoarseModel, 'options'>, job: CoarseJob) =>
  prepareCase(job.scanOf(prepared), job.cache, options, job.channels, CLASSES.length, job.files);

/**
 * The cases with the part that is worth reading in the place of the patient's body: around what is drawn in labelled ones, around
 * what the coarse model finds in the others, the whole body where it finds nothing, which is said. Trains the model on the labelled
 * ones unless the folder has it.
 * @returns null where the job was cancelled
 */
export async function withRegions<T extends Record<'labelled' | 'unlabelled' | 'validation', PreparedCase[]>>(
  cases: T,
  job: CoarseJob,
): Promise<T | null> {
  if (!existsSync(regionPath(job.runFolder)) && !(await trainCoarse(cases.labelled, job))) return null;
  const model = openCoarse(job.runFolder, job.options);
  if (!model) return null;
  const missed: string[] = [];
  const found = async (prepared: PreparedCase): Promise<PreparedCase> => {
    if (job.control.cancelled) return prepared;
    const { readImage, size } = await coarsely(prepared, model, job);
    const box = await findRegion(readImage([0, 0, 0], size), size, model.weights, model.options, job.kernels);
    if (!box) missed.push(prepared.name);
    return box ? { ...prepared, body: onGrid(box, size, prepared.size) } : prepared;
  };
  const each = async (list: PreparedCase[]) => {
    const bounded: PreparedCase[] = [];
    for (const prepared of list) bounded.push(await found(prepared));
    return bounded;
  };
  try {
    const labelled = cases.labelled.map((prepared) => drawnPart(prepared, Number(model.options.spacing)));
    const [unlabelled, validation] = [await each(cases.unlabelled), await each(cases.validation)];
    if (missed.length > 0) job.report({ type: 'notice', message: nothingFound(missed) });
    return job.control.cancelled ? null : { ...cases, labelled, unlabelled, validation };
  } finally {
    disposeAll(model.weights);
  }
}

/** Around what is drawn, with the margin that the coarse model's boxes have. */
function drawnPart(prepared: PreparedCase, mm: number): PreparedCase {
  const size = coarseSize(prepared, mm);
  const box = boxOfMask(coarseMask(prepared, size), size);
  return box ? { ...prepared, body: onGrid(box, size, prepared.size) } : prepared;
}

/** @returns false where it was cancelled */
async function trainCoarse(labelled: PreparedCase[], job: CoarseJob): Promise<boolean> {
  const options = coarseOptions(job.options, labelled);
  const sources: PatchSource[] = [];
  for (const prepared of labelled) {
    // A cancellation is a message: it is heard between two scans.
    await new Promise(setImmediate);
    if (job.control.cancelled) return false;
    // Its mask lies in memory, out of a thread's reach.
    const { stored: _, ...coarse } = await coarsely(prepared, { options }, job);
    const mask = coarseMask(prepared, coarse.size);
    sources.push({ ...coarse, readMask: (start, box) => boxOf(mask, coarse.size, start, box) });
  }
  job.report({
    type: 'notice',
    message: `A coarse model looks for the region first: ${options.steps} steps on whole scans at ${Number(options.spacing).toFixed(1)} mm.`,
  });
  let bytes: Uint8Array | undefined;
  const { outcome } = await train({
    options,
    classes: CLASSES,
    channels: job.channels,
    labelled: sources,
    unlabelled: [],
    kernels: job.kernels,
    hooks: {
      // Steps of the coarse model are none of the run's: nothing is kept of them.
      async mayContinue() {
        await parkWhilePaused(job.control, job.report, job.step ?? 0, async () => {});
        return job.control.cancelled ? 'cancel' : 'go';
      },
      async onCheckpoint(last) {
        bytes = last;
      },
    },
  });
  if (outcome === 'cancelled' || !bytes) return false;
  makeFolder(job.runFolder);
  writeFileAtomic(regionPath(job.runFolder), bytes);
  return true;
}

export const nothingFound = (names: readonly string[]): string =>
  `The coarse model found nothing in ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}: read whole.`;
