/** Mask objects beside independent code: SEG beside pydicom's pixel sums, RTSTRUCT beside scikit-image's polygons. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gridOf } from '../../src/core/geometry.ts';
import { type Grid, lpsFrom, spacingMm } from '../../src/core/volume.ts';
import { readRtStruct, type Structure } from '../../src/imaging/dicom/rtstruct.ts';
import { openDicomSeg } from '../../src/imaging/dicom/seg-read.ts';
import { type MaskObject, openSegments, readScan, type ScanSource } from '../../src/imaging/index.ts';
import { DecileError } from '../../src/shared/errors.ts';
import { type Rule, reasonFor } from './known.ts';
import { type MaskPython, type RtAnswer, type SegAnswer, startPython } from './python.ts';
import type { Finding } from './series.ts';

/** Centres of segments may differ by this much, mm. */
const CENTRE_MM = 1e-2;

interface Place {
  root: string;
  scratch: string;
  sources: readonly ScanSource[];
  rules: readonly Rule[];
  say: (finding: Finding) => void;
}

/** @returns how many masks both could read, and in how many of them something differs without a known reason */
export async function judgeMasks(objects: readonly MaskObject[], place: Place) {
  const count = { masks: 0, masksDifferent: 0 };
  const dicom = objects.filter(({ kind }) => kind !== 'seg-nrrd');
  if (dicom.length === 0) return count;
  const python = startPython();
  if (!python) {
    console.error(
      `Python with pydicom and scikit-image must be there to compare ${dicom.length} masks with, got none: they are not compared. DECILE_PYTHON names one.`,
    );
    process.exitCode = 1;
    return count;
  }
  try {
    for (const object of dicom) {
      const path = relative(place.root, object.path);
      const texts = await differences(object, python, place).catch((error: unknown) => unreadable(error, path, place));
      if (texts === null) continue;
      count.masks++;
      if (texts.length === 0) continue;
      const reason = reasonFor(place.rules, 'mask', path);
      if (reason === null) count.masksDifferent++;
      const verdict = reason === null ? 'different' : 'known';
      place.say({
        verdict,
        path,
        difference: 'mask',
        text: [...texts, ...(reason === null ? [] : [reason])].join('; '),
      });
    }
  } finally {
    python.end();
  }
  return count;
}

class NotRead extends Error {}

/** Null where pydicom cannot read the file: there is nothing to compare with. */
function unreadable(error: unknown, path: string, place: Place): string[] | null {
  if (error instanceof DecileError) return [`${error.code}: ${error.message}`];
  if (!(error instanceof NotRead)) return [`not read and not refused: ${error}`];
  place.say({
    verdict: 'left-out',
    path,
    difference: 'mask',
    text: `not compared, as pydicom cannot read it: ${error.message}`,
  });
  return null;
}

async function differences(object: MaskObject, python: MaskPython, place: Place): Promise<string[]> {
  const ask = <A>(request: object) =>
    python.ask<A>({ kind: object.kind, path: object.path, ...request }).catch((error: Error) => {
      throw new NotRead(error.message);
    });
  const scan = scanOf(object, place.sources);
  const read = scan && (await readScan(scan).catch(() => null));
  const resampled = read?.notices.some((text) => text.includes('resampled')) ?? false;
  const grid = read ? gridOf(read.volume) : null;
  if (object.kind === 'seg') {
    const theirs = await ask<SegAnswer>({});
    const found = segDifferences(await sumsOf(object.path), theirs);
    // On a scan that was resampled the mask is too, and has other voxels.
    return grid && !resampled && found.length === 0 ? sumsOnScan(object.path, grid, theirs) : found;
  }
  const structures = (await readRtStruct(object.path)).filter(({ contours }) => contours.length > 0);
  const own = grid ?? gridAround(structures);
  if (!own) return [];
  const parts = await drawn(object.path, structures, own, place.scratch);
  const answer = await ask<RtAnswer>({ ...own, structures: parts });
  return structures.flatMap(({ number, name }) => {
    const { different, voxels, slices } = answer[number] ?? { different: 0, voxels: 0, slices: 0 };
    return different > 0 ? [`${name}: ${different} voxels differ of ${voxels} on ${slices} slices`] : [];
  });
}

/** The series that the object names, if it lies in the folder; else one of its frame of reference. */
const scanOf = (object: MaskObject, sources: readonly ScanSource[]): ScanSource | undefined =>
  sources.find(({ seriesUid }) => seriesUid !== undefined && object.seriesUids.includes(seriesUid)) ??
  sources.find((s) => object.frameOfReference !== '' && s.frameOfReference === object.frameOfReference);

/** Voxels and centre of each segment, by the frames alone. */
async function sumsOf(path: string): Promise<Record<string, SegAnswer>> {
  const seg = await openDicomSeg(path);
  const [down, across] = seg.pixelSpacing;
  const sums = new Map<number, { voxels: number; total: [number, number, number] }>();
  seg.frames.forEach(({ position, orientation }, n) => {
    seg.visit(n, (segment, pixel) => {
      const sum = sums.get(segment) ?? { voxels: 0, total: [0, 0, 0] };
      const [column, row] = [pixel % seg.columns, Math.floor(pixel / seg.columns)];
      sum.voxels++;
      for (const c of [0, 1, 2])
        sum.total[c] += position[c] + column * across * orientation[c] + row * down * orientation[3 + c];
      sums.set(segment, sum);
    });
  });
  return Object.fromEntries(
    [...sums].map(
      ([
        segment,
        {
          voxels,
          total: [x, y, z],
        },
      ]) => [segment, { voxels, centre: [x / voxels, y / voxels, z / voxels] }],
    ),
  );
}

function segDifferences(ours: Record<string, SegAnswer>, theirs: Record<string, SegAnswer>): string[] {
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((segment) => {
    const [a, b] = [ours[segment], theirs[segment]];
    if (a?.voxels !== b?.voxels) return [`segment ${segment}: ${a?.voxels ?? 0} voxels, pydicom ${b?.voxels ?? 0}`];
    const off = Math.hypot(...a.centre.map((x, c) => x - b.centre[c]));
    return off > CENTRE_MM ? [`segment ${segment}: its centre is ${off.toFixed(3)} mm beside pydicom's`] : [];
  });
}

/** The road that an import takes: the segments on the scan's voxels, those lost to an overlap counted. */
async function sumsOnScan(path: string, grid: Grid, theirs: Record<string, SegAnswer>): Promise<string[]> {
  const object = await openSegments(path);
  if (!object) return ['no mask object'];
  const numbers = object.segments.map(({ number }) => number).filter((n) => n >= 1 && n <= 255);
  const sums = object.draw(grid, new Map(numbers.map((n) => [n, n]))).labels.sizes();
  return numbers.flatMap((n) => {
    const [ours, their] = [sums.get(n) ?? 0, theirs[n]?.distinct ?? 0];
    return ours === their ? [] : [`segment ${n}: ${ours} voxels on its scan, pydicom ${their}`];
  });
}

/** Each structure by itself in a file, cut to the voxels around it. */
async function drawn(path: string, structures: readonly Structure[], grid: Grid, scratch: string) {
  const object = await openSegments(path);
  return structures.map(({ number }) => {
    const { data } = object!.draw(grid, new Map([[number, 1]])).labels;
    const [width, height, slices] = grid.size;
    const [low, high] = [
      [width, height, slices],
      [0, 0, 0],
    ];
    data.forEach((value, n) => {
      if (value === 0) return;
      [n % width, Math.floor(n / width) % height, Math.floor(n / (width * height))].forEach((x, c) => {
        low[c] = Math.min(low[c], x);
        high[c] = Math.max(high[c], x + 1);
      });
    });
    const file = join(scratch, `structure-${number}.raw`);
    const part: Uint8Array[] = [];
    for (let k = low[2]; k < high[2]; k++)
      for (let j = low[1]; j < high[1]; j++) {
        const row = (k * height + j) * width;
        part.push(data.subarray(row + low[0], row + high[0]));
      }
    writeFileSync(file, Buffer.concat(part));
    return {
      number,
      file,
      box:
        high[0] > 0
          ? [low, high]
          : [
              [0, 0, 0],
              [0, 0, 0],
            ],
    };
  });
}

/** Without a scan: axial slices through the contour planes, in pixels of 1 mm; null where contours are not axial. */
function gridAround(structures: readonly Structure[]): Grid | null {
  const contours = structures
    .flatMap((s) => s.contours)
    .filter(({ points }) => points.every((p) => p[2] === points[0][2]));
  if (contours.length === 0) return null;
  const extent = (c: number) => {
    const values = contours.flatMap(({ points }) => points.map((p) => p[c]));
    return values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [values[0], values[0]]);
  };
  const [[x0, x1], [y0, y1], [z0, z1]] = [extent(0), extent(1), extent(2)];
  const planes = [...new Set(contours.map(({ points }) => points[0][2]))].sort((a, b) => a - b);
  const gaps = planes.slice(1).map((z, n) => z - planes[n]);
  const step = Math.max(0.5, Math.min(5, ...gaps.filter((gap) => gap > 0.1)));
  return {
    size: [Math.ceil(x1 - x0) + 3, Math.ceil(y1 - y0) + 3, Math.round((z1 - z0) / step) + 1],
    spacing: spacingMm(1, 1, step),
    origin: lpsFrom([x0 - 1.37, y0 - 1.37, z0]),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
}
