/** A model that learned from the cohort's first cases, and what it says of the cases to report: by the commands that a user gives. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabelMap } from '../../src/core/volume.ts';
import { readMask, readVolume, writeNifti } from '../../src/imaging/index.ts';
import { openProject } from '../../src/project/store/index.ts';
import { type Cohort, casesOf, type ReadCase, readCase } from './cohort.ts';

const CLI = fileURLToPath(new URL('../../bin/decile.mjs', import.meta.url));
/** Scans without masks that a training gets beside the labelled ones; none of them is reported. */
const UNLABELLED = 16;

export interface Training {
  readonly steps: number;
  readonly patch: string;
  /** mm; null: the files' own. */
  readonly spacing: number | null;
  /** Where the project goes; one that is there already is used. */
  readonly out: string;
}

export interface PredictedCase extends ReadCase {
  readonly prediction: LabelMap;
  /** 255ths of ln 2. */
  readonly entropy: Uint8Array;
  /** Nats. */
  readonly meanEntropy: number;
  /** By label, percent. */
  readonly ownDice: readonly number[];
}

/** Trains where nothing is in `out` yet; predicts and reads the cases to report. */
export async function predictedCases(folder: string, cohort: Cohort, training: Training): Promise<PredictedCase[]> {
  const { learn, report, rest } = casesOf(folder, cohort);
  const project = join(training.out, cohort.name);
  const reported = await Promise.all(report.map((name) => readCase(folder, name, training.spacing)));
  if (!existsSync(join(project, 'predicted'))) {
    rmSync(project, { recursive: true, force: true });
    const files = await writeCases(folder, cohort, training, project, {
      learn,
      report,
      unlabelled: rest.slice(0, UNLABELLED),
    });
    const labels = Array.from({ length: cohort.labels }, (_, n) => ['--label', `label ${n + 1}`]).flat();
    decile('new', join(project, 'p'), ...labels, '--preset', 'mr');
    decile('import', join(project, 'p'), files('learn'), '--labels', files('masks'));
    if (rest.length > 0) decile('import', join(project, 'p'), files('unlabelled'));
    const { steps, patch } = training;
    decile(
      'train',
      join(project, 'p'),
      '--patch',
      patch,
      '--spacing',
      'native',
      '--width',
      '8',
      '--steps',
      String(steps),
      '--seed',
      '1',
    );
    // Those to report enter the project after training: the model cannot have seen them.
    decile('import', join(project, 'p'), files('report'));
    decile('predict', join(project, 'p'), '--scans', 'all');
    mkdirSync(join(project, 'predicted'));
  }
  return withPredictions(join(project, 'p'), reported);
}

async function writeCases(
  folder: string,
  { name: cohort }: Cohort,
  { spacing, out }: Training,
  project: string,
  lists: Record<'learn' | 'report' | 'unlabelled', readonly string[]>,
): Promise<(part: 'learn' | 'report' | 'unlabelled' | 'masks') => string> {
  const files = (part: string) => join(out, cohort, part);
  mkdirSync(files('masks'), { recursive: true });
  for (const part of ['learn', 'report', 'unlabelled'] as const) {
    mkdirSync(join(project, part), { recursive: true });
    for (const name of lists[part]) {
      const { scan, mask } = await readCase(folder, name, spacing);
      await writeNifti(join(files(part), name), scan);
      if (part === 'learn') await writeNifti(join(files('masks'), name), mask);
    }
  }
  return files;
}

async function withPredictions(project: string, cases: readonly ReadCase[]): Promise<PredictedCase[]> {
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

function decile(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`decile ${args.join(' ')} must succeed, got exit code ${status}.`);
}
