/** One patch for all jobs of a study, and how many jobs fit into memory at once. */
import type { PlannedOptions, SettledOptions, StepOptions } from '../core/options.ts';
import { fitOf, type PatchSides } from '../core/train/fit-patch.ts';
import { inOrientation } from '../core/train/orientation.ts';
import { type TrainingFrame, trainingGrid } from '../core/train/preprocess.ts';
import { plannedSteps } from '../core/train/run-length.ts';
import { canBeSmall, type DrawnScan, settleSmallStructures, smallLabels } from '../core/train/small-labels.ts';
import { settleSpacing, trainingVoxel } from '../core/train/spacing.ts';
import { loadOf, PROCESS_BYTES, stepBytes } from '../core/train/step-bytes.ts';
import type { Grid } from '../core/volume.ts';
import { readNiftiHeader, readVolume } from '../imaging/index.ts';
import { DecileError } from '../shared/errors.ts';
import { LabelVolumes } from './label-volumes.ts';
import type { StudyJob, StudyPlan } from './plan.ts';
import type { StudyCase } from './split.ts';

export interface SizedJob extends StudyJob {
  options: SettledOptions;
  /** Bytes that the job is thought to need at its peak, in training or in prediction. */
  bytes: number;
}

/**
 * The jobs with `spacing: auto`, `patch: auto` and `smallStructures: auto` settled, by the training scans and their labelled masks. Every job of one voxel size gets the same patch, the largest that the median
 * training scan holds: what fits into memory at the moment must not decide what is compared.
 * @param patches settled before, by what decides them (`study.lock.json`); those that are settled now are added
 * @param smallFrom labelled cases from which `smallStructures: auto` looks for small labels
 */
export async function sizeJobs(
  { jobs, split, definition }: StudyPlan,
  patches: Record<string, PatchSides> = {},
  smallFrom = 1,
): Promise<SizedJob[]> {
  const grids = await gridsOf([...split.train, ...split.test]);
  const gridOf = ({ scan }: StudyCase) => grids.get(scan) as Grid;
  const sizes = (cases: readonly StudyCase[], frame: TrainingFrame) =>
    cases.map((one) => trainingGrid(gridOf(one), frame).size);
  // One patch for all: the largest that any of them takes. What shares a step out among more patches has more voxels a step.
  const fewest = Math.min(...jobs.map(({ options }) => options.labelledPerStep));
  const patchOf = (options: StepOptions & Pick<PlannedOptions, 'voxel' | 'spacing'>): PatchSides => {
    const key = [
      options.spacing,
      options.orientation,
      options.network === 'planned',
      options.patch,
      options.smallStructures,
    ].join(' ');
    const everywhere = Number.POSITIVE_INFINITY;
    patches[key] ??= fitOf({ ...options, labelledPerStep: fewest }, sizes(split.train, options), everywhere).patch;
    return patches[key];
  };
  const volumes = new LabelVolumes();
  const smallIn = async (job: StudyJob, frame: TrainingFrame & Parameters<typeof canBeSmall>[0]) => {
    const sides = sizes(split.train, frame);
    if (job.labelled < smallFrom || !canBeSmall(frame, sides)) return [];
    const drawn: DrawnScan[] = [];
    for (const [n, { maskPath }] of job.train.slice(0, job.labelled).entries())
      drawn.push({ size: trainingGrid(gridOf(job.train[n]), frame).size, ml: await volumes.of(maskPath) });
    return smallLabels(drawn, frame, sides);
  };
  const sized: SizedJob[] = [];
  for (const job of jobs) {
    const turned = split.train.map((one) => inOrientation(gridOf(one), job.options.orientation));
    const spacing = settleSpacing(job.options.spacing, turned, job.options.network);
    const voxel = trainingVoxel(spacing, turned);
    const small = await smallIn(job, { ...job.options, spacing, voxel });
    const grid = { ...settleSmallStructures(job.asked, small), spacing, voxel };
    const patch = patchOf(grid);
    const options = { ...grid, steps: plannedSteps({ ...grid, patch }, []) };
    const largest = Math.max(...sizes(split.test, options).map((n) => n[0] * n[1] * n[2]));
    const prediction =
      4 * largest * (definition.classes.length + 4) +
      stepBytes(patch, { width: options.width, gradientImages: 1, images: 1 });
    const training = stepBytes(patch, loadOf(options));
    sized.push({ ...job, options: { ...options, patch }, bytes: PROCESS_BYTES + Math.max(training, prediction) });
  }
  return sized;
}

/**
 * How many jobs may run at once.
 * @param asked what --jobs says
 * @param bytes of the largest job
 * @param available memory in bytes
 * @param total memory of the machine in bytes
 * @returns the number, and what to say where it is not the one asked for
 * @throws study/memory where not even one job fits into the machine
 */
export function jobsAtOnce(
  asked: number,
  bytes: number,
  available: number,
  total: number,
): { jobs: number; notice: string | null } {
  if (bytes > total)
    throw new DecileError(
      'study/memory',
      `A job must fit into the machine's memory of ${gigabytes(total)}, got an estimate of ${gigabytes(bytes)}.`,
      'Give a smaller patch or width, or smaller batches, in the options of the study file.',
    );
  const fitting = Math.max(1, Math.floor((0.85 * available) / bytes));
  if (fitting >= asked) return { jobs: asked, notice: null };
  const state = `a job needs about ${gigabytes(bytes)} and ${gigabytes(available)} are free`;
  return { jobs: fitting, notice: `${fitting} at a time instead of ${asked}: ${state}.` };
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

async function gridsOf(cases: readonly StudyCase[]): Promise<Map<number, Grid>> {
  const grids = new Map<number, Grid>();
  for (const { scan, volumePath, channels } of cases)
    grids.set(
      scan,
      /\.nii(\.gz)?$/i.test(volumePath)
        ? (await readNiftiHeader(volumePath)).grid
        : (await readVolume(volumePath, channels?.[0].part)).volume,
    );
  return grids;
}
