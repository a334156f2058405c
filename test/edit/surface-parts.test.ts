/** What surfaces are made of: each label on a grid of its own, as fine as its size allows, a slice at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexToWorld } from '../../src/core/edit/planes.ts';
import { surfaceOf } from '../../src/core/edit/surface.ts';
import { type LabelPart, labelParts } from '../../src/core/edit/surface-parts.ts';
import { type LabelMap, lpsPoint, NOT_DRAWN, spacingMm } from '../../src/core/volume.ts';

const SIZE = [30, 26, 20] as const;
/** Label 1: a large block; label 7: two voxels; what nobody drew beside them. */
function mask(): LabelMap {
  const data = new Uint8Array(30 * 26 * 20);
  const put = (i: number, j: number, k: number, value: number) => {
    data[i + 30 * (j + 26 * k)] = value;
  };
  for (let k = 2; k < 18; k++) for (let j = 3; j < 21; j++) for (let i = 4; i < 24; i++) put(i, j, k, 1);
  put(27, 23, 9, 7);
  put(28, 23, 9, 7);
  put(1, 1, 5, NOT_DRAWN);
  const direction = [0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1] as const;
  return { size: SIZE, spacing: spacingMm(0.5, 1, 2), direction, origin: lpsPoint(3, -8, 40), data };
}
const always = () => true;
const parts = (fine?: number) => [...labelParts(mask(), [1, 7], always, fine)].filter((part) => part !== null);
const part = (of: LabelPart[], label: number) => of.find((one) => one.label === label) as LabelPart;

test('a small label is as it is beside a large one that is thinned out', () => {
  const all = parts(1000);
  const [large, small] = [part(all, 1), part(all, 7)];
  // 20 x 18 x 16 voxels are 5,760: every second one.
  assert.deepEqual(large.mask.size, [10, 9, 8]);
  assert.deepEqual([...large.mask.spacing], [1, 2, 4]);
  assert.ok(large.mask.data.every((value) => value === 1));
  assert.deepEqual(small.mask.size, [2, 1, 1]);
  assert.deepEqual([...small.mask.spacing], [0.5, 1, 2]);
  assert.deepEqual([...small.mask.origin], [...indexToWorld(mask(), [27, 23, 9])]);
});

test('the surface of a part is that of the label in its mask', () => {
  for (const label of [1, 7]) {
    const expected = surfaceOf(mask(), label);
    const found = surfaceOf(part(parts(), label).mask, 1);
    assert.ok(expected && found);
    assert.deepEqual(found.triangles, expected.triangles);
    found.positions.forEach((value, n) => {
      assert.ok(Math.abs(value - expected.positions[n]) < 1e-4);
    });
  }
});

test('others have a turn after each slice, and slices without a label are not looked at', () => {
  const steps = [...labelParts(mask(), [7], (label, k) => label === 7 && k === 9)];
  assert.equal(steps.length, 3, 'one slice looked at, one taken, and the part');
  assert.equal(steps.filter((one) => one !== null).length, 1);
  const turns = [...labelParts(mask(), [1], (_, k) => k >= 2 && k < 18)].filter((one) => one === null).length;
  assert.equal(turns, 16 + 16);
});

test('a label that is not there makes no part', () => {
  assert.deepEqual(
    [...labelParts(mask(), [5], always)].filter((one) => one !== null),
    [],
  );
});
