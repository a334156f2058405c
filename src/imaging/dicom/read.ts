/** A DICOM series as one volume of real-world values. */
import { gridOf } from '../../core/geometry.ts';
import type { Volume, VoxelArray } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { mapLimited, readInto } from '../files.ts';
import { checkSize } from '../limits.ts';
import type { ReadScan, ScanSource } from '../types.ts';
import { assertFinite, decodeVoxels, voxelBytes } from '../voxels.ts';
import { readDicom, readDicomHeader } from './dataset.ts';
import { type Frame, framesOf } from './frame.ts';
import { applyLut } from './modality-lut.ts';
import { cleaned, framePixels } from './pixels.ts';
import { provenanceOf } from './provenance.ts';
import { regularise } from './regularise.ts';
import { reasonToLeaveOut, splitSeries } from './series.ts';
import { stackGeometry } from './stack.ts';
import { storedType } from './stored-type.ts';

/** Files read at the same time: enough to hide the disk, few enough to bound memory. */
const WIDTH = 8;

interface Stored {
  /** Sorted along the normal. */
  frames: Frame[];
  /** Stored values, frame after frame. */
  stored: VoxelArray;
}

/** Reads the stack that `source` names, real-world values on its own grid. */
export async function readDicomScan(source: ScanSource): Promise<ReadScan> {
  const read = (await readDirect(source)) ?? (await readOnce(source)) ?? (await readTwice(source));
  const { frames } = read;
  const { grid, irregular, notices } = geometryOf(frames);
  const first = frames[0];
  const { data, outside, scaled } = rescale(read, first.rows * first.columns, irregular !== undefined);
  assertFinite(first.path, data);
  if (scaled) notices.push(scaled);
  notices.push(...(source.notices ?? []), ...noticesOf(frames));
  if (first.scaledBy !== undefined)
    notices.push('Philips scale slope applied: values are comparable between scans, not those that the console shows.');
  const volume: Volume = irregular
    ? regularise(data, first.columns, first.rows, irregular, outside)
    : { ...gridOf(grid), data };
  return { volume, modality: first.modality, notices, provenance: await provenanceOf(frames) };
}

function noticesOf(frames: Frame[]): string[] {
  const notices: string[] = [];
  if (frames.some((f) => f.reversedRows))
    notices.push(
      'GE stores volumes of reversed phase encoding (epi_pepolar) upside down; the rows were put into the order that the header states.',
    );
  if (frames.some((f) => f.lut)) notices.push('Values are those of the modality LUT that the images carry.');
  const [first, ...others] = frames.map((f) => f.pixelSpacing!);
  const apart = Math.max(0, ...others.flatMap((s) => s.map((x, c) => Math.abs(x / first[c] - 1))));
  if (apart > 1e-4)
    notices.push(
      `Pixel spacing differs between slices by up to ${(100 * apart).toFixed(2)} %; that of the first slice was taken, ${first.join(' x ')} mm.`,
    );
  return notices;
}

function geometryOf(frames: Frame[]): ReturnType<typeof stackGeometry> {
  const geometry = stackGeometry(frames);
  const { path } = frames[0];
  checkSize(path, geometry.grid.size, 1, Number.MAX_SAFE_INTEGER);
  if (geometry.irregular) checkSize(path, geometry.irregular.grid.size, 1, Number.MAX_SAFE_INTEGER);
  return geometry;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Uncompressed slices whose headers the search has read: their pixels are read straight to where they belong in the
 * volume, without parsing a file again and without a copy. Null where the slices are of another kind.
 */
async function readDirect({ frames, part }: ScanSource): Promise<Stored | null> {
  if (!frames || frames.length < 2 || part !== undefined || !LITTLE_ENDIAN) return null;
  const [first] = frames;
  const type = storedType(first);
  const plane = first.rows * first.columns;
  const width = voxelBytes(type);
  const alike = (f: Frame) =>
    f.index === 0 &&
    f.direct !== undefined &&
    f.direct.length >= plane * width &&
    f.rows === first.rows &&
    f.columns === first.columns &&
    f.bitsAllocated === first.bitsAllocated &&
    f.signed === first.signed;
  if (!frames.every(alike)) return null;
  geometryOf([...frames]);
  const bytes = new Uint8Array(plane * width * frames.length);
  const stored = decodeVoxels(first.path, bytes, type, true);
  await mapLimited(frames, WIDTH, async (f, k) => {
    const place = bytes.subarray(k * plane * width, (k + 1) * plane * width);
    const got = await readInto(f.path, place, f.direct!.offset);
    if (got < place.length)
      throw new DecileError(
        'scan/truncated',
        `The pixels of ${f.path} must be ${place.length} bytes for ${f.columns} x ${f.rows}, got ${got}.`,
        'The file is incomplete: transfer it again.',
      );
    cleaned(stored.subarray(k * plane, (k + 1) * plane), f);
  });
  return { frames: [...frames], stored };
}

/**
 * Every file read once, header and pixels: for classic slices whose order is known from the search. Null where that
 * does not hold (several frames a file, another order, several volumes); then headers are read first.
 */
async function readOnce(source: ScanSource): Promise<Stored | null> {
  if (source.part !== undefined || source.paths.length < 2) return null;
  const frames = new Array<Frame>(source.paths.length);
  const values = new Filler(source.paths.length);
  let classic = true;
  const free: Buffer[] = [];
  await mapLimited(source.paths, WIDTH, async (path, k) => {
    if (!classic) return;
    const file = await readDicom(path, free.pop());
    const [frame, ...more] = framesOf(file);
    const like = values.like;
    if (more.length > 0 || frame.index > 0 || (like && (frame.rows !== like.rows || frame.columns !== like.columns))) {
      classic = false;
      return;
    }
    const reason = reasonToLeaveOut(frame);
    if (reason) throw reason;
    frames[k] = frame;
    values.put(await framePixels(file, frame), frame, k);
    // The values were copied: the next file is read into the same memory.
    if (file.bytes instanceof Buffer) free.push(file.bytes);
  });
  if (!classic) return null;
  const { stacks } = splitSeries(frames);
  const inOrder = stacks.length === 1 && stacks[0].frames.every((frame, k) => frame === frames[k]);
  return inOrder && stacks[0].frames.length === frames.length ? { frames, stored: values.all } : null;
}

/** Headers first, so that a bad geometry fails before any pixel is read. */
async function readTwice(source: ScanSource): Promise<Stored> {
  const frames = await stackOf(source);
  geometryOf(frames);
  const values = new Filler(frames.length);
  const slots = Map.groupBy(
    frames.map((frame, k) => ({ frame, k })),
    (s) => s.frame.path,
  );
  await mapLimited([...slots], WIDTH, async ([path, places]) => {
    const file = await readDicom(path);
    for (const { frame, k } of places) values.put(await framePixels(file, frame), frame, k);
  });
  return { frames, stored: values.all };
}

/** The stored values of a stack, filled slice by slice. */
class Filler {
  /** The first slice that came: the others must be like it. */
  like: Frame | undefined;
  private stored: VoxelArray | undefined;
  private readonly slices: number;
  constructor(slices: number) {
    this.slices = slices;
  }
  put(values: VoxelArray, frame: Frame, k: number): void {
    const plane = frame.rows * frame.columns;
    // The first slice decides the type; it is allocated only when real pixels are there.
    if (!this.stored) {
      checkSize(frame.path, [frame.columns, frame.rows, this.slices], 1, Number.MAX_SAFE_INTEGER);
      this.stored = new (values.constructor as new (n: number) => VoxelArray)(plane * this.slices);
      this.like = frame;
    }
    if (values.constructor !== this.stored.constructor || plane * this.slices !== this.stored.length)
      throw new DecileError(
        'scan/mixed-types',
        `Every slice of series ${frame.seriesNumber ?? frame.seriesUid} must store its pixels alike, got ${values.constructor.name} beside ${this.stored.constructor.name} in ${frame.path}.`,
        'Export the series again without mixing.',
      );
    this.stored.set(values, k * plane);
  }
  get all(): VoxelArray {
    return this.stored!;
  }
}

async function stackOf(source: ScanSource): Promise<Frame[]> {
  const headers = await mapLimited(source.paths, WIDTH, (path) => readDicomHeader(path).then(framesOf));
  const frames = headers.flat();
  for (const f of frames) {
    const reason = reasonToLeaveOut(f);
    if (reason) throw reason;
  }
  const { stacks, errors } = splitSeries(frames);
  if (stacks.length === 0 && errors.length > 0) throw errors[0].error;
  if (source.part === undefined && stacks.length > 1) {
    throw new DecileError(
      'scan/several-volumes',
      `${source.name} must be one volume, got ${stacks.length} (${stacks.map((s) => s.part).join(', ')}).`,
      'Import the folder: each volume becomes a scan of its own.',
    );
  }
  const stack = stacks[source.part ?? 0];
  if (!stack)
    throw new DecileError(
      'scan/several-volumes',
      `Volume ${(source.part ?? 0) + 1} of ${source.name} must exist, got ${stacks.length} volumes.`,
      'Import the folder again.',
    );
  return stack.frames;
}

/** Smallest and largest stored value of a stack. */
function rangeOfStack(stored: VoxelArray, plane: number): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < stored.length; at += plane) {
    const [least, most] = rangeOf(stored.subarray(at, at + plane));
    low = Math.min(low, least);
    high = Math.max(high, most);
  }
  return [low, high];
}

/** One slice a call, which the compiler optimises better than one long loop. */
function rangeOf(values: VoxelArray): [low: number, high: number] {
  let low = values[0];
  let high = values[0];
  for (let n = 1; n < values.length; n++) {
    const v = values[n];
    if (v < low) low = v;
    else if (v > high) high = v;
  }
  return [low, high];
}

/** `to` = slope * `from` + intercept; they may be the same memory. */
function scaleInto(from: VoxelArray, to: VoxelArray, slope: number, intercept: number): void {
  for (let n = 0; n < from.length; n++) to[n] = from[n] * slope + intercept;
}

/** Slices by their own modality LUT, those without one by slope and intercept; Int16 where every value fits. */
function byTable(frames: Frame[], stored: VoxelArray, plane: number): { data: VoxelArray; outside: number } {
  const values = new Float32Array(stored.length);
  frames.forEach((f, k) => {
    const [from, to] = [stored, values].map((all) => all.subarray(k * plane, (k + 1) * plane));
    if (f.lut) applyLut(from, to, f.lut);
    else scaleInto(from, to, f.slope, f.intercept);
  });
  const [low, high] = rangeOfStack(values, plane);
  const whole = values.every(Number.isInteger) && low >= -32768 && high <= 32767;
  return { data: whole ? Int16Array.from(values) : values, outside: low };
}

/** Slope and intercept of every slice applied; Int16 where all are whole and every value fits, else Float32. */
function rescale(
  { frames, stored }: Stored,
  plane: number,
  irregular: boolean,
): { data: VoxelArray; outside: number; scaled?: string } {
  const { slope, intercept, padding } = frames[0];
  const same = frames.every((f) => f.slope === slope && f.intercept === intercept);
  if (frames.some((f) => f.lut)) return byTable(frames, stored, plane);
  const apply = <T extends VoxelArray>(data: T): T => {
    frames.forEach((f, k) => {
      const slice = [k * plane, (k + 1) * plane] as const;
      scaleInto(stored.subarray(...slice), data.subarray(...slice), f.slope, f.intercept);
    });
    return data;
  };
  const whole = same && Number.isInteger(slope) && Number.isInteger(intercept);
  const plain = whole && slope === 1 && intercept === 0;
  const byte = stored instanceof Uint8Array || stored instanceof Int8Array;
  const kept = plain && (byte || stored instanceof Int16Array || stored instanceof Float32Array);
  // Most series need no look at their values: kept as they are, and nothing to fill around them.
  if (kept && !irregular) return { data: stored, outside: padding ?? 0 };
  const [low, high] = rangeOfStack(stored, plane);
  const outside = (padding ?? low) * slope + intercept;
  if (whole) {
    const ends = [low * slope + intercept, high * slope + intercept];
    const fits = Math.min(...ends) >= -32768 && Math.max(...ends) <= 32767;
    if (kept) return { data: stored, outside };
    if (fits && !(stored instanceof Float32Array || stored instanceof Float64Array)) {
      // In place where both are 16 bits: a voxel is read before it is written.
      const sixteen = stored.BYTES_PER_ELEMENT === 2;
      const data = sixteen
        ? new Int16Array(stored.buffer as ArrayBuffer, stored.byteOffset, stored.length)
        : new Int16Array(stored.length);
      return { data: apply(data), outside: Math.max(-32768, Math.min(32767, outside)) };
    }
    if (plain) return { data: stored, outside };
  }
  return {
    data: apply(new Float32Array(stored.length)),
    outside,
    scaled: same ? undefined : 'Rescale slope and intercept differ between slices; each was applied to its own.',
  };
}
