/** The channels of a case as network input, each on the training grid and normalised by its own kind. */
import { gridDifference, gridOf } from '../../core/geometry.ts';
import { type ModelChannel, noneOf, sameChannel } from '../../core/model-channels.ts';
import { boxOfBoth } from '../../core/train/body.ts';
import { prepareScan, type TrainingFrame } from '../../core/train/preprocess.ts';
import type { Box } from '../../core/train/region.ts';
import type { Grid, Volume } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { ChannelFile, TrainingCase } from '../../shared/training.ts';
import type { TrainerFiles } from './dependencies.ts';

/**
 * The file of each channel that the network sees, null where the case lacks it.
 * @throws channels/none where it has none of them
 */
export function channelFiles(item: TrainingCase, channels: readonly ModelChannel[]): (ChannelFile | null)[] {
  const { name, volumePath, channels: own } = item;
  // A scan of one channel without a name is what a network of one input sees, whatever that is called.
  if (!own && channels.length === 1) return [{ name: channels[0].name, path: volumePath }];
  const files = channels.map((channel) => own?.find((file) => sameChannel(file.name, channel.name)) ?? null);
  if (files.every((file) => file === null))
    throw noneOf(
      channels.map((channel) => channel.name),
      { name, channels: (own ?? []).map((file) => file.name) },
    );
  return files;
}

export interface CaseOnGrid {
  /** Of the scan itself. */
  scan: Grid;
  /** The training grid. */
  grid: Grid;
  /** Where the patient is, in voxels of the training grid. */
  body: Box;
  /** Names of the channels in which nothing varies: the network sees 0 everywhere. */
  flat: string[];
}

/**
 * Reads and prepares the channels one by one.
 * @param keep gets each channel that is there
 * @throws channels/other-grid, and what reading throws
 */
export async function prepareChannels(
  item: TrainingCase,
  channels: readonly ModelChannel[],
  frame: TrainingFrame,
  files: TrainerFiles,
  keep: (image: Volume<Float32Array>, channel: number) => void,
): Promise<CaseOnGrid> {
  let found: CaseOnGrid | undefined;
  for (const [n, file] of channelFiles(item, channels).entries()) {
    if (!file) continue;
    const { volume } = await files.readVolume(file.path, file.part);
    const difference = found && gridDifference(volume, found.scan);
    if (difference)
      throw new DecileError(
        'channels/other-grid',
        `All channels of ${item.name} must lie on one grid, got another one for ${file.name}: ${difference}.`,
        'Resample the channel onto the grid of the first one.',
      );
    const { image, body, flat } = prepareScan(volume, frame, channels[n].normalisation);
    keep(image, n);
    found = found
      ? { ...found, body: boxOfBoth(found.body, body) }
      : { scan: gridOf(volume), grid: gridOf(image), body, flat: [] };
    if (flat) found.flat.push(file.name);
  }
  // `channelFiles` gives one file at least.
  return found as CaseOnGrid;
}
