import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paint } from '../../bench/paint/painter.ts';
import { Brightness } from '../../bench/paint/thresholds.ts';
import { IDENTITY } from '../../src/core/geometry.ts';
import { type LabelMap, lpsPoint, spacingMm } from '../../src/core/volume.ts';

/** Two balls of 28 mm for kidneys, one with a tumour of 14 mm at its edge, in a field of view of 384 x 384 x 240 mm. */
function kidneys(): LabelMap {
  const size = [96, 96, 60] as const;
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let n = 0; n < data.length; n++) {
    const [x, y, z] = [n % 96, Math.floor(n / 96) % 96, Math.floor(n / 9216)].map((v) => 4 * v);
    const within = (cx: number, cy: number, cz: number, r: number) =>
      (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 <= r * r;
    if (within(120, 230, 110, 28) || within(264, 230, 120, 28)) data[n] = 1;
    if (within(110, 215, 110, 14)) data[n] = 2;
  }
  return { size, spacing: spacingMm(4, 4, 4), origin: lpsPoint(-192, -192, 0), direction: IDENTITY, data };
}

const mean = ({ data }: { data: Int16Array }, mask: LabelMap, label: number) => {
  let [sum, count] = [0, 0];
  for (let n = 0; n < data.length; n++)
    if (mask.data[n] === label) {
      sum += data[n];
      count++;
    }
  return sum / count;
};

test('the same seed and patient paint the same scan, another of either another one; the mask stays', () => {
  const mask = kidneys();
  const first = paint(mask, 1, 0);
  assert.deepEqual(paint(mask, 1, 0).scan.data, first.scan.data);
  assert.notDeepEqual(paint(mask, 2, 0).scan.data, first.scan.data);
  assert.notDeepEqual(paint(mask, 1, 1).scan.data, first.scan.data);
  assert.deepEqual(mask, kidneys());
});

test('a tumour is drawn 20 to 40 HU from its kidney and found by no brightness; air stands around the body', () => {
  const mask = kidneys();
  for (let stream = 0; stream < 6; stream++) {
    const { scan, tissues } = paint(mask, 3, stream);
    const drawn = Math.abs(tissues.kidney - tissues.tumour);
    assert.ok(drawn >= 20 && drawn <= 40);
    const seen = mean(scan, mask, 2) - mean(scan, mask, 1);
    assert.equal(Math.sign(seen), Math.sign(tissues.tumour - tissues.kidney));
    const brightness = new Brightness(2);
    brightness.add(scan.data, mask.data);
    for (const label of [1, 2]) {
      assert.ok(brightness.bestWindow(label) < 50, `${label}: ${brightness.bestWindow(label)}`);
      assert.ok(brightness.bestThreshold(label) <= brightness.bestWindow(label));
    }
    assert.ok(scan.data[0] < -900);
  }
});

test('the best threshold and window are those of the counted voxels', () => {
  const brightness = new Brightness(1);
  // Labelled: 10, 20, 20; not: 0, 20, 30. From 10 on: Dice 2 * 3 / (5 + 3); from 10 to 20: 2 * 3 / (4 + 3).
  brightness.add(Int16Array.of(10, 20, 20, 0, 20, 30), Uint8Array.of(1, 1, 1, 0, 0, 0));
  assert.equal(brightness.bestThreshold(1), 75);
  assert.equal(brightness.bestWindow(1), 600 / 7);
  const both = new Brightness(1);
  both.include(brightness);
  both.include(brightness);
  assert.equal(both.bestWindow(1), 600 / 7);
});
