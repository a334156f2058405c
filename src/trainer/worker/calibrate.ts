/** Short trainings after a run, each without a part of the labelled scans: what they say of those calibrates the expected Dice. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makesPseudoMasks } from '../../core/options.ts';
import { agreedOn, type PiecesKept, seePieces } from '../../core/predict/pieces.ts';
import { type SaidAndTrue, saidAndTrue } from '../../core/predict/said-and-true.ts';
import { decodeCheckpoint } from '../../core/train/checkpoint.ts';
import { foldCount, foldOptions, foldSteps, foldsOf } from '../../core/train/folds.ts';
import { type TrainInputs, train } from '../../core/train/loop.ts';
import { disposeAll } from '../../core/train/optimiser.ts';
import { predictorsOf } from '../../core/train/state.ts';
import { makeFolder, writeFileAtomic } from '../../disk/index.ts';
import { type CoarseJob, withRegions } from './coarse-model.ts';
import type { Control, Report } from './dependencies.ts';
import { parkWhilePaused } from './park.ts';
import type { PreparedCase } from './prepared-case.ts';
import { CheckpointClock } from './step-clock.ts';

/** In the run's folder, until all folds are done. */
export const calibrationFolder = (runFolder: string): string => join(runFolder, 'calibration');

interface Inputs
  extends Omit<TrainInputs, 'labelled' | 'unlabelled' | 'pieces' | 'resumeFrom' | 'startFrom' | 'hooks'> {
  unlabelled: PreparedCase[];
  /** Of a run with `--region auto`, without `runFolder`: a coarse model that has seen a scan would find it too well. */
  coarse?: Omit<CoarseJob, 'runFolder'>;
}

/** The connected pieces that all of these scans show. */
export const shownPieces = (labelled: readonly PreparedCase[], classes: number): PiecesKept => {
  const values = Array.from({ length: classes - 1 }, (_, n) => n + 1);
  const seen = labelled.map(({ size, readMask }) =>
    seePieces({ size, data: readMask?.([0, 0, 0], size) ?? new Uint8Array() }, values),
  );
  return agreedOn(seen, values.length);
};

/** As long as the run's own, with the fold's seed; what it says was said of that one. */
const coarseOfFold = (
  { options, report, ...job }: Omit<CoarseJob, 'runFolder'>,
  folder: string,
  fold: number,
): CoarseJob => ({
  ...job,
  options: { ...options, seed: foldOptions(options, fold).seed },
  runFolder: join(folder, `fold-${fold + 1}`),
  report: (event) => event.type !== 'notice' && report(event),
});

class Stopped extends Error {}

/**
 * Trains as the run did, and predicts, fold after fold: how sure a network is of itself depends on the method more than on the steps.
 * A run that goes on does so from the checkpoint of the fold that it was stopped in, and what it
 * reports is the same. With `--region auto` each fold has a coarse model of its own. Scans that are drawn in part are learned from and not predicted: they do not say how good a prediction is.
 * @returns whether it came to its end
 */
export async function calibrate(
  runFolder: string,
  labelled: readonly PreparedCase[],
  { coarse, ...inputs }: Inputs,
  report: Report,
  control: Control,
): Promise<boolean> {
  const { options, kernels, classes } = inputs;
  const folds = foldsOf(labelled, foldCount(labelled.length, options));
  const [folder, steps, times] = [calibrationFolder(runFolder), foldSteps(options), [] as number[]];
  makeFolder(folder);
  const atStep = (fold: number, step: number): void => {
    const perStep = [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
    const secondsLeft = perStep * ((folds.length - fold) * steps - step);
    report({ type: 'calibrating', fold: fold + 1, folds: folds.length, step, steps, secondsLeft });
  };
  /** Parked while the run is paused; throws where it is to stop. */
  const mayContinue = async (save = async () => {}): Promise<void> => {
    await parkWhilePaused(control, report, options.steps, save);
    if (!control.cancelled) return;
    await save();
    throw new Stopped();
  };
  try {
    for (const [fold, dealt] of folds.entries()) {
      const path = join(folder, `fold-${fold + 1}.safetensors`);
      atStep(fold, 0);
      const lists = { labelled: dealt.learn, unlabelled: inputs.unlabelled, validation: dealt.heldOut };
      const read = coarse ? await withRegions(lists, coarseOfFold(coarse, folder, fold)) : lists;
      if (!read) throw new Stopped();
      const { labelled: learn, unlabelled, validation: heldOut } = read;
      const due = new CheckpointClock();
      const pieces = shownPieces(learn, classes.length);
      let began = performance.now();
      await train({
        ...inputs,
        options: foldOptions(options, fold),
        ...{ labelled: learn, unlabelled },
        ...(makesPseudoMasks(options.method) && { pieces }),
        resumeFrom: existsSync(path) ? decodeCheckpoint(readFileSync(path)) : undefined,
        hooks: {
          onStep({ step }) {
            times.push((performance.now() - began) / 1000);
            if (times.length > 25) times.shift();
            if (step % 10 === 0 || step === steps) atStep(fold, step);
          },
          checkpointDue: () => due.due(),
          async mayContinue(_, save) {
            await mayContinue(save);
            began = performance.now();
            return 'go';
          },
          async onCheckpoint(bytes) {
            writeFileAtomic(path, bytes);
            due.saved();
          },
        },
      });
      const weights = predictorsOf(decodeCheckpoint(readFileSync(path)));
      try {
        for (const item of heldOut.filter(({ places }) => !places?.drawn)) {
          const { patch, network, plan } = options;
          const found: SaidAndTrue = await saidAndTrue(
            ...[weights, item, kernels, { patch, network, plan, pieces, rare: inputs.rare }, () => mayContinue()],
          );
          report({ type: 'calibrated', scan: item.scan, name: item.name, ...found });
        }
      } finally {
        weights.forEach(disposeAll);
      }
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return false;
  }
  rmSync(folder, { recursive: true, force: true });
  return true;
}
