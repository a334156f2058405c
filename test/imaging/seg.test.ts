import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { axis, voxelToWorld, worldToVoxel } from '../../src/core/geometry.ts';
import { codesFor } from '../../src/core/terms.ts';
import { type Grid, type LabelMap, lpsFrom, lpsPoint, spacingMm, voxelIndex } from '../../src/core/volume.ts';
import { alignMask } from '../../src/imaging/align.ts';
import { parseDicom } from '../../src/imaging/dicom/dataset.ts';
import { el, encodeFile, newUid } from '../../src/imaging/dicom/encode.ts';
import { encodeRtStruct } from '../../src/imaging/dicom/rtstruct-write.ts';
import {
  discoverScans,
  openSegments,
  readDicomSeg,
  readMask,
  readScan,
  type Segment,
  writeDicomSeg,
} from '../../src/imaging/index.ts';
import { GRIDS, missing, rejectsWith, scratch, writeSeries } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = (name = 'm.dcm') => join(folder, `${n++}-${name}`);
const SEGMENTS: Segment[] = [
  { value: 1, label: 'Kidney', algorithm: 'MANUAL', colour: [230, 60, 60] },
  { value: 2, label: 'Tumor', algorithm: 'SEMIAUTOMATIC', colour: [60, 200, 60] },
  { value: 3, label: 'Zone X', algorithm: 'AUTOMATIC' },
];

/** Labels 0..3 without any symmetry, empty on the first and the last slice. */
function mask(grid: Grid): LabelMap {
  const [nx, ny, nz] = grid.size;
  const data = new Uint8Array(nx * ny * nz);
  for (let k = 1; k < nz - 1; k++)
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) data[i + nx * (j + ny * k)] = (i * i + 2 * j + 3 * k) % 4;
  return { ...grid, data };
}

for (const [name, grid] of Object.entries(GRIDS)) {
  test(`a ${name} mask survives DICOM SEG voxel for voxel`, async () => {
    const path = fresh();
    const original = mask(grid);
    await writeDicomSeg(path, original, { segments: SEGMENTS });
    const back = await readMask(path, grid);
    assert.deepEqual(back.data, original.data);
  });
}

test('names longer than a DICOM label come back whole, from SEG and from RTSTRUCT', async () => {
  const grid = Object.values(GRIDS)[0];
  const long = 'posterior wall of the left ventricle, as the second reader saw it on the short axis, ';
  const segments = ['endocardium', 'epicardium'].map(
    (end, n): Segment => ({ value: n + 1, label: long + end, algorithm: 'MANUAL' }),
  );
  const all = mask(grid);
  const original = { ...all, data: all.data.map((v) => (v > 2 ? 0 : v)) };
  const files = [fresh(), fresh()];
  await writeDicomSeg(files[0], original, { segments });
  writeFileSync(files[1], (await encodeRtStruct(original, { segments })).bytes);
  for (const file of files)
    assert.deepEqual((await openSegments(file))?.segments.map(({ name }) => name), segments.map(({ label }) => label)); // biome-ignore format: short
});

test('a mask drawn on a DICOM series joins its study and references every image', async () => {
  const series = join(folder, 'series');
  const positions = Array.from({ length: 5 }, (_, k) => [-10, -20, 5 + 2.5 * k]);
  writeSeries(series, { positions });
  const { sources } = await discoverScans(series);
  const { volume } = await readScan(sources[0]);
  const path = fresh();
  const original = mask(volume);
  await writeDicomSeg(path, original, { segments: SEGMENTS, source: sources[0] });
  assert.deepEqual((await readMask(path, volume)).data, original.data);
  const seg = await readDicomSeg(path);
  assert.deepEqual(seg.references, [sources[0].seriesUid]);
  assert.deepEqual(
    seg.segments.map((s) => [s.number, s.label, s.algorithm, s.type]),
    [
      [1, 'Kidney', 'MANUAL', '64033007^SCT^Kidney'],
      [2, 'Tumor', 'SEMIAUTOMATIC', '108369006^SCT^Neoplasm'],
      [3, 'Zone X', 'AUTOMATIC', '85756007^SCT^Tissue'],
    ],
  );
  const { masks } = await discoverScans(folder);
  assert.deepEqual(
    masks.filter((m) => m.path === path).map((m) => [m.kind, m.seriesUids, m.instanceUids.length]),
    [['seg', [sources[0].seriesUid], positions.length]],
  );
});

test('dciodvfy finds no error in our SEG', { skip: missing('dciodvfy') }, async () => {
  const path = fresh();
  const axial = join(folder, 'series-a');
  writeSeries(axial, {
    positions: [
      [0, 0, 0],
      [0, 0, 3],
      [0, 0, 6],
    ],
  });
  const source = (await discoverScans(axial)).sources[0];
  const { volume } = await readScan(source);
  await writeDicomSeg(path, mask(volume), { segments: SEGMENTS, source });
  await writeDicomSeg(`${path}-bare`, mask(GRIDS.oblique), { segments: SEGMENTS });
  for (const file of [path, `${path}-bare`]) {
    // dciodvfy reports on standard error and its exit code says nothing.
    const said = execFileSync('sh', ['-c', 'dciodvfy "$1" 2>&1 || true', 'sh', file], { encoding: 'utf8' });
    assert.deepEqual(
      said.split('\n').filter((l) => l.startsWith('Error')),
      [],
    );
    assert.match(said, /Segmentation/);
  }
});

const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noPydicom = (() => {
  try {
    execFileSync(PYTHON, ['-c', 'import pydicom, numpy'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'pydicom is not installed (set DECILE_PYTHON to a Python that has it)';
  }
})();
test('pydicom reads the same voxels, positions and segments from our SEG', { skip: noPydicom }, async () => {
  const path = fresh();
  const grid = GRIDS.oblique;
  const original = mask(grid);
  await writeDicomSeg(path, original, { segments: SEGMENTS });
  const script = `import pydicom,json,sys
d=pydicom.dcmread(sys.argv[1]); a=d.pixel_array
f=[(int(g.SegmentIdentificationSequence[0].ReferencedSegmentNumber), [float(x) for x in g.PlanePositionSequence[0].ImagePositionPatient]) for g in d.PerFrameFunctionalGroupsSequence]
print(json.dumps({"pixels": a.tolist(), "frames": f, "labels": [s.SegmentLabel for s in d.SegmentSequence]}))`;
  const said = JSON.parse(execFileSync(PYTHON, ['-W', 'ignore', '-c', script, path], { encoding: 'utf8' }));
  assert.deepEqual(said.labels, ['Kidney', 'Tumor', 'Zone X']);
  const [nx, ny, nz] = grid.size;
  const rebuilt = new Uint8Array(nx * ny * nz);
  said.frames.forEach(([segment, position]: [number, [number, number, number]], n: number) => {
    const k = Math.round(worldToVoxel(grid, lpsFrom(position))[2]);
    said.pixels[n].flat().forEach((v: number, p: number) => {
      if (v) rebuilt[p + nx * ny * k] = segment;
    });
  });
  assert.deepEqual(rebuilt, original.data);
});

test('dcmtk reads our SEG without complaint', { skip: missing('dcmdump') }, async () => {
  const path = fresh();
  await writeDicomSeg(path, mask(GRIDS.sagittal), { segments: SEGMENTS });
  const said = execFileSync('sh', ['-c', 'dcmdump "$1" 2>&1', 'sh', path], { encoding: 'utf8' });
  assert.doesNotMatch(said, /^[EW]:/m);
});

test('an empty mask is a SEG that lists its segments', async () => {
  const path = fresh();
  const grid = GRIDS.axial;
  await writeDicomSeg(path, { ...grid, data: new Uint8Array(7 * 6 * 5) }, { segments: SEGMENTS });
  const seg = await readDicomSeg(path);
  assert.equal(seg.segments.length, 3);
  assert.ok(seg.segments.every((s) => s.mask.every((v) => v === 0)));
});

test('a value that no segment names is refused', async () => {
  await rejectsWith(writeDicomSeg(fresh(), mask(GRIDS.axial), { segments: SEGMENTS.slice(0, 2) }), 'mask/value');
});

test('fractional and overlapping segments are read; overlap is refused as one mask', async () => {
  const path = fresh();
  const plane = (z: number, segment: number) => [
    el('00209113', 'SQ', [[el('00200032', 'DS', [0, 0, z])]]),
    el('0062000a', 'SQ', [[el('0062000b', 'US', segment)]]),
  ];
  const file = encodeFile(
    [
      el('00080060', 'CS', 'SEG'),
      el('00280008', 'IS', '3'),
      el('00280010', 'US', 2),
      el('00280011', 'US', 2),
      el('00280100', 'US', 8),
      el('00620001', 'CS', 'FRACTIONAL'),
      el('0062000e', 'US', 200),
      el(
        '00620002',
        'SQ',
        [1, 2].map((k) => [el('00620004', 'US', k), el('00620005', 'LO', `S${k}`), el('00620008', 'CS', 'MANUAL')]),
      ),
      el('52009229', 'SQ', [
        [
          el('00209116', 'SQ', [[el('00200037', 'DS', [1, 0, 0, 0, 1, 0])]]),
          el('00289110', 'SQ', [[el('00280030', 'DS', [1, 1]), el('00180088', 'DS', 2)]]),
        ],
      ]),
      el('52009230', 'SQ', [plane(0, 1), plane(4, 1), plane(0, 2)]),
      el('7fe00010', 'OB', Uint8Array.of(200, 100, 99, 0, 0, 0, 0, 200, 150, 0, 0, 0)),
    ],
    '1.2.840.10008.5.1.4.1.1.66.4',
    newUid(),
  );
  writeFileSync(path, file);
  const seg = await readDicomSeg(path);
  // Slices at 0 and 4 mm, 2 mm apart: the empty one between them was left out.
  assert.deepEqual([...seg.grid.size], [2, 2, 3]);
  assert.deepEqual([...seg.segments[0].mask], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...seg.segments[1].mask], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.match(seg.notices[0], /fractional/);
  await rejectsWith(readMask(path), 'mask/overlapping');
});

test('segments with voxels of their own may overlap, and each comes back voxel for voxel', async () => {
  const path = fresh();
  const grid = GRIDS.oblique;
  const count = grid.size[0] * grid.size[1] * grid.size[2];
  const boxes = [4, 3].map((step) => Uint8Array.from({ length: count }, (_, v) => (v % step < 2 ? 1 : 0)));
  await writeDicomSeg(
    path,
    { ...grid, data: new Uint8Array(count) },
    {
      segments: boxes.map((inside, b) => ({ value: b + 1, label: `Part ${b}`, algorithm: 'MANUAL' as const, inside })),
    },
  );
  const seg = await readDicomSeg(path);
  assert.deepEqual(
    seg.segments.map((s) => s.mask),
    boxes,
  );
  await rejectsWith(readMask(path), 'mask/overlapping');
  const said = parseDicom(path, readFileSync(path)).dataSet;
  assert.equal(said.string('x00620013'), 'YES');
});

test('a truncated SEG is refused', async () => {
  const path = fresh();
  await writeDicomSeg(path, mask(GRIDS.axial), { segments: SEGMENTS });
  const whole = readFileSync(path);
  const cut = fresh();
  for (const keep of [0.3, 0.7, 0.99]) {
    writeFileSync(cut, whole.subarray(0, Math.floor(whole.length * keep)));
    await rejectsWith(readDicomSeg(cut), 'scan/truncated');
  }
});

test('a mask in flipped voxel order is laid onto the scan exactly, another grid is refused with the difference', () => {
  const scan = GRIDS.oblique;
  const original = mask(scan);
  const [nx, ny, nz] = scan.size;
  // The same voxels with j and k reversed.
  const flipped = new Uint8Array(original.data.length);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++)
        flipped[i + nx * (ny - 1 - j + ny * (nz - 1 - k))] = original.data[i + nx * (j + ny * k)];
  const [a, b, c] = [axis(scan.direction, 0), axis(scan.direction, 1), axis(scan.direction, 2)];
  const grid: Grid = {
    ...scan,
    origin: voxelToWorld(scan, voxelIndex(0, ny - 1, nz - 1)),
    direction: [a[0], -b[0], -c[0], a[1], -b[1], -c[1], a[2], -b[2], -c[2]],
  };
  assert.deepEqual(alignMask({ ...grid, data: flipped }, scan).data, original.data);
  assert.throws(() => alignMask({ ...scan, spacing: spacingMm(1, 1.1, 3.3), data: original.data }, scan), {
    code: 'mask/other-grid',
    message: /spacing/,
  });
  assert.throws(() => alignMask({ ...scan, origin: lpsPoint(-61.25, 17.5, 5), data: original.data }, scan), {
    code: 'mask/other-grid',
    message: /origin differs by 1/,
  });
});

test('labels find their own codes, sides as modifiers', () => {
  assert.equal(codesFor('left_kidney').type.value, '64033007');
  assert.equal(codesFor('left_kidney').modifier?.meaning, 'Left');
  assert.equal(codesFor('Left atrium').type.value, '82471001');
  assert.equal(codesFor('Left atrium').modifier, undefined);
  assert.equal(codesFor('gallbladder').type.value, '28231008');
  assert.equal(codesFor('something').type.meaning, 'Tissue');
});
