import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nrrdGrid, spatialAxes } from '../../src/imaging/itk/nrrd-grid.ts';
import { slicerSegments } from '../../src/imaging/itk/slicer-segments.ts';
import { unitScale } from '../../src/imaging/itk/units.ts';
import { DecileError } from '../../src/shared/errors.ts';

const UNITS: [millimetres: number | undefined, ...units: string[]][] = [
  [1, '', '?', '???', 'mm', 'MM', ' mm ', 'millimeter', 'millimetre', 'millimeters', 'millimetres'],
  [10, 'cm', 'centimeter', 'centimetre'],
  [100, 'dm'],
  [1000, 'm', 'meter', 'metre', 'meters', 'metres'],
  [0.001, 'um', 'µm', 'μm', 'micron', 'microns', 'micrometer', 'micrometre'],
  [0.000001, 'nm', 'nanometer', 'nanometre'],
  [25.4, 'in', 'inch'],
  [undefined, 'pixel', 'ms', 'constructor'],
];

test('units of length have their millimetres, others none', () => {
  for (const [millimetres, ...units] of UNITS)
    for (const unit of units) assert.equal(unitScale(unit), millimetres, `"${unit}"`);
});

/** The grid of 6 x 5 x 4 voxels, or of an image of 6 x 5, whose header has these fields. */
function gridOf(given: Record<string, string>, directions: string[] | null = null, sizes = [6, 5, 4]) {
  const fields = new Map(Object.entries(given));
  const bad = (expected: string, got: string) => new DecileError('scan/corrupt', `${expected}, got ${got}`);
  const notices: string[] = [];
  const size = [sizes[0], sizes[1], sizes[2] ?? 1] as [number, number, number];
  const axes = spatialAxes(fields, directions, sizes);
  const grid = nrrdGrid(size, fields, axes, directions, notices, bad);
  return { spacing: [...grid.spacing], origin: [...grid.origin], direction: [...grid.direction], axes, notices };
}

test('NRRD: places and sizes of axes without directions are in the units of each axis', () => {
  const { spacing, origin, direction } = gridOf({
    'axis mins': '-3 8 20',
    'axis maxs': '3 -2 28',
    centers: 'cell node cell',
    units: '"cm" "mm" "um"',
  });
  // 6 cm over 6 cells, 10 mm over 4 steps of 5 nodes, 8 um over 4 cells; a cell's centre lies half of it further in.
  assert.deepEqual(spacing, [10, 2.5, 0.002]);
  assert.deepEqual(origin, [-25, 8, 21 * 0.001]);
  // From 8 down to -2: the second axis runs the other way.
  assert.deepEqual(direction, [1, 0, 0, 0, -1, 0, 0, 0, 1]);
  assert.deepEqual(gridOf({ 'axis mins': '1 2 3' }).spacing, [1, 1, 1], 'a first place alone is no size');
  assert.deepEqual(gridOf({ 'axis mins': '1 2 3' }).origin, [1.5, 2.5, 3.5]);
  const reversed = gridOf({ spacings: '-2 3 4', 'axis mins': '0 0 0', 'axis maxs': '60 60 60' });
  assert.deepEqual(reversed.spacing, [2, 3, 4]);
  assert.deepEqual(reversed.direction, [-1, 0, 0, 0, 1, 0, 0, 0, 1]);
  assert.deepEqual(gridOf({ 'axis mins': '1 2 3' }).direction, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

test('NRRD: an image of two axes in space has its pixel sizes in the units of space', () => {
  const given = { space: 'left-posterior-superior', 'space units': '"cm" "cm" "mm"' };
  const { spacing, origin, notices } = gridOf(given, ['(0.3,0.4,0)', '(0,0,7)'], [6, 5]);
  assert.deepEqual([spacing, origin], [[5, 7, 1], [0, 0, 0]]); // biome-ignore format: a pair
  assert.equal(notices.filter((notice) => /cm and were converted/.test(notice)).length, 1);
  assert.throws(() => gridOf(given, ['(0,0,0)', '(0,0,7)'], [6, 5]), { code: 'scan/corrupt' });
});

test('NRRD: axes in space are those with a direction, else of a kind of space, else the first three', () => {
  const axes = (given: Record<string, string>, directions: string[] | null, sizes: number[]) =>
    spatialAxes(new Map(Object.entries(given)), directions, sizes);
  assert.deepEqual(axes({}, ['none', '(1,0,0)', '(0,1,0)', '(0,0,1)'], [3, 6, 5, 4]), [1, 2, 3]);
  assert.deepEqual(axes({}, ['(1,0,0,0)', '(0,1,0,0)', '(0,0,1,0)', '(0,0,0,1)'], [6, 5, 4, 1]), [0, 1, 2]);
  assert.deepEqual(axes({ kinds: 'vector domain space ???' }, null, [3, 6, 5, 4]), [1, 2, 3]);
  assert.deepEqual(axes({ kinds: 'vector vector domain' }, null, [3, 6, 5]), [0, 1, 2], 'one axis is no image');
  assert.deepEqual(axes({}, null, [6, 5, 4, 1]), [0, 1, 2]);
});

test("a segmentation's segments have numbers from 1 to 255, their own or their place, and layer 0 unless they say", () => {
  const pairs = new Map(
    Object.entries({
      Segment0_ID: 'S_1 ',
      Segment1_ID: 'S_2', Segment1_LabelValue: '7', Segment1_Name: ' liver ', Segment1_Layer: '2',
      Segment2_ID: 'S_3', Segment2_LabelValue: '0',
      Segment3_ID: 'S_4', Segment3_LabelValue: '256',
      Segment4_ID: 'S_5', Segment4_LabelValue: '1.5',
      Segment5_ID: 'S_6', Segment5_LabelValue: '255', Segment5_Layer: 'x',
    }), // biome-ignore format: a table
  );
  assert.deepEqual(slicerSegments(pairs), [
    { number: 1, name: 'S_1', layer: 0 },
    { number: 7, name: 'liver', layer: 2 },
    { number: 255, name: 'S_6', layer: 0 },
  ]);
  assert.deepEqual(slicerSegments(new Map()), []);
});
