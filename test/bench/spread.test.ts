/** What the reader bench draws in scans whole and spread: as many slices, or outlines as long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosen, lengthOf, slicesOf } from '../../bench/reader/spread.ts';
import { maskOf } from '../services/helpers.ts';

const GRID = { ...maskOf(), size: [12, 12, 16] as const };
const pool = Array.from({ length: 16 }, (_, n) => `scan_${String(n).padStart(2, '0')}`);
/** Boxes that grow with the number of the scan. */
const slices = pool.flatMap((name, n) => slicesOf(name, maskOf(1, [2, 2, 3], [4 + (n >> 1), 5, 12], GRID)));

test('an outline is as long as the edges of the voxels around it, and an empty slice has none', () => {
  const [empty, full] = [slices[0], slices[5]];
  assert.equal(empty.contour, 0);
  // Two voxels of 1 mm along i, three of 1.5 mm along j.
  assert.equal(full.contour, 2 * 2 * 1 + 2 * 3 * 1.5);
});

test('spread slices are as many as those of four whole scans, or have outlines as long, over all scans', () => {
  const drawn = chosen(pool, slices, 1);
  assert.equal(drawn.whole.length, 4 * 16);
  assert.equal(drawn.slices.length, drawn.whole.length);
  assert.deepEqual(new Set(drawn.slices.map(({ name }) => name)).size, pool.length);
  const longest = Math.max(...slices.map(({ contour }) => contour));
  assert.ok(Math.abs(lengthOf(drawn.contour) - lengthOf(drawn.whole)) <= longest);
  for (const list of Object.values(drawn)) assert.equal(new Set(list).size, list.length, 'no slice twice');
});
