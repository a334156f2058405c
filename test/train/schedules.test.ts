import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lambdaAt, learningRateAt } from '../../src/core/train/schedules.ts';

const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}`);
const poly = { schedule: 'poly', steps: 200, learningRate: 0.1, warmUp: 0 } as const;

test('the learning rate falls as (1 - t/T)^0.9 or as half a cosine', () => {
  assert.deepEqual(
    [0, 100].map((t) => learningRateAt(t, poly)),
    [0.1, 0.1 * 0.5 ** 0.9],
  );
  const cosine = { ...poly, schedule: 'cosine' } as const;
  close(learningRateAt(0, cosine), 0.1);
  close(learningRateAt(50, cosine), (0.1 * (1 + Math.SQRT1_2)) / 2);
  close(learningRateAt(100, cosine), 0.05);
  assert.ok(learningRateAt(199, cosine) > 0 && learningRateAt(199, cosine) < 1e-5);
});

test('with a warm-up of a tenth the first step has a twentieth of the rate, and from the tenth on the schedule holds', () => {
  const warm = { ...poly, warmUp: 0.1 };
  close(learningRateAt(0, warm), 0.1 / 20);
  close(learningRateAt(9, warm), (10 / 20) * learningRateAt(9, poly));
  assert.equal(learningRateAt(19, warm), learningRateAt(19, poly));
  assert.equal(learningRateAt(150, warm), learningRateAt(150, poly));
});

test('lambda rises from the step on in which unlabelled scans have a part', () => {
  const options = { steps: 200, lambdaRamp: 0.5, lambdaMax: 0.1, unlabelledFrom: 0.2 };
  assert.equal(lambdaAt(39, options), 0);
  close(lambdaAt(40, options), 0.1 * Math.exp(-5));
  close(lambdaAt(80, options), 0.1 * Math.exp(-5 / 4));
  assert.equal(lambdaAt(120, options), 0.1);
  close(lambdaAt(0, { ...options, unlabelledFrom: 0 }), 0.1 * Math.exp(-5));
});
