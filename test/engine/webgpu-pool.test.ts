/** The pool of the webgpu engine's buffers, without a device. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from '../../src/engine/webgpu/pool.ts';

const MEGABYTE = 1e6;

test('steps that repeat make no buffers, also where what they keep is less than buffers of every size they ask for', () => {
  let [made, freed, batch] = [0, 0, 0];
  const pool = new Pool({
    make: () => made++,
    free: () => freed++,
    flush: () => batch++,
    get batch() {
      return batch;
    },
  });
  /** Ten maps of a size at a time, of sizes too far apart to share buffers where there is room. */
  const step = () => {
    for (const megabytes of [40, 30, 20]) {
      const slots = Array.from({ length: 10 }, () => pool.take(megabytes * MEGABYTE));
      for (const slot of slots) pool.release(slot);
    }
    batch++;
  };
  for (let n = 0; n < 3; n++) step();
  const [before, after] = [made, freed];
  for (let n = 0; n < 10; n++) step();
  assert.deepEqual([made - before, freed - after], [0, 0]);
  assert.ok(pool.peak <= 1.5 * 400 * MEGABYTE + 30 * 4096, `${pool.peak} bytes at the most`);
});
