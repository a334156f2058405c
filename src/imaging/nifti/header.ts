/** NIfTI-1 and NIfTI-2 headers: fields, checks, and the one grid that they stand for. */
import { affineRAS, determinant3, gridFromAffineRAS, type Matrix3, shear } from '../../core/geometry.ts';
import type { Grid } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { StoredType } from '../voxels.ts';

const TYPES = new Map<number, StoredType>([
  [2, 'uint8'], [4, 'int16'], [8, 'int32'], [16, 'float32'], [64, 'float64'], [256, 'int8'], [512, 'uint16'],
  [768, 'uint32'], [1024, 'int64'], [1280, 'uint64'],
]); // biome-ignore format: a table
const REFUSED = new Map<number, string>([
  [0, 'unknown'], [1, 'one bit a voxel'], [32, 'complex'], [128, 'RGB colour'], [1536, 'float128'], [1792, 'complex'],
  [2048, 'complex'], [2304, 'RGBA colour'],
]); // biome-ignore format: a table

export const TYPE_CODE = new Map([...TYPES].map(([code, name]) => [name, code]));

export interface NiftiHeader {
  version: 1 | 2;
  /** Of each volume. */
  grid: Grid;
  /** Volumes that lie one after another: time points or channels; 1 in an ordinary file. */
  volumes: number;
  /** The file states a unit of time: its volumes are moments, not channels. */
  timed: boolean;
  dtype: StoredType;
  /** Byte at which voxels start, in the decompressed file (or in the .img file of a pair). */
  dataOffset: number;
  /** value = slope * stored + intercept; 1 and 0 where the file has none. */
  slope: number;
  intercept: number;
  littleEndian: boolean;
  /** Voxels are in a separate .img file. */
  pair: boolean;
  notices: string[];
}

/** Seconds, milliseconds, microseconds, Hz, ppm and rad/s: what a fourth axis of moments is in. */
const TIME_UNITS = new Set([8, 16, 24, 32, 40, 48]);

/** Bytes enough for either header. */
export const HEADER_BYTES = 544;

const corrupt = (path: string, message: string) =>
  new DecileError(
    'scan/corrupt',
    `${message.replace('{}', path)}`,
    'The header is damaged: copy or export the file again.',
  );

/** True where the first bytes are a NIfTI header of either version and byte order. */
export function looksLikeNifti(head: Uint8Array): boolean {
  if (head.length < 348) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const sizes = [view.getInt32(0, true), view.getInt32(0, false)];
  return sizes.includes(348) || sizes.includes(540);
}

/**
 * Parses and checks a header. `head` holds its first HEADER_BYTES bytes (fewer for a short file).
 * @throws scan/not-nifti, scan/corrupt, scan/type, geometry/sheared
 */
export function parseNiftiHeader(path: string, head: Uint8Array): NiftiHeader {
  if (head.length < 348) {
    throw new DecileError(
      'scan/truncated',
      `${path} must hold a NIfTI header of 348 bytes, got ${head.length}.`,
      'The file is incomplete: copy or export it again.',
    );
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const first = [view.getInt32(0, true), view.getInt32(0, false)];
  const which = first.findIndex((n) => n === 348 || n === 540);
  if (which < 0) {
    throw new DecileError(
      'scan/not-nifti',
      `${path} must begin as a NIfTI file, got other content.`,
      'Check that the file is a NIfTI image and not damaged.',
    );
  }
  const le = which === 0;
  const version = first[which] === 348 ? 1 : 2;
  const f = version === 1 ? fields1(path, view, le) : fields2(path, view, le);
  const notices: string[] = [];
  const dtype = TYPES.get(f.datatype);
  if (!dtype) {
    throw new DecileError(
      'scan/type',
      `The voxels of ${path} must be integers or floats of 8 to 64 bits, got ${REFUSED.get(f.datatype) ?? `type code ${f.datatype}`}.`,
      'Convert the image to a single-channel number type first.',
    );
  }
  const dims = f.dims[0];
  if (dims < 2 || dims > 7) throw corrupt(path, `The header of {} must state 2 to 7 dimensions, got ${dims}.`);
  const size = [1, 2, 3].map((d) => (d <= dims ? f.dims[d] : 1)) as [number, number, number];
  const more = f.dims.slice(4, dims + 1);
  if (size.some((n) => n < 1)) throw corrupt(path, `The size in {} must be positive, got ${size.join(' x ')}.`);
  const scaled = Number.isFinite(f.slope) && f.slope !== 0 && Number.isFinite(f.intercept);
  const grid = niftiGrid(path, size, f, notices);
  const least = f.pair ? 0 : version === 1 ? 348 : 540;
  if (!Number.isFinite(f.voxOffset) || f.voxOffset < least || f.voxOffset > 2 ** 40 || !Number.isInteger(f.voxOffset)) {
    // Offset 0 in a single file is written by some old tools: the voxels follow the header.
    if (f.voxOffset === 0 && !f.pair) f.voxOffset = version === 1 ? 352 : 544;
    else throw corrupt(path, `The voxel offset of {} must be at least ${least}, got ${f.voxOffset}.`);
  }
  return {
    version,
    grid,
    volumes: more.reduce((a, b) => a * Math.max(1, b), 1),
    timed: TIME_UNITS.has(f.units & 56),
    dtype,
    dataOffset: f.voxOffset,
    slope: scaled ? f.slope : 1,
    intercept: scaled ? f.intercept : 0,
    littleEndian: le,
    pair: f.pair,
    notices,
  };
}

interface Fields {
  dims: number[];
  datatype: number;
  pixdim: number[];
  voxOffset: number;
  slope: number;
  intercept: number;
  units: number;
  qformCode: number;
  sformCode: number;
  quaternion: [number, number, number];
  offset: [number, number, number];
  srow: number[];
  pair: boolean;
}

function fields1(path: string, v: DataView, le: boolean): Fields {
  const magic = String.fromCharCode(v.getUint8(344), v.getUint8(345), v.getUint8(346));
  if (magic !== 'n+1' && magic !== 'ni1') {
    throw new DecileError(
      'scan/not-nifti',
      `${path} must carry the mark n+1 or ni1, got ${JSON.stringify(magic)} (an Analyze 7.5 file has none).`,
      'Convert it to NIfTI: Analyze files do not say left from right.',
    );
  }
  const f32 = (at: number) => v.getFloat32(at, le);
  return {
    dims: Array.from({ length: 8 }, (_, n) => v.getInt16(40 + 2 * n, le)),
    datatype: v.getInt16(70, le),
    pixdim: Array.from({ length: 8 }, (_, n) => f32(76 + 4 * n)),
    voxOffset: f32(108),
    slope: f32(112),
    intercept: f32(116),
    units: v.getUint8(123),
    qformCode: v.getInt16(252, le),
    sformCode: v.getInt16(254, le),
    quaternion: [f32(256), f32(260), f32(264)],
    offset: [f32(268), f32(272), f32(276)],
    srow: Array.from({ length: 12 }, (_, n) => f32(280 + 4 * n)),
    pair: magic === 'ni1',
  };
}

function fields2(path: string, v: DataView, le: boolean): Fields {
  if (v.byteLength < 540)
    throw new DecileError(
      'scan/truncated',
      `${path} must hold a NIfTI-2 header of 540 bytes, got ${v.byteLength}.`,
      'The file is incomplete: copy or export it again.',
    );
  const magic = String.fromCharCode(v.getUint8(4), v.getUint8(5), v.getUint8(6));
  if (magic !== 'n+2' && magic !== 'ni2')
    throw new DecileError(
      'scan/not-nifti',
      `${path} must carry the mark n+2 or ni2, got ${JSON.stringify(magic)}.`,
      'Check that the file is a NIfTI image and not damaged.',
    );
  const f64 = (at: number) => v.getFloat64(at, le);
  const i64 = (at: number) => Number(v.getBigInt64(at, le));
  return {
    dims: Array.from({ length: 8 }, (_, n) => i64(16 + 8 * n)),
    datatype: v.getInt16(12, le),
    pixdim: Array.from({ length: 8 }, (_, n) => f64(104 + 8 * n)),
    voxOffset: i64(168),
    slope: f64(176),
    intercept: f64(184),
    units: v.getInt32(500, le),
    qformCode: v.getInt32(344, le),
    sformCode: v.getInt32(348, le),
    quaternion: [f64(352), f64(360), f64(368)],
    offset: [f64(376), f64(384), f64(392)],
    srow: Array.from({ length: 12 }, (_, n) => f64(400 + 8 * n)),
    pair: magic === 'ni2',
  };
}

/**
 * The grid: the sform where its code is positive and its axes are orthogonal, else the qform, else spacing alone
 * with axes along RAS (method 1). Lengths become millimetres by the unit code.
 */
function niftiGrid(path: string, size: [number, number, number], f: Fields, notices: string[]): Grid {
  const unit = f.units & 7;
  const scale = unit === 1 ? 1000 : unit === 3 ? 0.001 : 1;
  if (scale !== 1)
    notices.push(`Lengths are in ${unit === 1 ? 'metres' : 'micrometres'} and were converted to millimetres.`);
  const inMm = (affine: number[]) => affine.map((x) => x * scale);
  const sform = f.sformCode > 0 ? sformGrid(path, size, inMm(f.srow), f) : null;
  if (sform && 'grid' in sform) return sform.grid;
  if (f.qformCode > 0) {
    if (sform) notices.push(`The sform ${sform.wrong}; the qform was used.`);
    return gridFromAffineRAS(size, inMm(qformAffine(path, f)));
  }
  if (sform?.refusal) throw sform.refusal;
  const s = spacingOf(path, f).map((x) => x * scale);
  notices.push(
    sform
      ? `The sform ${sform.wrong} and there is no qform: voxel sizes are taken from the header, and axes as right, anterior, superior.`
      : 'The file states no orientation (sform and qform code 0): axes are taken as right, anterior, superior.',
  );
  return gridFromAffineRAS(size, [s[0], 0, 0, 0, 0, s[1], 0, 0, 0, 0, s[2], 0]);
}

/** The sform's grid, or what is wrong with it, and the refusal where no other form helps. All zeros state nothing. */
function sformGrid(
  path: string,
  size: [number, number, number],
  affine: number[],
  f: Fields,
): { grid: Grid } | { wrong: string; refusal?: DecileError } {
  if (f.srow.every((x) => x === 0)) return { wrong: 'is all zeros, though its code says otherwise' };
  if (!f.srow.every(Number.isFinite))
    return {
      wrong: 'holds numbers that are not finite',
      refusal: new DecileError(
        'geometry/not-finite',
        `The sform of ${path} must be twelve finite numbers, got ${f.srow.filter((x) => !Number.isFinite(x)).length} that are not, and no qform.`,
        'The header is damaged: export the scan again from its source, or set its sform or qform.',
      ),
    };
  const lengths = [0, 1, 2].map((c) => Math.hypot(f.srow[c], f.srow[4 + c], f.srow[8 + c]));
  const flat = lengths.findIndex((x) => x < 1e-9);
  const volume = flat < 0 ? Math.abs(determinant3(cosines(f.srow, lengths))) : 0;
  if (volume < 1e-6) {
    const wrong =
      flat >= 0 ? `has a voxel axis of no length (axis ${flat + 1})` : 'has voxel axes that lie in one plane';
    return {
      wrong,
      refusal: new DecileError(
        'geometry/singular',
        `The voxel axes of ${path} must span space, got an sform that ${wrong}, and no qform.`,
        'The header is damaged: export the scan again from its source, or set its sform or qform.',
      ),
    };
  }
  const grid = gridFromAffineRAS(size, affine);
  const sheared = shear(grid.direction);
  // 0.001 is 0.06 degrees: what float32 rounding and tools' resaving leave, not a gantry tilt.
  if (sheared < 1e-3) return { grid };
  const degrees = ((Math.asin(Math.min(1, sheared)) * 180) / Math.PI).toFixed(1);
  return {
    wrong: `is sheared (axes ${degrees} degrees off square)`,
    refusal: new DecileError(
      'geometry/sheared',
      `The voxel axes of ${path} must be at right angles, got axes ${degrees} degrees off square and no qform.`,
      'Resample the scan onto a rectangular grid first (an unresampled gantry tilt is the usual cause).',
    ),
  };
}

const cosines = (srow: readonly number[], [x, y, z]: readonly number[]): Matrix3 => [
  srow[0] / x, srow[1] / y, srow[2] / z, srow[4] / x, srow[5] / y, srow[6] / z, srow[8] / x, srow[9] / y, srow[10] / z,
]; // biome-ignore format: the matrix is read as a matrix

function spacingOf(path: string, f: Fields): [number, number, number] {
  const s = [1, 2, 3].map((d) => Math.abs(f.pixdim[d])) as [number, number, number];
  // A missing third spacing of a 2-D image is common and harmless.
  if (f.dims[0] < 3 && !(s[2] > 0)) s[2] = 1;
  if (s.some((x) => !Number.isFinite(x) || x <= 0 || x > 1e6))
    throw corrupt(path, `The voxel sizes of {} must be positive numbers, got ${f.pixdim.slice(1, 4).join(', ')}.`);
  return s;
}

/** Quaternion (b, c, d), offsets, voxel sizes and qfac (pixdim[0] < 0 = left-handed) to an affine, voxel to RAS. */
function qformAffine(path: string, f: Fields): number[] {
  const [b0, c0, d0] = f.quaternion;
  if (![b0, c0, d0, ...f.offset].every(Number.isFinite))
    throw corrupt(path, 'The qform of {} must be finite numbers, got others.');
  const squares = b0 * b0 + c0 * c0 + d0 * d0;
  let [a, b, c, d] = [Math.sqrt(Math.max(0, 1 - squares)), b0, c0, d0];
  if (squares > 1 - 1e-7) {
    const n = 1 / Math.sqrt(squares);
    [a, b, c, d] = [0, b0 * n, c0 * n, d0 * n];
  }
  const s = spacingOf(path, f);
  const k = f.pixdim[0] < 0 ? -s[2] : s[2];
  return [
    (a * a + b * b - c * c - d * d) * s[0], (2 * b * c - 2 * a * d) * s[1], (2 * b * d + 2 * a * c) * k, f.offset[0],
    (2 * b * c + 2 * a * d) * s[0], (a * a + c * c - b * b - d * d) * s[1], (2 * c * d - 2 * a * b) * k, f.offset[1],
    (2 * b * d - 2 * a * c) * s[0], (2 * c * d + 2 * a * b) * s[1], (a * a + d * d - c * c - b * b) * k, f.offset[2],
  ]; // biome-ignore format: the matrix is read as a matrix
}

/** Quaternion (b, c, d) and qfac of a direction in RAS, for the qform. */
export function quaternionOf(grid: Grid): { quaternion: [number, number, number]; qfac: 1 | -1 } {
  const affine = affineRAS(grid);
  const r = [0, 1, 2].map((row) => [0, 1, 2].map((c) => affine[4 * row + c] / grid.spacing[c]));
  const det =
    r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
    r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
    r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
  const qfac = det < 0 ? -1 : 1;
  if (qfac < 0) for (const row of r) row[2] = -row[2];
  // The largest of the four components first, so that no division is by a small number.
  const trace = r[0][0] + r[1][1] + r[2][2];
  let a: number;
  let b: number;
  let c: number;
  let d: number;
  if (trace > 0.5) {
    a = Math.sqrt(1 + trace) / 2;
    b = (r[2][1] - r[1][2]) / (4 * a);
    c = (r[0][2] - r[2][0]) / (4 * a);
    d = (r[1][0] - r[0][1]) / (4 * a);
  } else {
    const [xd, yd, zd] = [
      1 + r[0][0] - r[1][1] - r[2][2],
      1 + r[1][1] - r[0][0] - r[2][2],
      1 + r[2][2] - r[0][0] - r[1][1],
    ];
    if (xd >= yd && xd >= zd) {
      b = Math.sqrt(xd) / 2;
      c = (r[0][1] + r[1][0]) / (4 * b);
      d = (r[0][2] + r[2][0]) / (4 * b);
      a = (r[2][1] - r[1][2]) / (4 * b);
    } else if (yd >= zd) {
      c = Math.sqrt(yd) / 2;
      b = (r[0][1] + r[1][0]) / (4 * c);
      d = (r[1][2] + r[2][1]) / (4 * c);
      a = (r[0][2] - r[2][0]) / (4 * c);
    } else {
      d = Math.sqrt(zd) / 2;
      b = (r[0][2] + r[2][0]) / (4 * d);
      c = (r[1][2] + r[2][1]) / (4 * d);
      a = (r[1][0] - r[0][1]) / (4 * d);
    }
    if (a < 0) [b, c, d] = [-b, -c, -d];
  }
  return { quaternion: [b + 0, c + 0, d + 0], qfac };
}
