/** Cases ready for training, on disk: crops are read where they lie, so memory does not grow with the number of scans. */

import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ModelChannel } from '../../core/model-channels.ts';
import { Random } from '../../core/random.ts';
import { boxOfBoth } from '../../core/train/body.ts';
import type { PatchSource, Places, Sides } from '../../core/train/patches.ts';
import { sampleCorrected, sampleDrawn, samplePlaces, voxelAt } from '../../core/train/places.ts';
import { prepareMask, type TrainingFrame } from '../../core/train/preprocess.ts';
import { type Box, boxAround } from '../../core/train/region.ts';
import { isPartlyDrawn, NOT_DRAWN } from '../../core/volume.ts';
import { listFolder, writeFileAtomic } from '../../disk/index.ts';
import { nothingDrawn } from '../../shared/drawn.ts';
import { DecileError } from '../../shared/errors.ts';
import type { TrainingCase } from '../../shared/training.ts';
import { channelFiles, prepareChannels } from './case-channels.ts';
import type { TrainerFiles } from './dependencies.ts';
import { cutShort, imageEnd, readerOf, type StoredScan } from './stored-scan.ts';

export interface PreparedCase extends PatchSource {
  readonly scan: number;
  /** Voxels of each class, for labelled cases. */
  readonly voxels?: number[];
  /** Names of the channels in which nothing varies. */
  readonly flat: readonly string[];
  /** Where a thread finds what `readImage` and `readMask` read. */
  readonly stored: StoredScan;
}

/** The generator's stream that samples places, of a scan's number as seed: the same scan gives the same sample. */
const PLACES = 64;

/** Counts up where prepared scans of earlier versions are no use any more. */
const FORMAT = 9;

interface Record {
  /** Of the version that prepared it. */
  format: typeof FORMAT;
  size: Sides;
  /** mm */
  spacing: Sides;
  /** Where the patient and all that is drawn lie. */
  body: Box;
  /** Channels in which nothing varies. */
  flat: string[];
  voxels?: number[];
  /** How many voxels of each class the file of places holds, one class after the other. */
  places?: number[];
  /** How many drawn voxels it holds behind them, of a scan that is drawn in part. */
  drawn?: number;
  /** How many corrected voxels behind those, of a scan whose prediction was. */
  corrected?: number;
  /** CRC-32 of each file, by its ending. */
  checksums: { [end: string]: number };
}

/**
 * Prepares the case into `folder` unless that was done before with the same files and settings. A channel that it lacks is read as 0,
 * the mean of a normalised scan.
 */
export async function prepareCase(
  item: TrainingCase,
  folder: string,
  frame: TrainingFrame,
  channels: readonly ModelChannel[],
  classes: number,
  files: TrainerFiles,
): Promise<PreparedCase> {
  const present = channelFiles(item, channels);
  const stamps = present.map((file) => file && [...stamp(file.path), ...(file.part === undefined ? [] : [file.part])]);
  const several = channels.length > 1;
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        FORMAT,
        several ? stamps : stamps[0],
        item.maskPath ? stamp(item.maskPath) : null,
        ...(item.predictedPath ? [stamp(item.predictedPath)] : []),
        frame.spacing,
        frame.orientation ?? 'stored',
        frame.resampling ?? 'linear',
        several ? channels.map(({ normalisation }) => normalisation) : channels[0].normalisation,
        classes,
      ]),
    )
    .digest('hex')
    .slice(0, 16);
  const base = join(folder, `${item.scan}-${key}`);
  let record = whole(base);
  if (!record) {
    await write(base, item, frame, channels, classes, files);
    record = whole(base);
  }
  if (!record)
    throw new DecileError(
      'cache/damaged',
      `A prepared scan must be as it was written, got other bytes in ${base}.`,
      'Start again: it is then made anew. Check the disk where it comes back.',
    );
  const { size, spacing: voxelSize, body, flat, voxels, places, drawn, corrected } = record;
  const stored = { base, size, channels: present.map(Boolean), masked: Boolean(item.maskPath) };
  return {
    name: item.name,
    scan: item.scan,
    spacing: voxelSize,
    body,
    flat,
    voxels,
    ...(places && { places: placesIn(`${base}.places`, places, size, drawn, corrected) }),
    stored,
    ...readerOf(stored),
  };
}

/** Read one by one where they lie: memory does not grow with the number of scans. */
function placesIn(path: string, counts: number[], size: Sides, drawn?: number, corrected?: number): Places {
  const starts = counts.map((_, label) => counts.slice(0, label).reduce((a, b) => a + b, 0));
  const nth = (n: number): Sides => {
    const index = new Int32Array(1);
    const file = openSync(path, 'r');
    try {
      if (readSync(file, index, 0, 4, 4 * n) < 4) throw cutShort(path);
    } finally {
      closeSync(file);
    }
    return voxelAt(index[0], size);
  };
  const end = counts.reduce((a, b) => a + b, 0);
  return {
    counts,
    at: (label, n) => nth(starts[label] + n),
    ...(drawn !== undefined && { drawn: { count: drawn, at: (n: number) => nth(end + n) } }),
    ...(corrected !== undefined && {
      corrected: { count: corrected, at: (n: number) => nth(end + (drawn ?? 0) + n) },
    }),
  };
}

const SAMPLES = 64;
const SAMPLE_BYTES = 4096;

/** Name in the project, size and content of a file, the last by samples: a moved or copied project has the same, a changed file another. */
function stamp(path: string): [string, number, number] {
  const missing = () =>
    new DecileError(
      'scan/missing',
      `The file of a scan must be in the project, got none at ${path}.`,
      'Restore the project folder from a backup, or delete the scan and import it again.',
    );
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw missing();
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(SAMPLE_BYTES);
    let crc = 0;
    for (let n = 0; n < SAMPLES; n++) {
      // The last sample ends with the file: there gzip has its own checksum.
      const at = Math.floor((Math.max(0, size - SAMPLE_BYTES) * n) / (SAMPLES - 1));
      crc = crc32(bytes.subarray(0, readSync(file, bytes, 0, SAMPLE_BYTES, at)), crc);
    }
    return [path.split(/[\\/]/).slice(-2).join('/'), size, crc];
  } finally {
    closeSync(file);
  }
}

/** The record of a prepared case whose files are as they were written; null where they have to be made. */
function whole(base: string): Record | null {
  try {
    const { own, ...record } = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as Record & { own: number };
    if (crc32(JSON.stringify(record)) !== own) return null;
    for (const [end, crc] of Object.entries(record.checksums)) if (checksumOf(`${base}.${end}`) !== crc) return null;
    return record;
  } catch {
    return null;
  }
}

/** CRC-32 of a file, a megabyte at a time. */
function checksumOf(path: string): number {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(1 << 20);
    let crc = 0;
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk))
      crc = crc32(chunk.subarray(0, got), crc);
    return crc;
  } finally {
    closeSync(file);
  }
}

/** Removes what earlier versions prepared of the scan, under names that nothing asks for any more. */
function sweepOld(base: string): void {
  const scan = basename(base).split('-')[0];
  if (!existsSync(dirname(base))) return;
  for (const { name, path } of listFolder(dirname(base))) {
    if (!name.startsWith(`${scan}-`) || !name.endsWith('.json')) continue;
    try {
      if ((JSON.parse(readFileSync(path, 'utf8')) as Partial<Record>).format === FORMAT) continue;
    } catch {}
    // Every file of its name: a scan of several channels has one for each.
    const own = `${name.slice(0, -'json'.length)}`;
    for (const file of listFolder(dirname(base))) if (file.name.startsWith(own)) rmSync(file.path, { force: true });
  }
}

async function write(
  base: string,
  item: TrainingCase,
  frame: TrainingFrame,
  channels: readonly ModelChannel[],
  classes: number,
  files: TrainerFiles,
): Promise<void> {
  // Before anything is made: a damaged record of this very scan counts as an earlier version's, and its files go with it.
  sweepOld(base);
  const checksums: Record['checksums'] = {};
  const keep = (end: string, data: Float32Array | Uint8Array | Int32Array) => {
    checksums[end] = store(`${base}.${end}`, data);
  };
  const { grid, body, flat } = await prepareChannels(item, channels, frame, files, (image, n) =>
    keep(imageEnd(n), image.data),
  );
  const record: Record = { format: FORMAT, size: grid.size, spacing: grid.spacing, body, flat, checksums };
  if (item.maskPath) {
    const mask = prepareMask(await files.readMask(item.maskPath), frame);
    const labelled = boxAround(mask, 0);
    if (labelled) record.body = boxOfBoth(body, labelled);
    record.voxels = new Array<number>(classes).fill(0);
    for (const v of mask.data) {
      if (v === NOT_DRAWN) continue;
      if (v >= classes)
        throw new DecileError(
          'mask/unknown-value',
          `The mask of ${item.name} must hold 0 to ${classes - 1}, got ${v}.`,
          'Correct the mask or add the label to the project.',
        );
      record.voxels[v]++;
    }
    keep('u8', mask.data);
    const places = samplePlaces(mask.data, record.voxels, new Random(item.scan, PLACES));
    record.places = places.map((list) => list.length);
    const drawn = isPartlyDrawn(mask) ? sampleDrawn(mask.data, new Random(item.scan, PLACES + 1)) : null;
    if (drawn?.length === 0) throw nothingDrawn(item.name);
    if (drawn) record.drawn = drawn.length;
    const corrected = item.predictedPath
      ? sampleCorrected(
          mask.data,
          prepareMask(await files.readMask(item.predictedPath), frame).data,
          new Random(item.scan, PLACES + 2),
        )
      : new Int32Array();
    if (corrected.length > 0) record.corrected = corrected.length;
    const lists = [...places, drawn ?? new Int32Array(), corrected];
    keep('places', Int32Array.from(lists.flatMap((list) => [...list])));
  }
  store(`${base}.json`, new TextEncoder().encode(JSON.stringify({ ...record, own: crc32(JSON.stringify(record)) })));
}

/** Can be made again, so it is not flushed. @returns CRC-32 of what was written */
function store(path: string, data: Float32Array | Uint8Array | Int32Array): number {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeFileAtomic(path, bytes, { flush: false });
  return crc32(bytes);
}
