/** Pictures of failures in the reader bench, and figures of several seeds as one. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { COHORTS } from '../../bench/reader/cohort.ts';
import { overSeeds } from '../../bench/reader/figures.ts';
import { Album } from '../../bench/reader/pictures.ts';
import type { Session } from '../../bench/reader/simulated.ts';
import { diceOf } from '../../bench/reader/simulated.ts';
import { maskOf, scanOf } from '../services/helpers.ts';

const scan = scanOf(1);
const truth = maskOf(1);

/** A session that ended with a mask one box too far on the slices `from` to `to`. */
function endedWith(to: number): Session {
  const { data } = maskOf(1, [2, 2, 2], [6, 5, to]);
  return {
    ...{ dice: [0, diceOf(data, truth.data)], seconds: [], mask: data, start: new Uint8Array(data.length) },
    seeds: [{ inside: true, voxels: [truth.data.indexOf(1)] }],
  };
}

test('an album shows the five worst cases, worst first, on the slice where most is wrong', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'decile-album-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const names = [5, 3, 2, 4, 5, 2].map((_, n) => `case_${n}.nii.gz`);
  const sessions = [5, 3, 2, 4, 5, 2].map(endedWith);
  const album = new Album(folder);
  await album.add({ cohort: COHORTS[0], evidence: 'model', seed: 2 }, names, sessions, async (name) => ({
    ...{ name, scan, mask: truth },
  }));
  const shown = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  assert.equal(shown.length, 5);
  assert.deepEqual(
    shown.map(({ after }: { after: number }) => after),
    sessions
      .map(({ dice }) => dice[1])
      .sort((a, b) => a - b)
      .slice(0, 5),
  );
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  for (const { file, case: name } of shown) {
    assert.match(file, new RegExp(`^left-atrium-model-seed-2-\\d-${name}-start-0.0-after-1-clicks-\\d`));
    assert.ok(page.includes(encodeURIComponent(file)));
    assert.deepEqual([...readFileSync(join(folder, file)).subarray(1, 4)], [...Buffer.from('PNG')]);
  }
  assert.ok(existsSync(join(folder, shown[0].file)));
  // Nothing but slice 2 is there of the box's three: slice 3 lacks the whole box.
  assert.ok([3, 4].includes(shown[0].slice));
});

test('figures of several seeds are one: counts added up, other numbers their mean', () => {
  const one = (seed: number, mean: number, failures: number, p: number | null) => [
    { figure: 'clicks', cohort: 'a', dice: 90, mean, failures, p, seed },
  ];
  assert.deepEqual(overSeeds([one(1, 4, 2, null), one(2, 7, 3, 0.5)]), [
    { figure: 'clicks', cohort: 'a', dice: 90, mean: 5.5, failures: 5, p: 0.5, sdOfSeeds: 2.121, seeds: 2 },
  ]);
  assert.deepEqual(overSeeds([one(1, 4, 2, null)]), one(1, 4, 2, null));
});
