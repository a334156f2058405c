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

const refused = (damaged: Uint8Array) =>
  assert.throws(
    () => decodeSafetensors(damaged),
    (error) => error instanceof DecileError && error.code === 'checkpoint/corrupt',
  );

test('weights that are not finite are refused (silent-damage-of-cache-and-weights)', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    refused(encodeSafetensors({ w: { shape: [2], values: Float32Array.from([1, value]) } }, {}));
});

test('one changed bit anywhere in the data is refused', () => {
  const start = bytes.length - 20;
  for (let at = start; at < bytes.length; at++) {
    const damaged = Uint8Array.from(bytes);
    damaged[at] ^= 1;
    refused(damaged);
  }
});

test('a damaged header is refused with a code, whatever byte it is (checkpoint-uncoded)', () => {
  for (let at = 8; at < bytes.length - 20; at++) {
    for (const value of [0, 0x20, 0x22, 0x5b, 0x7b, 0x30, 0xff]) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = value;
      try {
        decodeSafetensors(damaged);
      } catch (error) {
        assert.ok(error instanceof DecileError && error.code === 'checkpoint/corrupt', String(error));
      }
    }
  }
});

test('a changed figure in the header is refused, though header and data are each readable', () => {
  const text = Buffer.from(bytes).toString('latin1');
  const other = text.replace('\\"step\\":3', '\\"step\\":4');
  assert.notEqual(other, text);
  refused(new Uint8Array(Buffer.from(other, 'latin1')));
});
