import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatch, type Handlers } from '../../src/api/api.ts';
import {
  applyBoxes,
  CALLS,
  createClient,
  decodeBoxes,
  encodeBoxes,
  type Reply,
} from '../../src/shared/contract/index.ts';
import { DecileError } from '../../src/shared/errors.ts';

const SIZE = [4, 3, 2] as const;

test('boxes of edited voxels come back as they were sent, whatever their lengths', () => {
  const boxes = [
    { start: [1, 0, 0], size: [3, 1, 1], values: Uint8Array.of(1, 2, 3) },
    { start: [1, 0, 1], size: [3, 3, 1], values: new Uint8Array(9).fill(5), only: Uint8Array.of(0b10100101, 1) },
    { start: [0, 1, 1], size: [1, 2, 1], values: Uint8Array.of(7, 8) },
  ] as const;
  assert.deepEqual(decodeBoxes(encodeBoxes(boxes), SIZE), boxes);
});

test('a box writes its own voxels and no others', () => {
  const mask = new Uint8Array(4 * 3 * 2).fill(9);
  applyBoxes(mask, SIZE, [{ start: [1, 1, 1], size: [2, 2, 1], values: Uint8Array.of(1, 2, 3, 4) }]);
  const at = (i: number, j: number, k: number) => mask[i + 4 * (j + 3 * k)];
  assert.deepEqual([at(1, 1, 1), at(2, 1, 1), at(1, 2, 1), at(2, 2, 1)], [1, 2, 3, 4]);
  assert.equal(mask.filter((value) => value === 9).length, 4 * 3 * 2 - 4);
});

test('a box with bits writes the voxels that they name and no others', () => {
  const mask = new Uint8Array(4 * 3 * 2).fill(9);
  const values = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  const only = Uint8Array.of(0b00100001, 0b1000);
  applyBoxes(mask, SIZE, [{ start: [0, 0, 1], size: [4, 3, 1], values, only }]);
  const written = [...mask.subarray(12)].flatMap((value, v) => (value === 9 ? [] : [[v, value]]));
  assert.deepEqual(written, [
    [0, 1],
    [5, 6],
    [11, 12],
  ]);
  assert.ok(mask.subarray(0, 12).every((value) => value === 9));
});

test('a box that leaves the grid, or ends early, is refused', () => {
  const bits = encodeBoxes([
    { start: [0, 0, 0], size: [4, 3, 1], values: new Uint8Array(12), only: Uint8Array.of(1, 1) },
  ]);
  assert.throws(() => decodeBoxes(bits.subarray(0, 37), SIZE), { code: 'mask/bad-edit' });
  const outside = encodeBoxes([{ start: [3, 0, 0], size: [2, 1, 1], values: Uint8Array.of(1, 1) }]);
  assert.throws(() => decodeBoxes(outside, SIZE), { code: 'mask/bad-edit' });
  const whole = encodeBoxes([{ start: [0, 0, 0], size: [4, 3, 1], values: new Uint8Array(12) }]);
  assert.throws(() => decodeBoxes(whole.subarray(0, 30), SIZE), { code: 'mask/bad-edit' });
  assert.throws(() => decodeBoxes(whole.subarray(0, 10), SIZE), { code: 'mask/bad-edit' });
});

test('a call with wrong input never reaches its handler, and the reply names the field', async () => {
  let reached = false;
  const handlers = {
    'train.pause': () => {
      reached = true;
      return null;
    },
  } as unknown as Handlers;
  const reply = (await dispatch(handlers, () => {}, 'train.pause', { run: '../../etc' })) as Reply<null>;
  assert.equal(reached, false);
  assert.equal(reply.ok, false);
  assert.equal(!reply.ok && reply.error.code, 'call/invalid');
  assert.match(reply.ok ? '' : reply.error.message, /run/);
});

test('an unknown call, or a name from the prototype, is refused', async () => {
  for (const name of ['projects.destroy', 'constructor', '__proto__', 3, undefined]) {
    const reply = await dispatch({} as Handlers, () => {}, name, undefined);
    assert.equal(reply.ok ? '' : reply.error.code, 'call/unknown');
  }
});

test('no call of the contract takes a path that a handler would open, but the one for looking around', () => {
  const fields = Object.entries(CALLS).filter(
    ([, { input }]) => 'shape' in input && Object.keys(input.shape as object).some((key) => /path|file$/i.test(key)),
  );
  assert.deepEqual(
    fields.map(([name]) => name),
    ['folders.browse'],
  );
});

test('the client throws what main refused, with code, message and cure', async () => {
  const client = createClient({
    call: async () => ({ ok: false, error: { code: 'disk/full', message: 'No room.', cure: 'Free some.' } }),
    subscribe: () => () => {},
    data: async () => Response.json({ code: 'scan/missing', message: 'Gone.', cure: 'Restore it.' }, { status: 404 }),
    dataUrl: (path) => path,
  });
  await assert.rejects(
    client.call('projects.close'),
    (error: unknown) => error instanceof DecileError && error.code === 'disk/full' && error.cure === 'Free some.',
  );
  await assert.rejects(client.data('/data/volume/1'), { code: 'scan/missing', message: 'Gone.' });
});
