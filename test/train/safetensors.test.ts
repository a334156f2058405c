import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecileError } from '../../src/core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/core/train/safetensors.ts';

const bytes = encodeSafetensors(
  {
    'student/w': { shape: [2, 2], values: Float32Array.from([1, 2, 3, 4]) },
    b: { shape: [1], values: Float32Array.from([5]) },
  },
  { decile: '{"step":3}' },
);

test('a checkpoint comes back as it was written', () => {
  const { tensors, metadata } = decodeSafetensors(bytes);
  assert.deepEqual(tensors['student/w'], { shape: [2, 2], values: Float32Array.from([1, 2, 3, 4]) });
  assert.deepEqual([...tensors.b.values], [5]);
  assert.equal(metadata.decile, '{"step":3}');
});

test('a checkpoint cut short anywhere is refused with a code', () => {
  for (let length = 0; length < bytes.length; length += 7) {
    assert.throws(
      () => decodeSafetensors(bytes.subarray(0, length)),
      (error) => error instanceof DecileError && error.code === 'checkpoint/corrupt',
    );
  }
});
