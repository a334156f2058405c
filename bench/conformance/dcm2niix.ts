/** dcm2niix on the files of one series, and the volumes that it wrote. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { VoxelArray } from '../../src/core/volume.ts';
import { decodeVoxels, type StoredType } from '../../src/imaging/voxels.ts';

/** One three-dimensional volume, as its file says. */
export interface Image {
  /** File that it is in, and its number there. */
  name: string;
  size: readonly [number, number, number];
  /** Rows of the voxel-to-RAS matrix, 3x4, mm. */
  affine: readonly number[];
  /** Stored numbers; value = slope * stored + intercept. */
  stored: VoxelArray;
  slope: number;
  intercept: number;
}

export interface Converted {
  images: Image[];
  /** Files of colour or another kind, which hold no volume of numbers. */
  others: string[];
}

const TYPES = new Map<number, StoredType>([
  [2, 'uint8'], [4, 'int16'], [8, 'int32'], [16, 'float32'], [64, 'float64'], [256, 'int8'], [512, 'uint16'], [768, 'uint32'],
]); // biome-ignore format: a table
const TIMEOUT = 600_000;

export const hasDcm2niix = (): boolean => spawnSync('dcm2niix', ['-h'], { stdio: 'ignore' }).error === undefined;

/** @param scratch an empty folder, which is filled */
export async function convertSeries(files: readonly string[], scratch: string): Promise<Converted> {
  const [input, output] = [join(scratch, 'in'), join(scratch, 'out')];
  for (const folder of [input, output]) mkdirSync(folder);
  // Their own names would tell dcm2niix nothing, and two folders may hold the same ones.
  for (const [n, path] of files.entries()) symlinkSync(path, join(input, `${String(n).padStart(6, '0')}.dcm`));
  await new Promise<void>((done) => {
    // Its exit code says little: what it wrote counts.
    execFile('dcm2niix', ['-z', 'n', '-b', 'n', '-o', output, '-f', 'v', input], { timeout: TIMEOUT }, () => done());
  });
  const converted: Converted = { images: [], others: [] };
  for (const name of readdirSync(output).filter((file) => file.endsWith('.nii'))) {
    const images = imagesOf(name, readFileSync(join(output, name)));
    if (images) converted.images.push(...images);
    else converted.others.push(name);
  }
  return converted;
}

/** The volumes of a NIfTI-1 file of this machine's byte order; null for colour. */
function imagesOf(name: string, bytes: Buffer): Image[] | null {
  const dim = (d: number) => (d <= bytes.readInt16LE(40) ? Math.max(1, bytes.readInt16LE(40 + 2 * d)) : 1);
  const type = TYPES.get(bytes.readInt16LE(70));
  if (!type) return null;
  const size = [dim(1), dim(2), dim(3)] as const;
  const count = dim(4) * dim(5) * dim(6) * dim(7);
  const start = bytes.readFloatLE(108);
  const length = (size[0] * size[1] * size[2] * bytes.readInt16LE(72)) / 8;
  const slope = bytes.readFloatLE(112);
  return Array.from({ length: count }, (_, t) => ({
    name: count === 1 ? name : `${name}, volume ${t + 1}`,
    size,
    affine: Array.from({ length: 12 }, (_, n) => bytes.readFloatLE(280 + 4 * n)),
    stored: decodeVoxels(name, bytes.subarray(start + t * length, start + (t + 1) * length), type, true),
    slope: slope === 0 ? 1 : slope,
    intercept: slope === 0 ? 0 : bytes.readFloatLE(116),
  }));
}
