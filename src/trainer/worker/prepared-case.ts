/** Cases ready for training, on disk: crops are read where they lie, so memory does not grow with the number of scans. */

import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../core/random.ts';
import type { PatchSource, Places, Sides } from '../../core/train/patches.ts';
import { samplePlaces, voxelAt } from '../../core/train/places.ts';
import { type Normalisation, prepareImage, prepareMask } from '../../core/train/preprocess.ts';
import { writeFileAtomic } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { TrainingCase } from '../../shared/training.ts';
import type { TrainerFiles } from './dependencies.ts';

export interface PreparedCase extends PatchSource {
  readonly scan: number;
  /** Voxels of each class, for labelled cases. */
  readonly voxels?: number[];
}

/** The generator's stream that samples places, of a scan's number as seed: the same scan gives the same sample. */
const PLACES = 64;

interface Record {
  size: Sides;
  /** mm */
  spacing: Sides;
  voxels?: number[];
  /** How many voxels of each class the file of places holds, one class after the other. */
  places?: number[];
}

/** Prepares the case into `folder` unless that was done before with the same files and settings. */
export async function prepareCase(
  item: TrainingCase,
  folder: string,
  spacing: 'native' | number,
  normalisation: Normalisation,
  classes: number,
  files: TrainerFiles,
): Promise<PreparedCase> {
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        4,
        stamp(item.volumePath),
        item.maskPath ? stamp(item.maskPath) : null,
        spacing,
        normalisation,
        classes,
      ]),
    )
    .digest('hex')
    .slice(0, 16);
  const base = join(folder, `${item.scan}-${key}`);
  if (!existsSync(`${base}.json`)) await write(base, item, spacing, normalisation, classes, files);
  const { size, spacing: voxelSize, voxels, places } = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as Record;
  return {
    name: item.name,
    scan: item.scan,
    size,
    spacing: voxelSize,
    voxels,
    ...(places && { places: placesIn(`${base}.places`, places, size) }),
    readImage: (start, box) =>
      readBox(`${base}.f32`, 4, size, start, box, (bytes) => new Float32Array(bytes)) as Float32Array,
    ...(item.maskPath
      ? {
          readMask: (start: Sides, box: Sides) =>
            readBox(`${base}.u8`, 1, size, start, box, (bytes) => new Uint8Array(bytes)) as Uint8Array,
        }
      : {}),
  };
}

/** Read one by one where they lie: memory does not grow with the number of scans. */
function placesIn(path: string, counts: number[], size: Sides): Places {
  const starts = counts.map((_, label) => counts.slice(0, label).reduce((a, b) => a + b, 0));
  return {
    counts,
    at(label, n) {
      const index = new Int32Array(1);
      const file = openSync(path, 'r');
      try {
        readSync(file, index, 0, 4, 4 * (starts[label] + n));
      } finally {
        closeSync(file);
      }
      return voxelAt(index[0], size);
    },
  };
}

/** A file that was changed gets another key. */
function stamp(path: string): [string, number, number] {
  try {
    const { size, mtimeMs } = statSync(path);
    return [path, size, mtimeMs];
  } catch {
    throw new DecileError(
      'scan/missing',
      `The file of a scan must be in the project, got none at ${path}.`,
      'Restore the project folder from a backup, or delete the scan and import it again.',
    );
  }
}

async function write(
  base: string,
  item: TrainingCase,
  spacing: 'native' | number,
  normalisation: Normalisation,
  classes: number,
  files: TrainerFiles,
): Promise<void> {
  const { volume } = await files.readVolume(item.volumePath);
  const image = prepareImage(volume, spacing, normalisation);
  const record: Record = { size: image.size, spacing: image.spacing };
  store(`${base}.f32`, image.data);
  if (item.maskPath) {
    const mask = prepareMask(await files.readMask(item.maskPath), spacing);
    record.voxels = new Array<number>(classes).fill(0);
    for (const v of mask.data) {
      if (v >= classes)
        throw new DecileError(
          'mask/unknown-value',
          `The mask of ${item.name} must hold 0 to ${classes - 1}, got ${v}.`,
          'Correct the mask or add the label to the project.',
        );
      record.voxels[v]++;
    }
    store(`${base}.u8`, mask.data);
    const places = samplePlaces(mask.data, record.voxels, new Random(item.scan, PLACES));
    record.places = places.map((list) => list.length);
    store(`${base}.places`, Int32Array.from(places.flatMap((list) => [...list])));
  }
  store(`${base}.json`, new TextEncoder().encode(JSON.stringify(record)));
}

/** Can be made again, so it is not flushed. */
const store = (path: string, data: Float32Array | Uint8Array | Int32Array): void =>
  writeFileAtomic(path, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), { flush: false });

/** One read a plane: the rows y0..y1 of a plane are contiguous. */
function readBox(
  path: string,
  bytes: 1 | 4,
  size: Sides,
  start: Sides,
  box: Sides,
  view: (buffer: ArrayBuffer) => Float32Array | Uint8Array,
): Float32Array | Uint8Array {
  const result = view(new ArrayBuffer(bytes * box[0] * box[1] * box[2]));
  const y0 = Math.max(0, start[1]);
  const rows = Math.min(size[1], start[1] + box[1]) - y0;
  const x0 = Math.max(0, start[0]);
  const length = Math.min(size[0], start[0] + box[0]) - x0;
  if (rows <= 0 || length <= 0) return result;
  const planeBuffer = new ArrayBuffer(bytes * rows * size[0]);
  const plane = view(planeBuffer);
  const file = openSync(path, 'r');
  try {
    for (let z = Math.max(0, start[2]); z < Math.min(size[2], start[2] + box[2]); z++) {
      readSync(file, new Uint8Array(planeBuffer), 0, planeBuffer.byteLength, bytes * size[0] * (y0 + size[1] * z));
      for (let r = 0; r < rows; r++) {
        const from = r * size[0] + x0;
        const to = x0 - start[0] + box[0] * (y0 + r - start[1] + box[1] * (z - start[2]));
        result.set(plane.subarray(from, from + length), to);
      }
    }
  } finally {
    closeSync(file);
  }
  return result;
}
