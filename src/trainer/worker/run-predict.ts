/** A prediction job: one scan at a time, so that memory does not grow with their number. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flatChannels, type ModelChannel, oneChannel } from '../../core/model-channels.ts';
import type { Kernels } from '../../core/network/kernels.ts';
import type { Weights } from '../../core/network/tape.ts';
import { decide } from '../../core/predict/decide.ts';
import { slidingWindowInBody } from '../../core/predict/inside-body.ts';
import { agreedOn, keepAgreed, type PiecesKept, type PiecesSeen, seePieces } from '../../core/predict/pieces.ts';
import { defaultStride } from '../../core/predict/sliding-window.ts';
import { joined } from '../../core/train/channels.ts';
import { type CheckpointMeta, decodeCheckpoint } from '../../core/train/checkpoint.ts';
import { findRegion, onGrid } from '../../core/train/coarse-region.ts';
import { parseNormalisation } from '../../core/train/kept-normalisation.ts';
import { disposeAll } from '../../core/train/optimiser.ts';
import type { Sides } from '../../core/train/patches.ts';
import type { Normalisation } from '../../core/train/preprocess.ts';
import type { Box } from '../../core/train/region.ts';
import { predictorsOf } from '../../core/train/state.ts';
import { voxelCount, voxelMl } from '../../core/volume.ts';
import { makeFolder, writeFileAtomic } from '../../disk/index.ts';
import { startEngine } from '../../engine/choose/index.ts';
import { kernelsOf } from '../../engine/choose/kernels-of.ts';
import { DecileError } from '../../shared/errors.ts';
import { leftOut } from '../../shared/left-out.ts';
import type { PredictJob, TrainingCase } from '../../shared/training.ts';
import { channelFiles, prepareChannels } from './case-channels.ts';
import { type CoarseModel, nothingFound, openCoarse } from './coarse-model.ts';
import type { Control, Report, TrainerFiles } from './dependencies.ts';
import { checkpointPath } from './files.ts';

/** The intensities a run was trained with, kept beside its checkpoint. */
const normalisationPath = (runFolder: string): string => join(runFolder, 'normalisation.json');
export const keepNormalisation = (runFolder: string, normalisation: Normalisation): void =>
  writeFileAtomic(normalisationPath(runFolder), new TextEncoder().encode(JSON.stringify(normalisation)));

const keptNormalisation = (runFolder: string): Normalisation =>
  parseNormalisation(readFileSync(normalisationPath(runFolder), 'utf8'));

class Cancelled extends Error {}

export async function runPredict(
  job: PredictJob,
  report: Report,
  control: Control,
  files: TrainerFiles,
): Promise<void> {
  const began = performance.now();
  const path = checkpointPath(job.runFolder);
  if (!existsSync(path))
    throw new DecileError(
      'run/no-checkpoint',
      `A run must have a checkpoint to predict with, got none in ${job.runFolder}.`,
      'Train first.',
    );
  const checkpoint = decodeCheckpoint(readFileSync(path));
  const channels = checkpoint.meta.channels ?? oneChannel(keptNormalisation(job.runFolder));
  const engine = await startEngine(job.engine);
  if (engine.notice) report({ type: 'notice', message: engine.notice });
  const kernels = kernelsOf(engine);
  const weights = predictorsOf(checkpoint);
  const coarse = openCoarse(job.runFolder, checkpoint.meta.options);
  makeFolder(job.outputFolder);
  const mirrored = neverMirrored(job, checkpoint.meta);
  if (mirrored) report({ type: 'notice', message: mirrored });
  const pieces = await piecesOf(job, checkpoint.meta.classes, report, files);
  try {
    for (const [index, item] of job.cases.entries()) {
      await control.whileParked();
      await predictCase(
        ...[item, index, job, checkpoint.meta, channels, weights, kernels, coarse, pieces, report, control, files],
      );
    }
    report({ type: 'finished', step: checkpoint.meta.step, seconds: (performance.now() - began) / 1000 });
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    report({ type: 'cancelled', step: checkpoint.meta.step });
  } finally {
    weights.forEach(disposeAll);
    if (coarse) disposeAll(coarse.weights);
  }
}

async function predictCase(
  item: TrainingCase,
  index: number,
  job: PredictJob,
  meta: CheckpointMeta,
  channels: ModelChannel[],
  weights: readonly Weights[],
  kernels: Kernels,
  coarse: CoarseModel | null,
  pieces: PiecesKept,
  report: Report,
  control: Control,
  files: TrainerFiles,
): Promise<void> {
  const began = performance.now();
  const images: Float32Array[] = [];
  const prepared = await prepareChannels(
    item,
    channels,
    { ...meta.options, ...(item.spacing && { spacing: item.spacing }) },
    files,
    (image, n) => {
      images[n] = image.data;
    },
  ).catch((error: unknown) =>
    report({ type: 'left-out', ...leftOut(item, error), done: index + 1, total: job.cases.length }),
  );
  if (!prepared) return;
  const missing = channelFiles(item, channels).flatMap((file, n) => (file ? [] : [channels[n].name]));
  if (missing.length > 0) report({ type: 'notice', message: withoutChannels(item.name, missing, meta) });
  const { scan, grid, body, flat } = prepared;
  const nothing = flatChannels([{ name: item.name, flat }], channels);
  if (nothing) report({ type: 'notice', message: nothing });
  // A missing channel is read as one that training left out: 0, the mean of a normalised scan.
  const image = joined(channels.map((_, n) => images[n] ?? new Float32Array(voxelCount(grid))));
  const region = coarse ? ((await regionOf(item, grid.size, channels, coarse, kernels, report, files)) ?? body) : body;
  const patch: Sides = meta.patch;
  const { network, plan } = meta.options;
  const stride = job.stride === 'auto' ? defaultStride(patch) : job.stride;
  const probabilities = await slidingWindowInBody(
    image,
    grid.size,
    region,
    weights,
    kernels,
    { patch, stride, network, plan, flips: job.flips },
    async () => {
      await new Promise(setImmediate);
      if (control.cancelled) throw new Cancelled();
    },
  );
  const { mask, entropy, meanEntropy, sliceEntropy, ownDice } = decide(
    ...([probabilities, grid, scan, job.rareLabels === 'argmax' ? [] : meta.rare] as const),
  );
  keepAgreed(mask, pieces);
  const maskPath = join(job.outputFolder, `${item.scan}.nii.gz`);
  const entropyPath = join(job.outputFolder, `${item.scan}.entropy.nii.gz`);
  await files.writeVolume(maskPath, mask);
  await files.writeVolume(entropyPath, entropy);
  const ml = voxelMl(mask);
  const voxels = new Array<number>(meta.classes.length).fill(0);
  for (const v of mask.data) voxels[v]++;
  report({
    type: 'predicted',
    scan: item.scan,
    name: item.name,
    done: index + 1,
    total: job.cases.length,
    seconds: (performance.now() - began) / 1000,
    maskPath,
    entropyPath,
    meanEntropy,
    sliceEntropy,
    ownDice,
    volumesMl: voxels.slice(1).map((n) => n * ml),
  });
}

/** The part of a scan, on its fine grid, in which the coarse model sees something; null where it sees nothing, which is said. */
async function regionOf(
  item: TrainingCase,
  fine: Sides,
  channels: ModelChannel[],
  { weights, options }: CoarseModel,
  kernels: Kernels,
  report: Report,
  files: TrainerFiles,
): Promise<Box | null> {
  const images: Float32Array[] = [];
  const { grid } = await prepareChannels(item, channels, options, files, (image, n) => {
    images[n] = image.data;
  });
  const image = joined(channels.map((_, n) => images[n] ?? new Float32Array(voxelCount(grid))));
  const box = await findRegion(image, grid.size, weights, options, kernels);
  if (!box) report({ type: 'notice', message: nothingFound([item.name]) });
  return box && onGrid(box, grid.size, fine);
}

/** A network that learned where left is gives a mirrored window's structures the labels of the other side. */
function neverMirrored({ flips }: PredictJob, { options }: CheckpointMeta): string | null {
  if (!flips?.some(Boolean) || options.augmentation === 'turns' || options.augmentation === 'strong') return null;
  return `The network never saw a mirrored scan (--augmentation ${options.augmentation}): with --flips labels of left and right, or of front and back, may be mixed up.`;
}

const withoutChannels = (name: string, missing: string[], { options }: CheckpointMeta): string =>
  `${name} has no ${missing.join(' and no ')}: predicted without.${
    options.channelDropout > 0 ? '' : ' The model never learnt to do without a channel: look at the mask with care.'
  }`;

/** How many pieces stay, which is said where the labelled scans decide it. */
async function piecesOf(
  { pieces }: PredictJob,
  classes: string[],
  report: Report,
  files: TrainerFiles,
): Promise<PiecesKept> {
  const labels = classes.slice(1);
  if (pieces === 'all' || pieces === 'largest')
    return { together: null, labels: labels.map(() => (pieces === 'all' ? null : 1)) };
  const agreed = 'like' in pieces ? await agreedBy(pieces.like, labels, files) : pieces;
  const said = [
    ...(agreed.together === null ? [] : [`all labels together: ${agreed.together}`]),
    ...labels.flatMap((name, n) => (agreed.labels[n] === null ? [] : [`${name}: ${agreed.labels[n]}`])),
  ];
  if (said.length > 0)
    report({
      type: 'notice',
      message: `As many connected pieces are kept as every labelled scan shows (${said.join(', ')}).`,
    });
  return agreed;
}

/** The pieces that all of these masks show. */
async function agreedBy(paths: string[], labels: string[], files: TrainerFiles): Promise<PiecesKept> {
  const values = labels.map((_, n) => n + 1);
  const seen: PiecesSeen[] = [];
  for (const path of paths) {
    // A mask that cannot be read says nothing of how many pieces there are; the others do.
    const mask = await files.readMask(path).catch(() => null);
    if (mask) seen.push(seePieces(mask, values));
  }
  return agreedOn(seen, labels.length);
}
