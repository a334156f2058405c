/** RTSTRUCT and label-map SEG as we write them: read back equal by ourselves and by independent programs. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Grid, LabelMap } from '../../src/core/volume.ts';
import { outlines } from '../../src/imaging/contours/trace.ts';
import { type DataSet, item, items, numbers, parseDicom } from '../../src/imaging/dicom/dataset.ts';
import { readRtStruct } from '../../src/imaging/dicom/rtstruct.ts';
import {
  discoverScans,
  encodeDicomSeg,
  encodeRtStruct,
  openSegments,
  readMask,
  readScan,
  type Segment,
} from '../../src/imaging/index.ts';
import { GRIDS, missing, rejectsWith, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = () => join(folder, `${n++}.dcm`);
const MADE = { name: 'Decile cpcl', version: '0.1.0', run: 'run first; unet cpcl, 200 steps, seed 1' };
const SEGMENTS: Segment[] = [
  { value: 1, label: 'Kidney', algorithm: 'MANUAL', colour: [230, 60, 60] },
  { value: 2, label: 'Tumor', algorithm: 'SEMIAUTOMATIC', colour: [60, 200, 60] },
  { value: 3, label: 'Zone X', algorithm: 'AUTOMATIC' },
];
const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noPython =
  spawnSync(PYTHON, ['-c', 'import pydicom, numpy, skimage'], { stdio: 'ignore' }).status === 0
    ? false
    : 'pydicom and scikit-image are not installed (set DECILE_PYTHON to a Python that has them)';

const volume = (grid: Grid, value: (i: number, j: number, k: number) => number): LabelMap => {
  const [nx, ny, nz] = grid.size;
  const data = new Uint8Array(nx * ny * nz);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) data[i + nx * (j + ny * k)] = value(i, j, k);
  return { ...grid, data };
};

/** A ring with an island in its hole, single voxels that touch at corners, and a slice passed over. */
const ring = (i: number, j: number, k: number): number => {
  if (k === 2) return 0;
  const r = Math.max(Math.abs(i - 6), Math.abs(j - 5));
  if (r <= 1) return k % 2 ? 1 : 2;
  if (r === 2) return 0;
  if (r <= 4) return 1;
  return (i + j) % 2 && i > 11 ? 3 : 0;
};
const WIDE: Grid = { ...GRIDS.oblique, size: [16, 12, 6] };
const MASKS: Record<string, LabelMap> = {
  ...Object.fromEntries(
    Object.entries(GRIDS).map(([name, grid]) => [name, volume(grid, (i, j, k) => (i * i + 2 * j + 3 * k) % 4)]),
  ),
  'ring, island and corners, oblique': volume(WIDE, ring),
  'every second slice': volume(WIDE, (i, _, k) => (k % 2 ? 0 : i % 4)),
};

async function written(mask: LabelMap): Promise<string> {
  const path = fresh();
  const { bytes } = await encodeRtStruct(mask, { segments: SEGMENTS, made: MADE });
  writeFileSync(path, bytes);
  return path;
}

for (const [name, mask] of Object.entries(MASKS)) {
  test(`RTSTRUCT, ${name}: every voxel comes back`, async () => {
    const path = await written(mask);
    assert.deepEqual((await readMask(path, mask)).data, mask.data);
    const opened = (await openSegments(path))!.draw(mask, new Map([1, 2, 3].map((v) => [v, v])));
    assert.deepEqual([opened.labels.data, opened.labels.overlaps(), opened.notices], [mask.data, [], []]);
  });

  test(`RTSTRUCT, ${name}: scikit-image draws the same voxels`, { skip: noPython }, async () => {
    const path = await written(mask);
    const present = [1, 2, 3].filter((v) => mask.data.includes(v));
    const structures = present.map((number) => {
      const file = `${path}.${number}`;
      writeFileSync(file, mask.data.map((v) => (v === number ? 1 : 0))); // biome-ignore format: short
      return { number, file, box: [[0, 0, 0], mask.size] };
    });
    const { size, spacing, origin, direction } = mask;
    const request = { kind: 'rtstruct', path, size, spacing, origin, direction, structures };
    const program = join(import.meta.dirname, '../../bench/conformance/masks.py');
    const said = JSON.parse(execFileSync(PYTHON, [program], { input: JSON.stringify(request), encoding: 'utf8' }));
    const voxels = (v: number) => mask.data.filter((x) => x === v).length;
    for (const v of present)
      assert.deepEqual([said.answer[v].different, said.answer[v].voxels], [0, voxels(v)], JSON.stringify(said));
  });
}

test('outlines enclose the pixels and nothing else, at least half a pixel from every centre', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  for (let round = 0; round < 300; round++) {
    const [width, height, share] = [1 + Math.floor(random() * 12), 1 + Math.floor(random() * 12), random()];
    const inside = Uint8Array.from({ length: width * height }, () => (random() < share ? 1 : 0));
    const polygons = outlines(inside, width, height);
    let twice = 0;
    for (const polygon of polygons)
      polygon.forEach(([x, y], p) => {
        const [u, v] = polygon[(p + 1) % polygon.length];
        assert.ok((x === u) !== (y === v), 'edges go along the axes, each as long as it can be');
        assert.ok(x % 1 !== 0 && y % 1 !== 0, 'corners lie between pixels');
        twice += x * v - u * y;
      });
    assert.equal(twice / 2, inside.reduce((sum, v) => sum + v, 0)); // biome-ignore format: short
  }
});

async function scanOf(name: string, zs: number[], orientation?: number[]) {
  const series = join(folder, name);
  writeSeries(series, { positions: zs.map((z) => [-10, -20, z]), columns: 12, rows: 10, orientation });
  const [source] = (await discoverScans(series)).sources;
  return { source, volume: (await readScan(source)).volume };
}

test('RTSTRUCT names frame of reference, study, series and the image of each contour, and what made it', async () => {
  const scan = await scanOf('ct', [0, 3, 6, 9]);
  const mask = volume(scan.volume, (i, j, k) => (k > 0 && i > 3 && j > 2 && i < 9 ? 1 + (k % 3) : 0));
  const { bytes, between } = await encodeRtStruct(mask, { segments: SEGMENTS, source: scan.source, made: MADE });
  assert.equal(between, 0);
  const { dataSet } = parseDicom('rs', bytes);
  const [frame] = scan.source.frames!;
  const [reference] = items(dataSet, 'x30060010');
  assert.equal(reference.string('x00200052'), frame.frameOfReference);
  const series = item(item(reference, 'x30060012'), 'x30060014')!;
  assert.equal(series.string('x0020000e'), frame.seriesUid);
  assert.equal(items(series, 'x30060016').length, 4);
  assert.deepEqual([dataSet.string('x0020000d'), dataSet.string('x00100010')], [frame.studyUid, 'Doe^Jane']);
  const places = new Map(scan.source.frames!.map((f) => [f.sopUid, f.position![2]]));
  const contours = items(dataSet, 'x30060039').flatMap((roi) => items(roi, 'x30060040'));
  assert.equal(contours.length, 3);
  for (const contour of contours) {
    const image = item(contour, 'x30060016')!.string('x00081155')!;
    assert.equal(places.get(image), numbers(contour, 'x30060050')![2]);
  }
  const rois = items(dataSet, 'x30060020');
  assert.deepEqual(
    rois.map((d) => [d.string('x30060026'), d.string('x30060036')]),
    SEGMENTS.map(({ label, algorithm }) => [label, algorithm]),
  );
  assert.deepEqual(identities(rois, 'x30060037'), [undefined, MADE, MADE]);
});

/** What each item says of the algorithm that made it. */
const identities = (all: readonly DataSet[], tag: string) =>
  all.map((d) => {
    const one = item(d, tag);
    if (!one) return undefined;
    return { name: one.string('x00660036'), version: one.string('x00660031'), run: one.string('x00660032') };
  });

test('RTSTRUCT of a resampled scan comes back equal too, and says how many slices lie between the images', async () => {
  const scan = await scanOf('uneven', [0, 2, 5, 9, 11]);
  const mask = volume(scan.volume, (i, j, k) => (k > 0 && k < 5 && i > 3 && j > 2 ? 1 : 0));
  const { bytes, between } = await encodeRtStruct(mask, { segments: SEGMENTS, source: scan.source });
  const onImages = [1, 2, 3, 4].filter((k) => [2, 5, 9].some((z) => Math.abs(k * scan.volume.spacing[2] - z) < 0.05));
  assert.equal(between, 4 - onImages.length);
  const path = fresh();
  writeFileSync(path, bytes);
  assert.deepEqual((await readMask(path, scan.volume)).data, mask.data);
  const { labels: drawn } = (await openSegments(path))!.draw(
    scan.volume,
    new Map([[1, 1]]),
    scan.source.frames!.map(({ position }) => position as never),
  );
  assert.deepEqual(drawn.data, mask.data);
});

test('RTSTRUCT of a tilted series comes back equal, though its images are askew to the scan', async () => {
  const tilt = 0.3;
  const here = join(folder, 'tilted');
  writeSeries(here, {
    ...{ positions: Array.from({ length: 8 }, (_, k) => [-12, -20, 3 * k]), columns: 24, rows: 40 },
    ...{ orientation: [1, 0, 0, 0, Math.cos(tilt), Math.sin(tilt)], value: (i, j) => i + j },
  });
  const [source] = (await discoverScans(here)).sources;
  const { volume: scan, provenance } = await readScan(source);
  const mask = volume(scan, (i, j, k) => (k > 0 && k < 7 && i > 3 && i < 15 && j > 8 + k && j < 22 ? 1 : 0));
  const { bytes } = await encodeRtStruct(mask, { segments: SEGMENTS, source });
  const path = fresh();
  writeFileSync(path, bytes);
  const drawnOn = provenance!.instances.map(({ position }) => position as never);
  const { labels } = (await openSegments(path))!.draw(scan, new Map([[1, 1]]), drawnOn);
  assert.ok(mask.data.includes(1));
  assert.deepEqual(labels.data, mask.data);
});

test('structures without a voxel are listed without contours, and values without a name refused', async () => {
  const path = await written(volume(GRIDS.axial, (i) => (i === 3 ? 2 : 0)));
  assert.deepEqual((await readRtStruct(path)).map(({ name }) => name), ['Tumor']); // biome-ignore format: short
  assert.equal(items(parseDicom(path, readFileSync(path)).dataSet, 'x30060020').length, 3);
  await rejectsWith(encodeRtStruct(MASKS.axial, { segments: SEGMENTS.slice(1) }), 'mask/value');
});

test('a label-map SEG has one frame a slice, comes back equal and says what made each segment', async () => {
  for (const [name, mask] of Object.entries(MASKS)) {
    const path = fresh();
    writeFileSync(path, await encodeDicomSeg(mask, { segments: SEGMENTS, labelMap: true, made: MADE }));
    assert.deepEqual((await readMask(path, mask)).data, mask.data, name);
    const { dataSet } = parseDicom(path, readFileSync(path));
    const slices = mask.data.length / (mask.size[0] * mask.size[1]);
    const used = Array.from({ length: slices }, (_, k) => k).filter((k) =>
      mask.data.subarray(k * mask.size[0] * mask.size[1], (k + 1) * mask.size[0] * mask.size[1]).some((v) => v > 0),
    );
    assert.equal(items(dataSet, 'x52009230').length, used.length, name);
    assert.deepEqual(identities(items(dataSet, 'x00620002'), 'x00620007'), [undefined, MADE, MADE]);
  }
  // A segment's number is its value, with gaps or without.
  const path = fresh();
  const high = volume(WIDE, (i) => (i === 4 ? 200 : 0));
  writeFileSync(path, await encodeDicomSeg(high, { segments: [{ ...SEGMENTS[0], value: 200 }], labelMap: true }));
  assert.deepEqual((await readMask(path, high)).data, high.data);
  const own = { segments: [{ ...SEGMENTS[0], inside: high.data }], labelMap: true };
  await rejectsWith(
    encodeDicomSeg(high, { ...own, segments: [{ ...own.segments[0], value: 200 }] }),
    'mask/overlapping',
  );
});

test('dciodvfy finds no error in our RTSTRUCT and label-map SEG', { skip: missing('dciodvfy') }, async () => {
  const scan = await scanOf('checked', [0, 3, 6, 9]);
  const mask = volume(scan.volume, (i, j, k) => (k > 0 && i > 3 && j > 2 ? 1 + (k % 3) : 0));
  const objects: [string, Uint8Array][] = [];
  for (const more of [{ source: scan.source, made: MADE }, {}]) {
    objects.push(['RTStructureSet', (await encodeRtStruct(mask, { segments: SEGMENTS, ...more })).bytes]);
    objects.push(['Segmentation', await encodeDicomSeg(mask, { segments: SEGMENTS, labelMap: true, ...more })]);
  }
  for (const [name, bytes] of objects) {
    const path = fresh();
    writeFileSync(path, bytes);
    const said = execFileSync('sh', ['-c', 'dciodvfy "$1" 2>&1 || true', 'sh', path], { encoding: 'utf8' });
    const errors = said.split('\n').filter((line) => line.startsWith('Error'));
    // Older ones do not know the class of label maps yet.
    const unknown = name === 'Segmentation' && errors.join() === 'Error - Information Object Not found';
    assert.deepEqual([name, unknown ? [] : errors], [name, []]);
  }
});

test('pydicom reads our label map as the voxels that they are', { skip: noPython }, async () => {
  const mask = MASKS['ring, island and corners, oblique'];
  const path = fresh();
  writeFileSync(path, await encodeDicomSeg(mask, { segments: SEGMENTS, labelMap: true }));
  // As highdicom does it: background by PixelPaddingValue, numbers from SegmentSequence, no segment for a frame.
  const script = `import pydicom,json,sys,numpy
d=pydicom.dcmread(sys.argv[1]); a=d.pixel_array
known={d.PixelPaddingValue}|{s.SegmentNumber for s in d.SegmentSequence}
print(json.dumps([d.SegmentationType, str(d.SOPClassUID), d.SegmentsOverlap, set(numpy.unique(a).tolist())<=known, a.flatten().tolist()]))`;
  const said = JSON.parse(execFileSync(PYTHON, ['-W', 'ignore', '-c', script, path], { encoding: 'utf8' }));
  const plane = mask.size[0] * mask.size[1];
  const pixels = [...mask.data.subarray(0, 2 * plane), ...mask.data.subarray(3 * plane)];
  assert.deepEqual(said, ['LABELMAP', '1.2.840.10008.5.1.4.1.1.66.7', 'NO', true, pixels]);
});
