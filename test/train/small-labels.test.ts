/** Small labels, told by volumes alone: which are, and when training makes up for them by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Three } from '../../src/core/axes.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { Random } from '../../src/core/random.ts';
import { largestPatch } from '../../src/core/train/fit-patch.ts';
import {
  canBeSmall,
  type DrawnScan,
  ENOUGH_SCANS,
  measuresFor,
  settleSmallStructures,
  smallLabels,
} from '../../src/core/train/small-labels.ts';

const VOXEL: Three<number> = [1.5, 1.5, 3];
const ABDOMEN = { size: [314, 314, 102] as const, voxel: VOXEL };
const [KIDNEY, TUMOUR] = [1, 2];

const scans = (count: number, ml: [number, number][], { size } = ABDOMEN as { size: readonly number[] }): DrawnScan[] =>
  Array.from({ length: count }, () => ({ size, ml: new Map(ml) }));
const options = (given: Parameters<typeof resolveOptions>[0] = {}, voxel = ABDOMEN.voxel) => ({
  ...resolveOptions(given),
  voxel,
});
const found = (drawn: DrawnScan[], given = {}, voxel = ABDOMEN.voxel) =>
  smallLabels(
    drawn,
    options(given, voxel),
    drawn.map(({ size }) => size),
  );

test('tumours in an abdomen are small, the kidneys around them are not', () => {
  const drawn = [
    ...scans(3, [[KIDNEY, 400]]),
    ...scans(2, [
      [KIDNEY, 400],
      [TUMOUR, 15],
    ]),
  ];
  assert.deepEqual(found(drawn), [{ label: TUMOUR, scans: 2 }]);
  assert.deepEqual(found(scans(3, [[KIDNEY, 400]])), []);
});

test('what a patch holds a good part of is not small, however few ml', () => {
  // Hippocampi of 2 ml in scans of 35x51x35 mm; a left atrium in a chest.
  assert.deepEqual(found(scans(20, [[1, 2]], { size: [35, 51, 35] }), {}, [1, 1, 1]), []);
  assert.deepEqual(found(scans(20, [[1, 40]], { size: [91, 70, 44] }), {}, [1.25, 1.25, 1.25]), []);
});

test('nothing is small where somebody chose a patch, or said whether structures are', () => {
  const drawn = scans(20, [[TUMOUR, 15]]);
  assert.equal(found(drawn).length, 1);
  for (const given of [{ patch: [64, 64, 32] }, { smallStructures: 'off' }, { smallStructures: 'on' }] as const) {
    assert.deepEqual(found(drawn, given), []);
    assert.equal(canBeSmall(options(given), [ABDOMEN.size]), false);
  }
  assert.equal(canBeSmall(options(), [ABDOMEN.size]), true);
  assert.equal(canBeSmall(options({}, [1, 1, 1]), [[35, 51, 35]]), false);
});

test('small labels are made up for by what their labelled scans allow, unless something else was asked for', () => {
  const small = (count: number) => found(scans(count, [[TUMOUR, 15]]));
  assert.deepEqual([[], small(1), small(ENOUGH_SCANS - 1), small(ENOUGH_SCANS)].map(measuresFor), [
    'off',
    'few',
    'few',
    'on',
  ]);
  const few = settleSmallStructures({ foregroundShare: 0.5 }, small(ENOUGH_SCANS - 1));
  assert.deepEqual(
    [few.smallStructures, few.region, few.foregroundShare, few.diceClasses],
    ['few', 'auto', 0.5, 'all'],
  );
  assert.deepEqual(largestPatch({ ...options(), ...few }, [ABDOMEN.size]), largestPatch(options(), [ABDOMEN.size]));
  const enough = settleSmallStructures({ region: 'off' }, small(ENOUGH_SCANS));
  assert.deepEqual(
    [enough.smallStructures, enough.region, enough.foregroundShare, enough.diceClasses],
    ['on', 'off', 0.33, 'present'],
  );
  assert.equal(settleSmallStructures({ smallStructures: 'off' }, []).smallStructures, 'off');
  assert.equal(settleSmallStructures({ smallStructures: 'on' }, []).smallStructures, 'on');
});

test('the chance of a patch to meet a label is that of intervals thrown on lines', () => {
  // Volumes from some where a label is small to some where it is not: thrown, the border lies at the same ml.
  const patch = largestPatch(options(), [ABDOMEN.size]);
  const random = new Random(1);
  const thrown = (ml: number) => {
    const d = Math.cbrt((6000 * ml) / Math.PI);
    const meets = (axis: number) => {
      const [field, p] = [ABDOMEN.size[axis] * ABDOMEN.voxel[axis], patch[axis] * ABDOMEN.voxel[axis]];
      const [from, at] = [random.uniform() * (field - p), random.uniform() * (field - d)];
      return from < at + d && at < from + p;
    };
    let n = 0;
    for (let i = 0; i < 20_000; i++) if ([0, 1, 2].map(meets).every(Boolean)) n++;
    return n / 20_000;
  };
  for (const ml of [2, 15, 60, 150, 300, 600]) {
    const chance = thrown(ml);
    if (Math.abs(chance - 0.25) > 0.01) assert.equal(found(scans(1, [[1, ml]])).length === 1, chance < 0.25, `${ml}`);
  }
});
