import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGaps } from '../../src/core/edit/gaps.ts';
import { drawn, emptyMask } from './helpers.ts';

const EMPTY = ['....', '....', '....', '....'];
const ONE = ['....', '.11.', '.11.', '....'];
const TWO = ['2...', '....', '....', '....'];

test('empty slices between drawn ones are counted, by label, and none at the ends', () => {
  const mask = drawn([EMPTY, ONE, EMPTY, EMPTY, ONE, EMPTY, ONE, EMPTY]);
  assert.deepEqual(findGaps(mask, [1, 2]), [{ label: 1, normal: 2, slices: 3, first: 2, last: 5 }]);
});

test('a label that is whole has no gap, whatever lies beside it', () => {
  assert.deepEqual(findGaps(drawn([ONE, ONE, TWO, TWO]), [1, 2]), []);
  assert.deepEqual(findGaps(emptyMask([4, 4, 4]), [1, 2]), []);
});

test('two organs side by side are no gap, every other sagittal slice is one', () => {
  const kidneys = ['11.11', '11.11'];
  assert.deepEqual(findGaps(drawn([kidneys, kidneys]), [1]), []);
  const sagittal = ['1.1.1', '1.1.1'];
  assert.deepEqual(findGaps(drawn([sagittal, sagittal]), [1]), [{ label: 1, normal: 0, slices: 2, first: 1, last: 3 }]);
});
