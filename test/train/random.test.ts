import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/core/random.ts';

test('draws taken at once are those taken one by one, and leave the same state', () => {
  const [together, single] = [new Random(5, 3), new Random(5, 3)];
  for (const count of [0, 1, 7, 100]) {
    const expected = Array.from({ length: count }, () => single.uint32());
    assert.deepEqual(
      [...together.bits(count)].map((n) => n >>> 0),
      expected,
    );
    assert.deepEqual(together.state, single.state);
  }
});
