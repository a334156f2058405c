/** Reads the channels of a scan onto the grid of its first one. */
import { createHash } from 'node:crypto';
import { gridDifference, gridOf } from '../../../core/geometry.ts';
import { resample } from '../../../core/resample.ts';
import type { Grid, Volume } from '../../../core/volume.ts';
import { readScan } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Channel, Store } from '../../store/index.ts';
import type { ChannelSource } from './channel-groups.ts';
import { contentHash } from './content-hash.ts';

type ReadScan = Awaited<ReturnType<typeof readScan>>;

export interface ReadChannels extends ReadScan {
  /** Channels after the first, which is `volume`. */
  further: Volume[];
}

/**
 * Modality, origin and notices are the first one's, with what was done to the others.
 * @param scan its name in messages
 * @throws channels/other-grid, and what reading throws
 */
export async function readChannels(scan: string, channels: readonly ChannelSource[]): Promise<ReadChannels> {
  const [first, ...others] = channels;
  const read = await readScan(first.source);
  const further: Volume[] = [];
  const notices = [...read.notices];
  for (const { name, source } of others) {
    const { volume, notices: own } = await readScan(source);
    notices.push(...own.filter((text) => !notices.includes(text)).map((text) => `${name}: ${text}`));
    const difference = gridDifference(volume, read.volume);
    if (difference === null) {
      further.push({ ...gridOf(read.volume), data: volume.data });
      continue;
    }
    const frame = first.source.frameOfReference;
    if (!frame || frame !== source.frameOfReference)
      throw new DecileError(
        'channels/other-grid',
        `All channels of ${scan} must lie on one grid, got another one for ${name}: ${difference}.`,
        'Resample the channel onto the grid of the first one, or import each file as a scan with --channels none.',
      );
    further.push(resample(volume, read.volume, 'linear', lowest(volume)));
    notices.push(`${name} was put on the grid of ${first.name} (${sizeOf(volume)} became ${sizeOf(read.volume)}).`);
  }
  return { ...read, notices, further };
}

/** What lies around a scan: air in CT, nothing in MR and PET. */
const lowest = ({ data }: Volume): number => {
  let low = Number.POSITIVE_INFINITY;
  for (let n = 0; n < data.length; n++) low = Math.min(low, data[n]);
  return low;
};

const sizeOf = ({ size, spacing }: Grid): string =>
  `${size.join(' x ')} voxels of ${spacing.map((mm) => +mm.toFixed(2)).join(' x ')} mm`;

/** Recognises the same channels under the same names. */
export function channelsHash(names: readonly string[], volumes: readonly Volume[]): string {
  const hash = createHash('sha256');
  for (const [n, volume] of volumes.entries()) hash.update(`${names[n].toLowerCase()}=${contentHash(volume)};`);
  return hash.digest('hex');
}

/**
 * Checks that a scan with these channels (none: one without a name) may come into the project.
 * @returns what the project's channels are then
 * @throws channels/other
 */
export function settleChannels(store: Store, names: readonly string[], all: readonly Channel[]): Channel[] {
  const known = store.channels.list();
  const other = (expected: string, got: string) =>
    new DecileError(
      'channels/other',
      `The scans of a project must have ${expected}, got ${got}.`,
      'Import them into another project, name their channels with --channels as this project does, or import each file as a scan with --channels none.',
    );
  const list = known.map(({ name }) => name).join(', ');
  if (names.length === 0) {
    if (known.length > 0) throw other(`the channels ${list}`, 'one channel without a name');
    return [];
  }
  if (known.length === 0) {
    if (store.scans.list().length + store.scans.deleted().length > 0)
      throw other('one channel, as those before', names.join(', '));
    return [...all];
  }
  const unknown = names.filter((name) => !known.some((one) => one.name.toLowerCase() === name.toLowerCase()));
  if (unknown.length > 0) throw other(`the channels ${list}`, names.join(', '));
  return known;
}

/** What a scan lacks of the project's channels, in words; none where it has all. */
export function lackingNotice(names: readonly string[], all: readonly Channel[]): string[] {
  const has = new Set(names.map((name) => name.toLowerCase()));
  const lacking = all.filter(({ name }) => !has.has(name.toLowerCase())).map(({ name }) => name);
  return lacking.length > 0 ? [`The scan has no ${lacking.join(' and no ')}.`] : [];
}
