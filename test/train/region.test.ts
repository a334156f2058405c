import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voxelToWorld } from '../../src/core/geometry.ts';
import { prepareImage, prepareMask, trainingGrid } from '../../src/core/train/preprocess.ts';
import { boxAround, cropTo } from '../../src/core/train/region.ts';
import { CaseStream } from '../../src/core/train/sampler.ts';
import { lpsPoint, spacingMm, type Volume, voxelFrom } from '../../src/core/volume.ts';
import { emptyMask } from '../edit/helpers.ts';

const masked = (...places: [number, number, number][]) => {
  const mask = emptyMask([8, 7, 6], [1, 2, 3]);
  for (const [i, j, k] of places) mask.data[i + 8 * (j + 7 * k)] = 2;
  return mask;
};

test('the box around a mask holds its first and last voxels and the margin in mm, inside the scan', () => {
  const mask = masked([3, 4, 2], [5, 2, 3]);
  assert.deepEqual(boxAround(mask, 0), { start: [3, 2, 2], size: [3, 3, 2] });
  assert.deepEqual(boxAround(mask, 2), { start: [1, 1, 1], size: [7, 5, 4] }, '2, 1 and round(2 / 3) = 1 voxels');
  assert.deepEqual(
    boxAround(mask, 1.4),
    { start: [2, 1, 2], size: [5, 5, 2] },
    '1, round(0.7) = 1 and round(0.47) = 0',
  );
  assert.deepEqual(boxAround(mask, 99), { start: [0, 0, 0], size: [8, 7, 6] });
  assert.deepEqual(boxAround(masked([0, 0, 0]), 0), { start: [0, 0, 0], size: [1, 1, 1] });
  assert.equal(boxAround(masked(), 5), null);
});

test('a cropped volume holds the voxels of the box where they were in the patient', () => {
  const data = Int16Array.from({ length: 8 * 7 * 6 }, (_, n) => n);
  const volume = { ...masked(), origin: lpsPoint(10, 20, 30), direction: [0, 1, 0, -1, 0, 0, 0, 0, 1], data } as Volume;
  const part = cropTo(volume, { start: [2, 3, 1], size: [3, 2, 4] });
  assert.deepEqual([part.size, part.data.length, part.data.constructor], [[3, 2, 4], 24, Int16Array]);
  for (const [i, j, k] of [
    [0, 0, 0],
    [2, 1, 3],
    [1, 0, 2],
  ]) {
    assert.equal(part.data[i + 3 * (j + 2 * k)], 2 + i + 8 * (3 + j + 7 * (1 + k)));
    assert.deepEqual(voxelToWorld(part, voxelFrom([i, j, k])), voxelToWorld(volume, voxelFrom([2 + i, 3 + j, 1 + k])));
  }
});

test('on their own grid scan and mask are taken as they are; on another images are interpolated, masks not', () => {
  const grid = { ...emptyMask([4, 1, 1]), spacing: spacingMm(1, 1, 1) };
  const scan = { ...grid, data: Int16Array.of(0, 10, 20, 60) } as Volume;
  const mask = { ...grid, data: Uint8Array.of(0, 3, 3, 1) };
  assert.deepEqual([...prepareImage(scan, { spacing: 'native' }, { kind: 'none' }).data], [0, 10, 20, 60]);
  assert.deepEqual([...prepareImage(scan, { spacing: 1 }, { kind: 'none' }).data], [0, 10, 20, 60]);
  assert.deepEqual([...prepareMask(mask, { spacing: 'native' }).data], [0, 3, 3, 1]);
  assert.deepEqual(trainingGrid(scan, { spacing: 2 }).size, [2, 1, 1]);
  // Centres at 0.5 and 2.5 of the old voxels.
  assert.deepEqual([...prepareImage(scan, { spacing: 2 }, { kind: 'none' }).data], [5, 40]);
  assert.ok([...prepareMask(mask, { spacing: 2 }).data].every((v) => [0, 1, 3].includes(v)));
  assert.deepEqual([...scan.data], [0, 10, 20, 60], 'the scan itself stays');
});

test('a stream whose state was kept goes on as the first did', () => {
  const stream = new CaseStream(5, 3, 1);
  stream.next();
  stream.next();
  const kept = stream.state;
  const on = Array.from({ length: 9 }, () => stream.next());
  const other = new CaseStream(5, 99, 2);
  other.state = kept;
  assert.deepEqual(
    Array.from({ length: 9 }, () => other.next()),
    on,
  );
  const streams = [1, 2].map((n) =>
    Array.from(
      { length: 20 },
      (
        (own) => () =>
          own.next()
      )(new CaseStream(5, 3, n)),
    ),
  );
  assert.notDeepEqual(streams[0], streams[1]);
});
