/** Masks whose labels share voxels: refused by name, or settled as the user says; never the higher one unasked. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { discoverScans, readMask, writeNifti } from '../../src/imaging/index.ts';
import { LabelSets } from '../../src/imaging/label-sets.ts';
import { importScans } from '../../src/project/services/import/import.ts';
import type { OverlapRule } from '../../src/project/services/import/overlaps.ts';
import { readReference } from '../../src/project/services/review/reference.ts';
import { writeSeries } from '../imaging/helpers.ts';
import { box, rtFile } from '../imaging/rt-files.ts';
import { segFile } from '../imaging/seg-files.ts';
import { codes, maskOf, newProject, scanOf, temporaryFolder } from './helpers.ts';

const [COLUMNS, ROWS] = [24, 20];
/** A kidney of 100 pixels on one slice, a tumour of 9 inside it and a cyst of 16 at its edge, 8 of them in the kidney. */
const SHAPES = {
  tumour: [5, 5, 8, 8],
  kidney: [4, 4, 14, 14],
  cyst: [12, 6, 16, 10],
} as const;
type Name = keyof typeof SHAPES;
const TUMOUR = 9;
const CYST_IN_KIDNEY = 8;

type Write = (names: readonly Name[], seriesUid: string) => Uint8Array;
const asSeg: Write = (names, seriesUid) =>
  segFile({
    ...{ columns: COLUMNS, rows: ROWS, segments: names, seriesUid },
    frames: names.map((name, n) => {
      const [x0, y0, x1, y1] = SHAPES[name];
      return {
        ...{ segment: n + 1, position: [-12, -10, 3] },
        inside: (i: number, j: number) => i >= x0 && i < x1 && j >= y0 && j < y1,
      };
    }),
  });
const asRtStruct: Write = (names, seriesUid) =>
  rtFile(
    names.map((name) => {
      const [x0, y0, x1, y1] = SHAPES[name];
      return { name, contours: [{ points: box(x0 - 12.5, y0 - 10.5, x1 - 12.5, y1 - 10.5, 3) }] };
    }),
    seriesUid,
  );
/** Slicer's layers, one a segment. */
const asLayers: Write = (names) => {
  const layers = names.length;
  const data = new Uint8Array(layers * COLUMNS * ROWS * 4);
  for (const [layer, name] of names.entries()) {
    const [x0, y0, x1, y1] = SHAPES[name];
    for (let j = y0; j < y1; j++)
      for (let i = x0; i < x1; i++) data[layer + layers * (i + COLUMNS * (j + ROWS * 1))] = 1;
  }
  const segments = names.map(
    (name, n) =>
      `Segment${n}_ID:=S${n}\nSegment${n}_Name:=${name}\nSegment${n}_LabelValue:=1\nSegment${n}_Layer:=${n}\n`,
  );
  const head = `NRRD0004\ntype: unsigned char\ndimension: 4\nspace: left-posterior-superior\nsizes: ${layers} ${COLUMNS} ${ROWS} 4\nspace directions: none (1,0,0) (0,1,0) (0,0,3)\nkinds: list domain domain domain\nencoding: raw\nspace origin: (-12,-10,0)\n${segments.join('')}\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(data)]);
};

async function imported(
  t: TestContext,
  objects: readonly (readonly [string, Write, readonly Name[]])[],
  overlaps?: OverlapRule,
) {
  const folder = join(temporaryFolder(t), 'A');
  writeSeries(folder, { positions: [0, 3, 6, 9].map((z) => [-12, -10, z]), columns: COLUMNS, rows: ROWS });
  const [source] = (await discoverScans(folder)).sources;
  for (const [name, write, names] of objects) writeFileSync(join(folder, name), write(names, source.seriesUid ?? ''));
  const store = newProject(t, ['tumour', 'kidney', 'cyst']);
  const report = await importScans(store, folder, { overlaps });
  const reference = store.masks.reference(report.added[0].id);
  const voxels = Object.fromEntries(
    store.labels
      .list()
      .map(({ name, value }) => [name, reference?.labels.find((label) => label.value === value)?.voxels ?? 0]),
  );
  return { store, report, voxels, said: report.notices.join(' '), folder };
}

const ALL = ['kidney', 'tumour', 'cyst'] as const;
const EACH = {
  SEG: ['seg.dcm', asSeg],
  RTSTRUCT: ['rt.dcm', asRtStruct],
  'a .seg.nrrd': ['A.seg.nrrd', asLayers],
} as const;

for (const [kind, [file, write]] of Object.entries(EACH)) {
  test(`labels of ${kind} that overlap are refused by name until it is said what counts`, async (t) => {
    const { report, voxels } = await imported(t, [[file, write, ALL]]);
    assert.deepEqual([codes(report.failures), report.masks.length], [['mask/overlapping'], 0]);
    assert.match(
      report.failures[0].message,
      /9 voxels that are both tumour and kidney, 8 voxels that are both kidney and cyst/,
    );
    assert.match(report.failures[0].cure, /--overlaps smaller/);
    assert.deepEqual(voxels, { tumour: 0, kidney: 0, cyst: 0 });
  });

  test(`${kind}: the smaller structure counts, though its value is lower`, async (t) => {
    const { report, voxels, said } = await imported(t, [[file, write, ALL]], 'smaller');
    assert.deepEqual(codes(report.failures), []);
    assert.deepEqual(voxels, { tumour: TUMOUR, kidney: 100 - TUMOUR - CYST_IN_KIDNEY, cyst: 16 });
    assert.match(said, /9 voxels are both tumour and kidney; they became tumour/);
  });

  test(`${kind}: kept as labels of their own`, async (t) => {
    const { report, voxels } = await imported(t, [[file, write, ALL]], 'separate');
    assert.deepEqual(codes(report.failures), []);
    assert.deepEqual(voxels, {
      ...{ tumour: 0, kidney: 100 - TUMOUR - CYST_IN_KIDNEY, cyst: 16 - CYST_IN_KIDNEY },
      ...{ 'tumour+kidney': TUMOUR, 'kidney+cyst': CYST_IN_KIDNEY },
    });
  });
}

test('names in order: the first that fits counts, what no name settles is refused, and an unknown name too', async (t) => {
  const seg = [['seg.dcm', asSeg, ALL]] as const;
  const both = await imported(t, [...seg], ['Kidney']);
  assert.deepEqual(both.voxels, { tumour: 0, kidney: 100, cyst: 16 - CYST_IN_KIDNEY });
  const half = await imported(t, [...seg], ['tumour']);
  assert.deepEqual(codes(half.report.failures), ['mask/overlapping']);
  assert.match(half.report.failures[0].message, /got 8 voxels that are both kidney and cyst\./);
  await assert.rejects(imported(t, [...seg], ['liver']), { code: 'option/invalid' });
});

test('overlaps between several objects of one scan are those of one mask', async (t) => {
  const two = [
    ['1.dcm', asSeg, ['kidney']],
    ['2.dcm', asRtStruct, ['tumour', 'cyst']],
  ] as const;
  const { report } = await imported(t, [...two]);
  assert.deepEqual(codes(report.failures), ['mask/overlapping']);
  assert.match(report.failures[0].message, /1\.dcm, 2\.dcm must not overlap, got 9 voxels .* tumour and kidney/);
  const { voxels } = await imported(t, [...two], 'smaller');
  assert.deepEqual(voxels, { tumour: TUMOUR, kidney: 100 - TUMOUR - CYST_IN_KIDNEY, cyst: 16 });
});

test('files of one organ each are held to the same rule', async (t) => {
  const folder = join(temporaryFolder(t), 'scans');
  mkdirSync(join(folder, 's1', 'segmentations'), { recursive: true });
  await writeNifti(join(folder, 's1', 'ct.nii.gz'), scanOf(1));
  await writeNifti(join(folder, 's1', 'segmentations', 'tumour.nii.gz'), maskOf(1, [2, 2, 2], [3, 3, 3]));
  await writeNifti(join(folder, 's1', 'segmentations', 'kidney.nii.gz'), maskOf(1, [1, 1, 1], [4, 4, 4]));
  const refused = await importScans(newProject(t, ['tumour', 'kidney']), folder);
  assert.deepEqual(codes(refused.failures), ['mask/overlapping']);
  const store = newProject(t, ['tumour', 'kidney']);
  const { added } = await importScans(store, folder, { overlaps: 'smaller' });
  assert.deepEqual(store.masks.reference(added[0].id)?.labels.map(({ voxels }) => voxels), [1, 26]); // biome-ignore format: short
});

test('a reference of overlapping labels measures nothing', async (t) => {
  const { store, folder, report } = await imported(t, [['seg.dcm', asSeg, ALL]], 'smaller');
  const scan = store.scans.get(report.added[0].id);
  const prediction = await readMask(store.path(store.masks.reference(scan.id)!.file));
  await assert.rejects(readReference(store, scan, join(folder, 'seg.dcm'), prediction, store.labels.list()), {
    code: 'mask/overlapping',
  });
});

test('sets of labels take numbers that no label has yet, and a label that comes late keeps its voxels', () => {
  const sets = new LabelSets(4);
  for (const [voxel, value] of [[0, 1], [0, 2], [1, 255], [2, 255], [2, 1], [3, 2]]) sets.put(voxel, value); // biome-ignore format: pairs
  assert.deepEqual(sets.overlaps(), [
    { values: [1, 255], voxels: 1 },
    { values: [1, 2], voxels: 1 },
  ]);
  assert.deepEqual([...sets.sizes()].sort(), [[1, 2], [2, 2], [255, 2]].sort()); // biome-ignore format: pairs
  assert.deepEqual([...sets.settled((values) => values[0])], [1, 255, 1, 2]);
});
