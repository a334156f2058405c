/** Small made-up volumes and DICOM series, and the comparison with dcm2niix's NIfTI. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { affineRAS, axis, cross3, dot3, voxelToWorld, worldToVoxel } from '../../src/core/geometry.ts';
import {
  type Direction,
  type Grid,
  lpsPoint,
  spacingFrom,
  spacingMm,
  type Volume,
  type VoxelIndex,
  voxelFrom,
  type WorldPoint,
} from '../../src/core/volume.ts';
import { type DicomElement, el, encodeFile } from '../../src/imaging/dicom/encode.ts';

export const DATA = join(import.meta.dirname, '../../../shared/data');
/** Inputs that users of other programs found to go wrong. */
export const CASES = join(import.meta.dirname, '../../../shared/cases/formats');
export const DICOM = join(DATA, 'dicom');
export const noData = existsSync(DICOM) ? false : 'the folder ../shared/data is absent';
export const missing = (program: string): string | false => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return false;
  } catch {
    return `${program} is not installed`;
  }
};

/** A folder that is removed when the test file ends. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'decile-imaging-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const AXIAL: Direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** Columns: row direction, column direction, normal, of a sagittal acquisition. */
const SAGITTAL: Direction = [0, 0, 1, 1, 0, 0, 0, 1, 0];
export const OBLIQUE: Direction = (() => {
  const [a, b] = [0.3, 0.5];
  const i = [Math.cos(a), Math.sin(a), 0];
  const j = [-Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), Math.sin(b)];
  const k = cross3(i, j);
  return [i[0], j[0], k[0], i[1], j[1], k[1], i[2], j[2], k[2]];
})();
const LEFT_HANDED: Direction = [1, 0, 0, 0, 1, 0, 0, 0, -1];

export const GRIDS: Record<string, Grid> = {
  axial: { size: [7, 6, 5], spacing: spacingMm(1, 1, 1), origin: lpsPoint(-3, -4, 10), direction: AXIAL },
  sagittal: { size: [7, 6, 5], spacing: spacingMm(0.9, 0.9, 4), origin: lpsPoint(12.5, -40, 33), direction: SAGITTAL },
  oblique: {
    size: [7, 6, 5],
    spacing: spacingMm(0.8, 1.1, 3.3),
    origin: lpsPoint(-61.25, 17.5, 4),
    direction: OBLIQUE,
  },
  'anisotropic 0.7 x 0.7 x 5': {
    size: [9, 8, 4],
    spacing: spacingMm(0.7, 0.7, 5),
    origin: lpsPoint(100, -100, 0.35),
    direction: AXIAL,
  },
  'left-handed': { size: [7, 6, 5], spacing: spacingMm(1, 1.5, 2), origin: lpsPoint(5, 6, 7), direction: LEFT_HANDED },
};

/** A volume in which every voxel differs. */
export function counting(grid: Grid): Volume<Int16Array> {
  const n = grid.size[0] * grid.size[1] * grid.size[2];
  return { ...grid, data: Int16Array.from({ length: n }, (_, i) => i - 40) };
}

export interface SeriesOptions {
  columns?: number;
  rows?: number;
  positions: number[][];
  orientation?: number[];
  spacing?: [number, number];
  value?: (i: number, j: number, k: number) => number;
  extra?: (k: number) => DicomElement[];
  seriesUid?: string;
  description?: string;
  signed?: boolean;
}

let uids = 0;
/** The same ones in each run: dcm2niix orders slices of equal numbers by their UIDs, and cuts some orders of random ones in two. */
const nextUid = (): string => `2.25.${4_000_000_000_000 + 7919 * ++uids}`;

/** Writes a classic CT series, files named so that name order is not slice order. Returns the paths in slice order. */
export function writeSeries(folder: string, o: SeriesOptions): string[] {
  mkdirSync(folder, { recursive: true });
  const {
    columns = 8,
    rows = 6,
    orientation = [1, 0, 0, 0, 1, 0],
    spacing = [1, 1],
    value = (i, j, k) => i + 10 * j + 100 * k,
  } = o;
  const series = o.seriesUid ?? nextUid();
  const study = nextUid();
  const frame = nextUid();
  // Coprime with 7, so that names are in another order than positions and no two slices share one.
  const count = Math.max(101, o.positions.length);
  const names = count % 7 === 0 ? count + 1 : count;
  return o.positions.map((position, k) => {
    const pixels = new Int16Array(columns * rows);
    for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) pixels[i + columns * j] = value(i, j, k);
    const sop = nextUid();
    const extra = o.extra?.(k) ?? [];
    const replaced = new Set(extra.map((e) => e.tag));
    const elements = [
      el('00080008', 'CS', ['ORIGINAL', 'PRIMARY', 'AXIAL']),
      el('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.2'),
      el('00080018', 'UI', sop),
      el('00080020', 'DA', '20200131'),
      el('00080060', 'CS', 'CT'),
      el('0008103e', 'LO', o.description ?? 'made up'),
      el('00100010', 'PN', 'Doe^Jane'),
      el('00100020', 'LO', 'ID 7'),
      el('0020000d', 'UI', study),
      el('0020000e', 'UI', series),
      el('00200011', 'IS', '4'),
      el('00200013', 'IS', String(k + 1)),
      el('00200032', 'DS', position),
      el('00200037', 'DS', orientation),
      el('00200052', 'UI', frame),
      el('00280002', 'US', [1]),
      el('00280004', 'CS', 'MONOCHROME2'),
      el('00280010', 'US', [rows]),
      el('00280011', 'US', [columns]),
      el('00280030', 'DS', spacing),
      el('00280100', 'US', [16]),
      el('00280101', 'US', [16]),
      el('00280102', 'US', [15]),
      el('00280103', 'US', [o.signed === false ? 0 : 1]),
      el('7fe00010', 'OW', new Uint8Array(pixels.buffer)),
    ].filter((e) => !replaced.has(e.tag));
    const path = join(folder, `im${String((k * 7 + 3) % names).padStart(3, '0')}`);
    writeFileSync(path, encodeFile([...elements, ...extra], '1.2.840.10008.5.1.4.1.1.2', sop));
    return path;
  });
}

/** dcm2niix on a folder; the NIfTI files it made. */
export function dcm2niix(folder: string, out: string): void {
  mkdirSync(out, { recursive: true });
  execFileSync('dcm2niix', ['-z', 'n', '-o', out, '-f', 'v', folder], { stdio: 'ignore' });
}

/**
 * Asserts that two volumes are one image: after reordering and flipping the axes of `theirs` onto `ours`, the
 * affine agrees to `tolerance` (mm) in every element and the voxels are equal.
 */
export function assertSameImage(ours: Volume, theirs: Volume, tolerance = 1e-4): void {
  const order = ([0, 1, 2] as const).map((c) => {
    const cosines = ([0, 1, 2] as const).map((t) => dot3(axis(ours.direction, c), axis(theirs.direction, t)));
    const t = cosines.findIndex((x) => Math.abs(x) > 0.999);
    assert.ok(t >= 0, 'axes are parallel');
    return { t, sign: Math.sign(cosines[t]) };
  });
  const size = order.map((o) => theirs.size[o.t]) as [number, number, number];
  assert.deepEqual([...ours.size], size);
  // Index of their voxel at our index: start + sum of steps.
  const start = [0, 0, 0];
  for (const o of order) if (o.sign < 0) start[o.t] = theirs.size[o.t] - 1;
  const index = (i: number, j: number, k: number): VoxelIndex => {
    const at = [...start];
    [i, j, k].forEach((n, c) => {
      at[order[c].t] += order[c].sign * n;
    });
    return voxelFrom(at);
  };
  const flipped: Grid = {
    size,
    spacing: spacingFrom(order.map((o) => theirs.spacing[o.t])),
    origin: voxelToWorld(theirs, index(0, 0, 0)),
    direction: [0, 1, 2].flatMap((r) =>
      order.map((o) => theirs.direction[3 * r + o.t] * o.sign),
    ) as unknown as Direction,
  };
  const [a, b] = [affineRAS(ours), affineRAS(flipped)];
  a.forEach((x, n) => {
    assert.ok(Math.abs(x - b[n]) <= tolerance, `affine element ${n}: ${x} against ${b[n]}`);
  });
  let different = 0;
  let at = 0;
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      for (let i = 0; i < size[0]; i++, at++) {
        const [x, y, z] = index(i, j, k);
        if (ours.data[at] !== theirs.data[x + theirs.size[0] * (y + theirs.size[1] * z)]) different++;
      }
    }
  }
  assert.equal(different, 0, `${different} voxels differ`);
}

/** The value at a point of patient space, nearest voxel. */
export function valueAt(v: Volume, point: WorldPoint): number {
  const [x, y, z] = worldToVoxel(v, point).map(Math.round);
  return v.data[x + v.size[0] * (y + v.size[1] * z)];
}

/** Asserts that a promise rejects with this code. */
export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error: { code?: string; message: string }) => {
    assert.equal(error.code, code, error.message);
    return true;
  });
}
