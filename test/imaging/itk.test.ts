import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { sameGrid } from '../../src/core/geometry.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import {
  discoverScans,
  highest,
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

test("a segment's extent is its first and last voxel along each axis, an absent one's is empty, a name is one line", async () => {
  const path = fresh('.seg.nrrd');
  const data = new Uint8Array(7 * 6 * 5);
  for (const [i, j, k] of [
    [5, 1, 3],
    [2, 4, 2],
    [3, 0, 4],
    [4, 3, 0],
  ])
    data[i + 7 * (j + 6 * k)] = 1;
  const colour = [0, 0, 0] as const;
  await writeNrrd(path, { ...GRIDS.axial, data }, [
    { value: 1, name: 'a\r\nb', colour },
    { value: 9, name: 'none', colour },
  ]);
  const text = readFileSync(path).toString('latin1');
  for (const line of [
    'Segment0_Extent:=2 5 0 4 0 4',
    'Segment0_Name:=a b',
    'Segment1_Extent:=0 -1 0 -1 0 -1',
    'Segmentation_ReferenceImageExtent:=0 6 0 5 0 4',
  ])
    assert.ok(text.includes(`${line}\n`), line);
});

/** Two bytes before the voxels 9 and 8, and three after them. */
const PADDED = Uint8Array.of(1, 1, 9, 0, 8, 0, 1, 1, 1);

test('bytes before the voxels are skipped as the header says; -1 takes the last ones of the file', async () => {
  const skipped = (skip: string, data: Uint8Array) =>
    readVolume(nrrd([...BASE, 'space: LPS', 'encoding: raw', skip], data));
  assert.deepEqual((await skipped('byte skip: 2', PADDED)).volume.data, Int16Array.of(9, 8));
  assert.deepEqual((await skipped('byteskip: -1', PADDED.slice(0, 6))).volume.data, Int16Array.of(9, 8));
  await rejectsWith(skipped('byte skip: 6', PADDED), 'scan/truncated');
  await rejectsWith(skipped('byte skip: -2', PADDED), 'scan/corrupt');
  await rejectsWith(skipped('line skip: 1', PADDED), 'scan/corrupt');
  assert.deepEqual((await readVolume(mha({ HeaderSize: '2' }, PADDED))).volume.data, Int16Array.of(9, 8));
  assert.deepEqual((await readVolume(mha({ HeaderSize: '-1' }, PADDED.slice(0, 6)))).volume.data, Int16Array.of(9, 8));
  assert.deepEqual((await readVolume(mha({}, PADDED.slice(2)))).volume.data, Int16Array.of(9, 8));
});

const mha = (given: Record<string, string>, data: Uint8Array) => {
  const path = fresh('.mha');
  const fields: Record<string, string> = {
    ...{ ObjectType: 'Image', NDims: '3', DimSize: '2 1 1', ElementSpacing: '2 3 4', Offset: '5 6 7' },
    ...{ TransformMatrix: '0 1 0 -1 0 0 0 0 1', ElementType: 'MET_SHORT', ...given, ElementDataFile: 'LOCAL' },
  };
  const text = Object.entries(fields)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
  writeFileSync(path, Buffer.concat([Buffer.from(text), data]));
  return path;
};

test('MetaImage: each row of the matrix is the direction of one voxel axis; a fourth dimension of one is left out', async () => {
  const data = Uint8Array.of(9, 0, 8, 0);
  const { volume } = await readVolume(mha({}, data));
  assert.deepEqual([...volume.direction], [0, -1, 0, 1, 0, 0, 0, 0, 1]);
  assert.deepEqual([[...volume.spacing], [...volume.origin]], [[2, 3, 4], [5, 6, 7]]); // biome-ignore format: a pair
  const four = {
    ...{ NDims: '4', DimSize: '2 1 1 1', ElementSpacing: '2 3 4 1', Offset: '5 6 7 0' },
    TransformMatrix: '0 1 0 0 -1 0 0 0 0 0 1 0 0 0 0 1',
  };
  assert.deepEqual([...(await readVolume(mha(four, data))).volume.direction], [0, -1, 0, 1, 0, 0, 0, 0, 1]);
  await rejectsWith(readVolume(mha({ ...four, DimSize: '1 1 1 2' }, data)), 'scan/four-dimensional');
  await rejectsWith(readVolume(mha({ NDims: '5', DimSize: '2 1 1 1 1' }, data)), 'scan/corrupt');
  await rejectsWith(readVolume(mha({ NDims: '1', DimSize: '2' }, data)), 'scan/corrupt');
  await rejectsWith(readVolume(mha({ DimSize: '2 1' }, data)), 'scan/corrupt');
  await rejectsWith(readVolume(mha({ ElementNumberOfChannels: '2' }, data)), 'scan/type');
  await rejectsWith(readVolume(mha({ ElementSpacing: '2 0 4' }, data)), 'scan/corrupt');
  await rejectsWith(readVolume(mha({ TransformMatrix: '1 0 0 0 1 0' }, data)), 'scan/corrupt');
  const flat = { NDims: '2', DimSize: '2 1', ElementSpacing: '2 -3', Offset: '5 6', TransformMatrix: '1 0 0 1' };
  const plane = (await readVolume(mha(flat, data))).volume;
  assert.deepEqual([[...plane.size], [...plane.spacing], [...plane.origin]], [[2, 1, 1], [2, 3, 1], [5, 6, 0]]); // biome-ignore format: a table
  const big = mha({ BinaryDataByteOrderMSB: 'True' }, Uint8Array.of(0, 9, 0, 8));
  assert.deepEqual((await readVolume(big)).volume.data, Int16Array.of(9, 8));
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
  assert.deepEqual([...draw([[1, 4]]).labels.data], [4, 4]);
  assert.deepEqual([...draw([[2, 5]]).labels.data], [0, 5]);
  const both = draw([
    [1, 4],
    [2, 5],
  ]);
  assert.deepEqual(both.labels.overlaps(), [{ values: [4, 5], voxels: 1 }]);
  assert.deepEqual([...both.labels.settled(highest)], [4, 5]);
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

test('every space that names its sides has its own signs, whichever way it is written', async () => {
  for (const [space, signs] of [
    ['left-posterior-superior', [1, 1, 1]],
    ['LPS', [1, 1, 1]],
    ['right-anterior-superior', [-1, -1, 1]],
    ['RAS', [-1, -1, 1]],
    ['left-anterior-superior', [1, -1, 1]],
    ['LAS', [1, -1, 1]],
  ] as const) {
    const { volume } = await readVolume(nrrd([...BASE, `space: ${space}`, 'encoding: ascii'], '7 8'));
    assert.deepEqual([...volume.origin], [signs[0], 2 * signs[1], 3], space);
    assert.deepEqual(
      [0, 4, 8].map((n) => volume.direction[n]),
      [...signs],
      space,
    );
    assert.deepEqual([...volume.spacing], [2, 3, 4], space);
  }
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
    [nrrd([...BASE, 'space: LPS', 'encoding: gzip'], gzipSync(Uint8Array.of(1, 0))), 'scan/truncated'],
    // Words that every JavaScript object has a property of.
    [nrrd([...BASE.slice(1), 'type: constructor', 'space: LPS'], ''), 'scan/type'],
    [nrrd([...BASE, 'space: constructor', 'encoding: raw'], Buffer.alloc(4)), 'scan/corrupt'],
    [nrrd([...BASE, 'space: LPS', 'encoding: constructor'], Buffer.alloc(4)), 'scan/unknown-format'],
    [mha({ ElementType: 'constructor' }, new Uint8Array(4)), 'scan/type'],
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
  const huge = fresh('.mha');
  writeFileSync(
    huge,
    'ObjectType = Image\nNDims = 3\nDimSize = 900000 900000 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n',
  );
  cases.push([huge, 'scan/size']);
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
