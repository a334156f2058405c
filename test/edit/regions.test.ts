import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLabel } from '../../src/core/edit/changes.ts';
import { BOOLEAN_OPERATIONS, clearSlices, combineWith, copySlice } from '../../src/core/edit/combine.ts';
import { componentsOf, keepLargest, removeIslands } from '../../src/core/edit/components.ts';
import { protect, Recorder } from '../../src/core/edit/edit.ts';
import { fillHoles, floodFill, growRegion } from '../../src/core/edit/flood.ts';
import { voxelIndex } from '../../src/core/volume.ts';
import { change, drawn, emptyMask, picture, scanOf } from './helpers.ts';

test('flood fill fills a closed outline and stops at it', () => {
  const mask = drawn([['......', '.1111.', '.1..1.', '.1111.', '......']]);
  change(mask, (r) => floodFill(r, voxelIndex(2, 2, 0), 2, 2));
  assert.deepEqual(picture(mask), ['......', '.1111.', '.1221.', '.1111.', '......']);
});

test('flood fill of an open area is refused and changes nothing', () => {
  const mask = drawn([['.111.', '.1.1.', '.1.1.']]);
  const recorder = new Recorder(mask);
  assert.throws(() => floodFill(recorder, voxelIndex(2, 2, 0), 2, 1), { code: 'edit/open-area' });
  assert.equal(recorder.finish('fill'), null);
});

test('flood fill on a label gives the connected part another label, in the plane or in 3D', () => {
  const rows = ['11.1', '11.1'];
  const flat = drawn([rows, rows]);
  change(flat, (r) => floodFill(r, voxelIndex(0, 0, 0), 2, 3));
  assert.deepEqual([picture(flat, 0), picture(flat, 1)], [['33.1', '33.1'], rows]);
  const solid = drawn([rows, rows]);
  change(solid, (r) => floodFill(r, voxelIndex(0, 0, 0), null, 3));
  assert.deepEqual(picture(solid, 1), ['33.1', '33.1']);
});

test('region growing follows similar intensities and stops at other labels', () => {
  const scan = scanOf([7, 3, 3], (i) => (i < 5 ? 100 + i : 200));
  const mask = emptyMask([7, 3, 3]);
  mask.data.fill(2, 0, 1);
  change(mask, (r) => growRegion(r, scan, voxelIndex(2, 1, 1), { normal: null, value: 1, tolerance: 3, limit: 1000 }));
  assert.deepEqual(picture(mask, 0), ['21111..', '11111..', '11111..']);
  assert.deepEqual(picture(mask, 2), ['11111..', '11111..', '11111..']);
});

test('a leaking region is refused and changes nothing', () => {
  const mask = emptyMask([8, 8, 8]);
  const recorder = new Recorder(mask);
  const scan = scanOf([8, 8, 8], () => 5);
  const options = { normal: null, value: 1, tolerance: 1, limit: 100 };
  assert.throws(() => growRegion(recorder, scan, voxelIndex(4, 4, 4), options), { code: 'edit/region-leaked' });
  assert.equal(recorder.finish('grow'), null);
});

test('holes are filled, bays that open to the outside are not, other labels in a hole stay', () => {
  const mask = drawn([['11111', '1.1.1', '121.1', '111.1']]);
  change(mask, (r) => fillHoles(r, 1, 2));
  assert.deepEqual(picture(mask), ['11111', '111.1', '121.1', '111.1']);
});

test('keep-largest keeps the largest component of one label, joined over corners, and leaves the other labels', () => {
  const mask = drawn([
    ['1..2', '.1..', '...1'],
    ['1...', '....', '..11'],
  ]);
  assert.deepEqual(componentsOf(mask, 1).sizes.toSorted(), [6]);
  const split = drawn([['11..2', '11...', '....1']]);
  change(split, (r) => assert.equal(keepLargest(r, 1), 1));
  assert.deepEqual(picture(split), ['11..2', '11...', '.....']);
});

test('keep-largest copes with a range that noise has broken into more components than a call takes arguments', () => {
  const mask = emptyMask([401_000, 1, 1]);
  for (let v = 0; v < mask.data.length; v += 2) mask.data[v] = 1;
  mask.data[7] = 1;
  change(mask, (r) => assert.equal(keepLargest(r, 1), 200_498));
  assert.deepEqual([...mask.data.subarray(4, 11)], [0, 0, 1, 1, 1, 0, 0]);
});

test('islands below the size go, larger ones stay', () => {
  const mask = drawn([['11.1.111']]);
  change(mask, (r) => assert.equal(removeIslands(r, 1, 2), 1));
  assert.deepEqual(picture(mask), ['11...111']);
});

test('boolean operations follow their truth table and leave other labels', () => {
  const source = drawn([['..22']]);
  const expected = { union: '.222', subtract: '.2.3', intersect: '..23' };
  for (const operation of BOOLEAN_OPERATIONS) {
    const mask = drawn([['.223']]);
    combineWith(new Recorder(mask), 2, operation, source, 2);
    assert.deepEqual(picture(mask), [expected[operation]], operation);
  }
  const locked = drawn([['.223']]);
  combineWith(new Recorder(locked, protect([3])), 2, 'union', source, 2);
  assert.deepEqual(picture(locked), ['.223']);
});

test('a slice is copied onto the next, one label or all of them', () => {
  const slices = [
    ['12.', '1..'],
    ['...', '.22'],
  ];
  const one = drawn(slices);
  change(one, (r) => copySlice(r, one, 2, 0, 1, 1));
  assert.deepEqual(picture(one, 1), ['1..', '122']);
  const all = drawn(slices);
  change(all, (r) => copySlice(r, all, 2, 0, 1, null));
  assert.deepEqual(picture(all, 1), ['12.', '1..']);
});

test('a slice is copied across every axis', () => {
  // 3 x 2 x 2 voxels; the source slice of each axis holds label 1 at the places of its own pattern.
  for (const [normal, expected] of [
    [0, [['1.1', '...'], ['2..', '1.1']]], // biome-ignore format: a table
    [1, [['1..', '1..'], ['2..', '2..']]], // biome-ignore format: a table
    [2, [['1..', '...'], ['1..', '...']]], // biome-ignore format: a table
  ] as const) {
    const mask = drawn([
      ['1..', '...'],
      ['2..', '1..'],
    ]);
    const last = [2, 1, 1][normal];
    change(mask, (r) => copySlice(r, mask, normal, 0, last, normal === 1 ? null : 1));
    assert.deepEqual([picture(mask, 0), picture(mask, 1)], expected, `across axis ${normal}`);
  }
});

test('a label is cleared on a range of slices, both ends included; null clears every label', () => {
  const four = () => drawn([['12'], ['12'], ['12'], ['12']]);
  const slices = (mask: ReturnType<typeof four>) => [0, 1, 2, 3].map((k) => picture(mask, k)[0]);
  const one = four();
  change(one, (r) => clearSlices(r, 2, [1, 2], 1));
  assert.deepEqual(slices(one), ['12', '.2', '.2', '12']);
  const all = four();
  change(all, (r) => clearSlices(r, 2, [1, 2], null));
  assert.deepEqual(slices(all), ['12', '..', '..', '12']);
  const across = four();
  change(across, (r) => clearSlices(r, 0, [1, 1], null));
  assert.deepEqual(slices(across), ['1.', '1.', '1.', '1.']);
});

test('a region may have as many voxels as the limit, and grows from the mean of the voxels around the seed', () => {
  const grown = (limit: number, options: object = {}) => {
    const mask = emptyMask([4, 3, 3]);
    const scan = scanOf([4, 3, 3], (i, _j, k) => 10 * i + 100 * k);
    const given = { normal: 2, value: 1, tolerance: 5, limit, ...options } as const;
    growRegion(new Recorder(mask), scan, voxelIndex(1, 1, 1), given);
    return mask.data.reduce((n, v) => n + v, 0);
  };
  assert.equal(grown(3), 3, 'the column of the seed on its slice: 110 is the mean of 100, 110 and 120');
  assert.throws(() => grown(2), { code: 'edit/region-leaked' });
  assert.equal(grown(9, { normal: null }), 3, 'in 3D the mean of all three slices is 110 as well');
  // At the scan's corner the mean is of the voxels that are there: 0, 10 and 100, 110 give 55.
  const mask = emptyMask([4, 3, 3]);
  const scan = scanOf([4, 3, 3], (i, _j, k) => 10 * i + 100 * k);
  growRegion(new Recorder(mask), scan, voxelIndex(0, 0, 0), { normal: null, value: 1, tolerance: 55, limit: 99 });
  assert.equal(
    mask.data.reduce((n, v) => n + v, 0),
    12 + 6,
    'from 0 to 110: all of the first slice, two columns of the second',
  );
});

test('a region whose seed differs from the voxels around it does not grow', () => {
  const mask = emptyMask([3, 3, 1]);
  const scan = scanOf([3, 3, 1], (i, j) => (i === 1 && j === 1 ? 90 : 0));
  growRegion(new Recorder(mask), scan, voxelIndex(1, 1, 0), { normal: 2, value: 1, tolerance: 20, limit: 9 });
  assert.ok(
    mask.data.every((v) => v === 0),
    'the mean is 10, the seed 90',
  );
});

test('holes are filled on the slices of the range alone, across any axis, and at the last row and column too', () => {
  const ring = ['1111', '1..1', '1..1', '1111'];
  const filled = ['1111', '1111', '1111', '1111'];
  const three = () => drawn([ring, ring, ring]);
  const mask = three();
  change(mask, (r) => fillHoles(r, 1, 2, [1, 9]));
  assert.deepEqual([picture(mask, 0), picture(mask, 1), picture(mask, 2)], [ring, filled, filled]);
  const first = three();
  change(first, (r) => fillHoles(r, 1, 2, [-3, 0]));
  assert.deepEqual([picture(first, 0), picture(first, 1)], [filled, ring]);
  const open = drawn([['111', '1.1', '1.1']]);
  fillHoles(new Recorder(open), 1, 2);
  assert.deepEqual(picture(open), ['111', '1.1', '1.1'], 'open at the last row');
  const side = drawn([['111', '1..', '111']]);
  fillHoles(new Recorder(side), 1, 2);
  assert.deepEqual(picture(side), ['111', '1..', '111'], 'open at the last column');
});

test('islands of exactly the size stay and are not counted', () => {
  const mask = drawn([['11.1.111']]);
  change(mask, (r) => assert.equal(removeIslands(r, 1, 3), 2));
  assert.deepEqual(picture(mask), ['.....111']);
});

test('what changed counts ml added and removed by label', () => {
  const was = drawn([['1122..']], [2, 5, 10]);
  const is = drawn([['1.21.2']], [2, 5, 10]);
  const ml = (2 * 5 * 10) / 1000;
  for (const label of [1, 2]) {
    const { addedMl, removedMl, worstSlice } = compareLabel(was, is, label);
    assert.deepEqual([addedMl, removedMl, worstSlice], [ml, ml, 0]);
  }
  assert.deepEqual(compareLabel(was, was, 1).worstSlice, null);
  const { dice, hd95 } = compareLabel(was, is, 1).metrics;
  assert.equal(dice, (200 * 1) / (2 + 2));
  assert.ok(hd95 !== null && hd95 > 0);
});
