import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from '../../src/engine/webgpu/patience.ts';

test('what was never seen, and what is over at once, is not slept for', () => {
  const patience = new Patience();
  assert.equal(patience.sleepFor(400), 0);
  patience.took(400, 4);
  assert.equal(patience.sleepFor(400), 0); // 3 ms
});

test('three quarters of the time before are slept, of the same number of dispatches alone', () => {
  const patience = new Patience();
  patience.took(400, 100);
  assert.equal(patience.sleepFor(400), 75);
  assert.equal(patience.sleepFor(391), 0);
});

test('a shorter time is believed at once, a longer one by a quarter each time', () => {
  const patience = new Patience();
  for (const milliseconds of [100, 40]) patience.took(7, milliseconds);
  assert.equal(patience.sleepFor(7), 30);
  patience.took(7, 80); // 40 + (80 - 40) / 4
  assert.equal(patience.sleepFor(7), 37);
});

test('a sleep that is too long heals: times that are the sleep itself shrink', () => {
  const patience = new Patience();
  patience.took(7, 1000);
  for (let n = 0; n < 20; n++) patience.took(7, patience.sleepFor(7));
  assert.equal(patience.sleepFor(7), 0);
});
