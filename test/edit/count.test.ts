import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countLabels, labelledBySlice } from '../../src/core/edit/count.ts';

/** One voxel after the other. */
function slow(data: Uint8Array, from: number, to: number): number[] {
  const counts = new Array<number>(256).fill(0);
  for (let v = from; v < to; v++) counts[data[v]]++;
  return counts;
}

test('labels are counted as one by one, wherever the part begins and ends', () => {
  const whole = Uint8Array.from({ length: 103 }, (_, v) => (v % 7 < 4 ? 0 : (v * 31) % 256));
  for (const offset of [0, 1, 2, 3]) {
    const data = whole.subarray(offset);
    for (const [from, to] of [
      [0, data.length],
      [1, 2],
      [3, 3],
      [2, 97],
      [5, 8],
    ] as const) {
      const counts = new Uint32Array(512).fill(9);
      countLabels(data, from, to, counts, 256);
      assert.deepEqual([...counts.subarray(256)], slow(data, from, to));
      assert.equal(counts[0], 9, 'nothing else is written');
    }
  }
});

test('labelled voxels by slice', () => {
  const data = new Uint8Array(3 * 3 * 2);
  data.set([1, 2, 0, 5], 3);
  data.set([7], 10);
  assert.deepEqual(labelledBySlice({ data, size: [3, 3, 2] }), [3, 1]);
});
