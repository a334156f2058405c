/** What a trained run says of itself when its model is handed on. */

import { axisCodes } from '../../../core/geometry.ts';
import { type LabelFigures, MODEL_FORMAT, type ModelDescription } from '../../../core/model/description.ts';
import type { ModelChannel } from '../../../core/model-channels.ts';
import { LONGEST_NAME } from '../../../core/name-limit.ts';
import { agreedOn, type PiecesKept, type PiecesSeen, seePieces } from '../../../core/predict/pieces.ts';
import type { CheckpointMeta } from '../../../core/train/checkpoint.ts';
import { VERSION } from '../../../core/version.ts';
import { readMask } from '../../../imaging/index.ts';
import { leftOut } from '../../../shared/left-out.ts';
import type { Run, Store } from '../../store/index.ts';
import { labelledMasks } from '../predict/predict.ts';

/**
 * The description of a run's model. Counts and figures, never a name of a scan.
 * @param values of the labels that its outputs are, in their order
 */
export async function describeModel(
  store: Store,
  run: Run,
  { options, step, classes, rare }: CheckpointMeta,
  channels: ModelChannel[],
  values: readonly number[],
): Promise<ModelDescription> {
  const cases = store.runs.cases(run.id);
  const count = (role: string) => cases.filter((one) => one.role === role).length;
  const learned = cases.filter(({ role }) => role === 'labelled').map(({ scan }) => store.scans.get(scan));
  const labels = store.labels.list();
  const pieces = await piecesOf(store, run, values);
  const { network, width, plan, deepSupervision, patch, spacing, voxel } = options;
  return {
    format: MODEL_FORMAT,
    program: `Decile ${VERSION}`,
    name: run.name.slice(0, LONGEST_NAME),
    labels: values.map((value, n) => {
      const label = labels.find((one) => one.value === value);
      return {
        name: classes[value],
        colour: label?.colour ?? '#808080',
        term: label?.term ?? null,
        pieces: pieces.labels[n],
        ...(rare?.includes(value) && { rare: true }),
      };
    }),
    pieces: pieces.together,
    channels,
    network: {
      kind: network ?? 'unet',
      width,
      deepSupervision: deepSupervision === 'on',
      ...(plan && { plan }),
    },
    patch: [...patch],
    spacing,
    voxel: voxel ? [...voxel] : typeof spacing === 'number' ? [spacing, spacing, spacing] : [1, 1, 1],
    training: {
      step,
      options,
      labelled: count('labelled'),
      unlabelled: count('unlabelled'),
      validation: count('validation'),
      modalities: tally(learned.map(({ modality }) => modality)),
      orientations: tally(learned.map(({ direction }) => axisCodes(direction))),
      finished: (run.finishedAt ?? run.createdAt).slice(0, 10),
      ...(run.startedFrom && { startedFrom: run.startedFrom.name.slice(0, LONGEST_NAME) }),
    },
    validation: validationOf(store, run, count('validation'), values),
    heldOut: heldOutOf(store, run, values),
  };
}

/** The connected pieces that all labelled masks show. */
async function piecesOf(store: Store, run: Run, values: readonly number[]): Promise<PiecesKept> {
  const seen: PiecesSeen[] = [];
  for (const path of labelledMasks(store, run)) {
    const mask = await readMask(path).catch((error: unknown) => void leftOut({ scan: 0, name: path }, error));
    if (mask) seen.push(seePieces(mask, values));
  }
  return agreedOn(seen, values.length);
}

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function validationOf(
  { metrics }: Store,
  run: Run,
  scans: number,
  values: readonly number[],
): ModelDescription['validation'] {
  const last = metrics.curve(run.id, 'validation.dice').at(-1);
  if (!last || last.value === null) return null;
  const perLabel = values.map((value) => {
    const points = metrics.curve(run.id, `validation.dice.${value}`);
    return points.find(({ step }) => step === last.step)?.value ?? 0;
  });
  return { scans, step: last.step, dice: last.value, perLabel };
}

/** Evaluated scans that the run did not learn from the mask of. */
function heldOutOf(store: Store, run: Run, values: readonly number[]): ModelDescription['heldOut'] {
  const learned = new Set(store.runs.cases(run.id, 'labelled').map(({ scan }) => scan));
  const figures = store.evaluations.list(run.id).filter(({ scan }) => !learned.has(scan));
  if (figures.length === 0) return null;
  const labels = values.flatMap((value): LabelFigures[] => {
    const own = figures.filter(({ label }) => label === value);
    const distances = own.flatMap(({ hd95 }) => (hd95 === null ? [] : [hd95]));
    if (own.length === 0) return [];
    return [
      {
        name: run.classes[value],
        dice: mean(own.map(({ dice }) => dice)),
        hd95: distances.length ? mean(distances) : null,
      },
    ];
  });
  return { scans: new Set(figures.map(({ scan }) => scan)).size, labels };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
