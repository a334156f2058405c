import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sameGrid } from '../../src/core/geometry.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import {
  discoverScans,
  openSegments,
  readMask,
  readVolume,
  writeMetaImage,
  writeNrrd,
} from '../../src/imaging/index.ts';
import { AXIAL, counting, GRIDS, rejectsWith, scratch } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = (ending: string) => join(folder, `v${n++}${ending}`);

for (const [name, grid] of Object.entries(GRIDS)) {
  for (const [ending, write] of [
    ['.nrrd', writeNrrd],
    ['.mha', writeMetaImage],
  ] as const) {
    test(`a ${name} volume survives ${ending} voxel for voxel`, async () => {
      const path = fresh(ending);
      const volume = counting(grid);
      await write(path, volume);
      const { volume: back } = await readVolume(path);
      assert.deepEqual(back.data, volume.data);
      assert.ok(sameGrid(back, volume, 1e-6));
    });
  }
}

test('a segmentation carries the fields by which Slicer opens it', async () => {
  const path = fresh('.seg.nrrd');
  const grid = GRIDS.axial;
  const data = new Uint8Array(7 * 6 * 5);
  data[2 + 7 * (3 + 6 * 1)] = 2;
  data[4 + 7 * (3 + 6 * 2)] = 2;
  await writeNrrd(path, { ...grid, data }, [{ value: 2, name: 'Tumor', colour: [255, 0, 51] }]);
  const text = readFileSync(path).toString('latin1');
  for (const line of [
    'Segment0_ID:=Segment_2',
    'Segment0_Name:=Tumor',
    'Segment0_LabelValue:=2',
    'Segment0_Color:=1.000000 0.000000 0.200000',
    'Segment0_Extent:=2 4 3 3 1 2',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  assert.deepEqual((await readMask(path, grid)).data, data);
});

const nrrd = (lines: string[], data: Uint8Array | string) => {
  const path = fresh('.nrrd');
  writeFileSync(
    path,
    Buffer.concat([Buffer.from(`NRRD0005\n# a comment\n${lines.join('\n')}\n\n`), Buffer.from(data)]),
  );
  return path;
};
const BASE = [
  'type: short',
  'dimension: 3',
  'sizes: 2 1 1',
  'space directions: (2,0,0) (0,3,0) (0,0,4)',
  'space origin: (1,2,3)',
];

test('overlapping segments in layers of their own come back each for itself, the overlap counted', async () => {
  const path = join(folder, 'layers.seg.nrrd');
  // Two voxels in a row, two layers: the organ fills both, the lesion (also value 1) the second.
  const voxels = [1, 0, 1, 1];
  const segment = (n: number, name: string, layer: number) =>
    `Segment${n}_ID:=S${n}\nSegment${n}_Name:=${name}\nSegment${n}_LabelValue:=1\nSegment${n}_Layer:=${layer}\n`;
  const file = (layer: number) =>
    `NRRD0004\ntype: unsigned char\ndimension: 4\nspace: left-posterior-superior\nsizes: 2 2 1 1\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nkinds: list domain domain domain\nencoding: ascii\nspace origin: (0,0,0)\n${segment(0, 'organ', 0)}${segment(1, 'lesion', layer)}\n${voxels.join(' ')}\n`;
  writeFileSync(path, file(1));
  const object = await openSegments(path);
  assert.deepEqual(
    object?.segments.map(({ number, name }) => [number, name]),
    [
      [1, 'organ'],
      [2, 'lesion'],
    ],
  );
  const grid: Grid = { size: [2, 1, 1], spacing: spacingMm(1, 1, 1), origin: lpsPoint(0, 0, 0), direction: AXIAL };
  const draw = (values: [number, number][]) => object!.draw(grid, new Map(values));
  assert.deepEqual([...draw([[1, 4]]).mask.data], [4, 4]);
  assert.deepEqual([...draw([[2, 5]]).mask.data], [0, 5]);
  const both = draw([
    [1, 4],
    [2, 5],
  ]);
  assert.deepEqual([...both.mask.data], [4, 5]);
  assert.deepEqual(both.overlaps, [{ kept: 5, lost: 4, voxels: 1 }]);
  await rejectsWith(readVolume(path), 'mask/overlapping');
  writeFileSync(path, file(2));
  await rejectsWith(openSegments(path), 'scan/corrupt');
});

test('a RAS space is turned into LPS', async () => {
  const { volume } = await readVolume(
    nrrd([...BASE, 'space: RAS', 'endian: big', 'encoding: raw'], Uint8Array.of(1, 2, 0, 5)),
  );
  assert.deepEqual(volume.data, Int16Array.of(258, 5));
  assert.deepEqual([...volume.origin], [-1, -2, 3]);
  assert.deepEqual([...volume.direction], [-1, 0, 0, 0, -1, 0, 0, 0, 1]);
});

test('ascii data and detached files are read, paths out of the folder are refused', async () => {
  const ascii = nrrd([...BASE, 'space: LPS', 'encoding: ascii'], '7 -8\n');
  assert.deepEqual((await readVolume(ascii)).volume.data, Int16Array.of(7, -8));
  writeFileSync(join(folder, 'd.raw'), Uint8Array.of(9, 0, 8, 0));
  const detached = nrrd([...BASE, 'space: LPS', 'encoding: raw', 'data file: d.raw'], '');
  assert.deepEqual((await readVolume(detached)).volume.data, Int16Array.of(9, 8));
  await rejectsWith(
    readVolume(nrrd([...BASE, 'space: LPS', 'encoding: raw', 'data file: ../../etc/passwd'], '')),
    'scan/unknown-format',
  );
});

test('damaged NRRD and MetaImage files are coded errors', async () => {
  const cases: [string, string][] = [
    [nrrd([...BASE, 'space: LPS', 'encoding: raw'], Uint8Array.of(1)), 'scan/truncated'],
    [nrrd([...BASE.slice(1), 'type: block', 'space: LPS'], ''), 'scan/type'],
    [
      nrrd(
        [
          'type: short',
          'dimension: 4',
          'sizes: 3 2 1 1',
          'space: LPS',
          'space directions: none (2,0,0) (0,3,0) (0,0,4)',
        ],
        Buffer.alloc(12),
      ),
      'scan/four-dimensional',
    ],
    [nrrd(['type: short', 'dimension: 3', 'sizes: 2 x 1'], ''), 'scan/corrupt'],
    [nrrd([...BASE, 'space: LPS', 'encoding: gzip'], Buffer.from('not gzip at all')), 'scan/corrupt'],
    [
      nrrd(
        [...BASE.slice(0, 3), 'space: LPS', 'space directions: (2,0,0) (1,3,0) (0,0,4)', 'encoding: raw'],
        Buffer.alloc(4),
      ),
      'geometry/sheared',
    ],
  ];
  const mha = fresh('.mha');
  writeFileSync(
    mha,
    'ObjectType = Image\nNDims = 3\nDimSize = 900000 900000 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n',
  );
  cases.push([mha, 'scan/size']);
  for (const [path, code] of cases) await rejectsWith(readVolume(path), code);
});

test('a folder of NRRD and MetaImage files is discovered', async () => {
  const here = scratch();
  await writeNrrd(join(here, 'a.nrrd'), counting(GRIDS.axial));
  await writeMetaImage(join(here, 'b.mha'), counting(GRIDS.axial));
  const { sources, failures } = await discoverScans(here);
  assert.deepEqual(
    sources.map((s) => [s.name, s.kind]),
    [
      ['a', 'nrrd'],
      ['b', 'metaimage'],
    ],
  );
  assert.deepEqual(failures, []);
});
