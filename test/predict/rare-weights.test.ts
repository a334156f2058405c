import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDENTITY } from '../../src/core/geometry.ts';
import { decide } from '../../src/core/predict/decide.ts';
import { bestExpectedDice, rareWeights } from '../../src/core/predict/rare-weights.ts';
import { Random } from '../../src/core/random.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';

const map = (...values: number[]) => Float32Array.from(values);

test('the best expected Dice is that of the best threshold', () => {
  const random = new Random(3);
  const p = Float32Array.from({ length: 500 }, () => random.uniform() ** 3);
  const all = p.reduce((sum, v) => sum + v, 0);
  const of = (t: number) => {
    const inside = p.filter((v) => v >= t);
    return (2 * inside.reduce((sum, v) => sum + v, 0)) / (inside.length + all);
  };
  const most = Math.max(...Array.from(p, of));
  assert.ok(Math.abs(bestExpectedDice(p) - most) < 1e-3, `${bestExpectedDice(p)}, not ${most}`);
  assert.equal(bestExpectedDice(map(1, 0, 0, 1)), 1);
  assert.equal(bestExpectedDice(map(0, 0)), 0);
});

test('a rare label counts for more the less sure the network is of it, beside the label that it is surest of', () => {
  const kidney = map(1, 1, 1, 0.7, 0.7, 0);
  const tumour = map(0, 0, 0, 0.3, 0.3, 0);
  const background = map(0, 0, 0, 0, 0, 1);
  const [one, same, weight] = rareWeights([background, kidney, tumour], [2]);
  assert.deepEqual([one, same], [1, 1]);
  const [f, least] = [bestExpectedDice(kidney), bestExpectedDice(tumour)];
  assert.ok(Math.abs(least - 1.2 / 2.6) < 1e-6);
  assert.ok(Math.abs(weight - (f / least) ** 3) < 1e-9 && weight > 7 / 3, `${weight}`);
  assert.deepEqual(
    rareWeights([background, kidney, tumour], []),
    [1, 1, 1],
    'labels that are not rare count as they are',
  );
  assert.deepEqual(rareWeights([background, kidney], [1]), [1, 1], 'one label has none beside it');
  const doubtful = map(0, 0, 0, 0.1, 0.1, 0.1);
  assert.deepEqual(rareWeights([background, kidney, doubtful], [2]), [1, 1, 1], 'what may as well not be there stays');
});

test('a mask has the weighed label, and says of itself what the probabilities say of that mask', () => {
  const grid: Grid = { size: [6, 1, 1], spacing: spacingMm(1, 1, 1), origin: lpsPoint(0, 0, 0), direction: IDENTITY };
  const maps = [map(0, 0, 0, 0, 0, 1), map(1, 1, 1, 0.7, 0.7, 0), map(0, 0, 0, 0.3, 0.3, 0)];
  assert.deepEqual([...decide(maps, grid, grid).mask.data], [1, 1, 1, 1, 1, 0]);
  const { mask, ownDice } = decide(maps, grid, grid, [2]);
  assert.deepEqual([...mask.data], [1, 1, 1, 2, 2, 0]);
  assert.deepEqual(
    ownDice.map((dice) => Math.round(10 * dice) / 10),
    [600 / 7.4, 120 / 2.6].map((dice) => Math.round(10 * dice) / 10),
  );
});
