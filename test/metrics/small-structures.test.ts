import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallStructures } from '../../src/core/metrics/index.ts';
import { type LabelMap, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import type { JobResult } from '../../src/study/run-job.ts';
import { smallStructureRows, smallStructuresMarkdown } from '../../src/study/small-structures.ts';

type Box = readonly [x: number, y: number, z: number, side: number];

/** Cubes of label 1 in 40x40x40 voxels of 2 mm: a side of 5 voxels is 1 ml, one of 10 is 8 ml. */
function cubes(...boxes: Box[]): LabelMap {
  const data = new Uint8Array(40 ** 3);
  for (const [x, y, z, side] of boxes)
    for (let k = z; k < z + side; k++)
      for (let j = y; j < y + side; j++) data.fill(1, x + 40 * (j + 40 * k), x + side + 40 * (j + 40 * k));
  return {
    data,
    size: [40, 40, 40],
    spacing: spacingMm(2, 2, 2),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
}

const LARGE: Box = [0, 0, 0, 10];
const SMALL: Box = [20, 20, 20, 5];
const OTHER: Box = [30, 5, 30, 5];

test('only structures of less than 5 ml count, and each is found or not by itself', () => {
  const reference = cubes(LARGE, SMALL, OTHER);
  assert.deepEqual(smallStructures(cubes(SMALL), reference, 1), { present: 2, found: 1 });
  assert.deepEqual(smallStructures(reference, reference, 1), { present: 2, found: 2 });
  assert.deepEqual(smallStructures(cubes(), reference, 1), { present: 2, found: 0 });
  assert.equal(smallStructures(cubes(LARGE), cubes(LARGE), 1), null);
  assert.equal(smallStructures(reference, reference, 2), null);
});

test('a piece that is far too large, or touches a corner, finds nothing', () => {
  // Shifted by 3 of 5 voxels along x: Dice 2/5. Along x and y: 4/25.
  assert.deepEqual(smallStructures(cubes([23, 20, 20, 5]), cubes(SMALL), 1), { present: 1, found: 1 });
  assert.deepEqual(smallStructures(cubes([23, 23, 20, 5]), cubes(SMALL), 1), { present: 1, found: 0 });
  // 125 of 1,000 voxels: Dice 250 / 1,125.
  assert.deepEqual(smallStructures(cubes([18, 18, 18, 10]), cubes(SMALL), 1), { present: 1, found: 0 });
  // Two pieces that each hold too little of it do not add up.
  assert.deepEqual(smallStructures(cubes([20, 20, 20, 2], [23, 23, 23, 2]), cubes(SMALL), 1), { present: 1, found: 0 });
});

test('specks of a few voxels are no structures', () => {
  assert.equal(smallStructures(cubes(), cubes([3, 3, 3, 1]), 1), null);
});

test('the table tells scans and structures, means over seeds, and is absent where nothing is small', () => {
  const score = (name: string, small?: { present: number; found: number }) => ({
    ...{ case: name, label: 1, dice: 50, jaccard: 40, hd95: 1, asd: 1, emptyPrediction: false },
    ...(small && { small }),
  });
  const run = (seed: number, found: number): JobResult => ({
    ...{ id: `cpcl-4-${seed}`, method: 'cpcl', labelled: 4, seed, seconds: 1 },
    scores: [score('a', { present: 2, found }), score('b', { present: 1, found: 1 }), score('c')],
  });
  const rows = smallStructureRows({ classes: ['tumour'] }, [run(1, 2), run(2, 1)]);
  assert.deepEqual(rows, [
    {
      ...{ labelled: 4, method: 'cpcl', label: 'tumour', seeds: 2 },
      ...{ scans: 2, scansFound: 1.5, structures: 3, found: 2.5 },
    },
  ]);
  assert.match(
    smallStructuresMarkdown(rows, 'test cases'),
    /\| 4 \| cpcl \| tumour \| 2 \| 1.5 \(75 %\) \| 3 \| 2.5 \(83 %\) \| 2 \|/,
  );
  assert.equal(smallStructuresMarkdown(smallStructureRows({ classes: ['tumour'] }, []), 'test cases'), '');
});
