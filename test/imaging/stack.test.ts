import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { cutTile } from '../../src/imaging/dicom/mosaic.ts';
import { cleaned } from '../../src/imaging/dicom/pixels.ts';
import { regularise } from '../../src/imaging/dicom/regularise.ts';
import { type Irregular, stackGeometry } from '../../src/imaging/dicom/stack.ts';
import { frameAt, stackAt } from './frames.ts';

const rounded = (values: readonly number[], digits = 6) => values.map((v) => Number(v.toFixed(digits)) + 0);

test('a single slice is as thick as it says, else 1 mm, and says so', () => {
  for (const [thickness, expected, said] of [
    [2.5, 2.5, /set to its thickness, 2\.5 mm/],
    [undefined, 1, /thickness is unknown and was set to 1 mm/],
    [0, 1, /unknown/],
    [1000, 1, /unknown/],
  ] as const) {
    const { grid, notices } = stackGeometry([frameAt([1, 2, 3], { thickness, pixelSpacing: [0.5, 0.7] })]);
    assert.deepEqual(grid.spacing, [0.7, 0.5, expected], 'columns apart, rows apart, slices apart');
    assert.deepEqual(grid.direction, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    assert.deepEqual([grid.size, grid.origin], [[4, 3, 1], [1, 2, 3]]); // biome-ignore format: a pair
    assert.match(notices[0], said);
  }
});

test('slices at even distances make a grid, whichever way they were acquired', () => {
  const z = [5, 7.5, 10, 12.5];
  for (const order of [(k: number) => k, (k: number) => 9 - k]) {
    const { grid, irregular } = stackGeometry(stackAt(z, (k) => ({ instanceNumber: order(k) })));
    assert.equal(irregular, undefined);
    assert.deepEqual(rounded(grid.spacing), [1, 1, 2.5]);
    assert.deepEqual(rounded(grid.origin), [-10, -20, 5]);
    assert.deepEqual(rounded(grid.direction), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  }
});

test('distance and first place are those of the line of least squares through all places', () => {
  const at = (z: number[]) => {
    const { grid } = stackGeometry(stackAt(z));
    return rounded([grid.spacing[2], grid.origin[2]]);
  };
  assert.deepEqual(at([0, 2, 4, 6]), [2, 0]);
  // Step: sum of (k - 1.5) z over sum of (k - 1.5)^2 = 5; first place: the mean, 3.0125, less 1.5 steps.
  const step = (-0.5 * 2.01 + 0.5 * 4.02 + 1.5 * 6.02) / 5;
  assert.deepEqual(at([0, 2.01, 4.02, 6.02]), rounded([step, 3.0125 - 1.5 * step]));
  assert.deepEqual(at([0, 2.03, 4, 6, 8.03]), rounded([20.03 / 10, 20.06 / 5 - 2 * 2.003]));
});

test('slices may stand 2 % of their distance, or 0.05 mm, off their places; farther is uneven', () => {
  // The line of least squares follows one slice of four by three tenths: seven are left of what it is off.
  const uneven = (z: number[]) => stackGeometry(stackAt(z)).irregular !== undefined;
  assert.equal(uneven([0, 5, 10.14, 15]), false);
  assert.equal(uneven([0, 5, 10.147, 15]), true);
  assert.equal(uneven([0, 1, 2.07, 3]), false);
  assert.equal(uneven([0, 1, 2.073, 3]), true);
});

const SLICES: [name: string, z: number[], thickness: number[], result: 'even' | 'uneven' | string][] = [
  ['one slice is lost', [0, 3, 6, 12, 15], [3, 3, 3, 3, 3], '1 missing (first after slice 3 of 5)'],
  ['two are lost in two places', [0, 3, 9, 12, 15, 21, 24], [3, 3, 3, 3, 3, 3, 3], '2 missing (first after slice 2 of 7)'], // biome-ignore format: a table
  ['half as thick again as the others is no filled gap', [0, 3, 6, 12, 15], [3, 3, 4.5, 3, 3], '1 missing (first after slice 3 of 5)'], // biome-ignore format: a table
  ['the slice below fills the gap', [0, 3, 6, 12, 15], [3, 3, 4.6, 3, 3], 'uneven'],
  ['the slice above fills the gap', [0, 3, 6, 12, 15], [3, 3, 3, 4.6, 3], 'uneven'],
  ['a gap of no whole multiple', [0, 3, 6, 11, 14], [3, 3, 3, 3, 3], 'uneven'],
  ['a gap within 5 % of a multiple', [0, 3, 6, 12.14, 15.14], [3, 3, 3, 3, 3], '1 missing (first after slice 3 of 5)'], // biome-ignore format: a table
  ['a gap 6 % off a multiple', [0, 3, 6, 12.18, 15.18], [3, 3, 3, 3, 3], 'uneven'],
];

test('a gap of a whole multiple that no thick slice fills is a lost slice; others are uneven', () => {
  for (const [name, z, thickness, result] of SLICES) {
    const frames = stackAt(z, (k) => ({ thickness: thickness[k] }));
    if (result === 'uneven') assert.ok(stackGeometry(frames).irregular, name);
    else
      assert.throws(() => stackGeometry(frames), {
        code: 'scan/missing-slices',
        message: new RegExp(result.replace(/[()]/g, '\\$&')),
      });
  }
});

test('uneven slices get the smallest distance found, rounded so that both ends stay', () => {
  const { irregular, notices } = stackGeometry(stackAt([0, 2, 4, 7.1]));
  assert.equal(irregular?.grid.size[2], Math.round(7.1 / 2) + 1);
  assert.deepEqual(rounded([irregular?.grid.spacing[2] ?? 0]), rounded([7.1 / 4]));
  assert.deepEqual(rounded(irregular?.along ?? []), [0, 2, 4, 7.1]);
  assert.match(notices[0], /2\.00 to 3\.10 mm apart; the scan was resampled to 1\.77 mm/);
  const growing = stackGeometry(stackAt([0, 0.1, 20, 40.3])).irregular;
  assert.equal(growing?.grid.size[2], 8 * 4 + 1, 'never more than eight times the slices');
});

test('a stack that leans is laid out so that every slice fits, whole pixels beyond the first', () => {
  // Each slice 1.5 mm further along i and 0.8 mm back along j; pixels 1 mm by 2 mm.
  const frames = [0, 1, 2].map((k) =>
    frameAt([1.5 * k, -0.8 * k, 4 * k], { pixelSpacing: [2, 1], instanceNumber: k + 1 }),
  );
  const { irregular, notices } = stackGeometry(frames);
  assert.deepEqual(irregular?.grid.size, [4 + 3, 3 + 1, 3]);
  assert.deepEqual(rounded(irregular?.grid.origin ?? []), [0, -2, 0]);
  assert.deepEqual(rounded(irregular?.grid.spacing ?? []), [1, 2, 4]);
  assert.deepEqual(irregular?.shift.map((pair) => rounded(pair)), [[0, 1], [1.5, 0.6], [3, 0.2]]); // biome-ignore format: a list
  assert.match(notices[0], /askew by 23\.0 degrees/);
  assert.throws(() => stackGeometry([frameAt([0, 0, 0]), frameAt([17, 0, 4])]), { code: 'scan/uneven-slices' });
});

test('a lean counts from 0.06 degrees and 0.05 mm over the stack', () => {
  const leaning = (by: number, n: number) =>
    stackGeometry(Array.from({ length: n }, (_, k) => frameAt([by * k, 0, 10 * k], { instanceNumber: k + 1 })))
      .irregular;
  assert.equal(leaning(0.01, 9), undefined, '0.0573 degrees');
  assert.ok(leaning(0.011, 9), '0.063 degrees, 0.09 mm');
  assert.equal(leaning(0.02, 3), undefined, '0.11 degrees, 0.04 mm');
  assert.ok(leaning(0.03, 3), '0.17 degrees, 0.06 mm');
});

/** Slices of one row of two pixels. */
const plan = (along: number[], spacing: number, slices: number, given: Partial<Irregular> = {}): Irregular => ({
  grid: {
    size: [2, 1, slices],
    spacing: spacingMm(1, 1, spacing),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  },
  along,
  shift: along.map(() => [0, 0]),
  ...given,
});

test('between two slices the value is in proportion to the distances; whole numbers are rounded', () => {
  const stored = [0, 10, 100, 110, 400, 410];
  const { data } = regularise(Float32Array.from(stored), 2, 1, plan([0, 1, 4], 1, 5), -1);
  assert.deepEqual(rounded([...data], 3), [0, 10, 100, 110, 200, 210, 300, 310, 400, 410]);
  const whole = regularise(Int16Array.of(0, 0, 3, -3, 0, 0), 2, 1, plan([0, 2, 4], 1, 5), -1).data;
  assert.deepEqual([...whole], [0, 0, 2, -1, 3, -3, 2, -1, 0, 0], 'halves up');
});

test('a shifted slice is read at its own pixels, and is outside where it does not reach by more than half a pixel', () => {
  const grid = { ...plan([0, 1], 1, 2).grid, size: [4, 2, 2] as const };
  const shift: [number, number][] = [[0, 0], [1.25, 1]]; // biome-ignore format: a pair
  const { data } = regularise(Float32Array.of(0, 8, 100, 108), 2, 1, { ...plan([0, 1], 1, 2), grid, shift }, -1);
  assert.deepEqual([...data.subarray(0, 8)], [0, 8, -1, -1, -1, -1, -1, -1]);
  // Pixel i of the grid is i - 1.25 of the slice: 0.75 is 6 of 8 above 100; -0.25 and 1.75 are clamped, or outside.
  assert.deepEqual([...data.subarray(8, 16)], [-1, -1, -1, -1, -1, 100, 106, -1]);
});

test('rows between two rows of a slice are in proportion', () => {
  const grid = { ...plan([0, 1], 1, 2).grid, size: [1, 3, 2] as const };
  const shift: [number, number][] = [[0, 0.25], [0, 0]]; // biome-ignore format: a pair
  const { data } = regularise(
    Float32Array.of(0, 8, 16, 100, 108, 116),
    1,
    3,
    { ...plan([0, 1], 1, 2), grid, shift },
    -1,
  );
  assert.deepEqual([...data], [0, 6, 14, 100, 108, 116]);
});

test('the stored bits are kept alone, with their sign, where an overlay uses the others', () => {
  const frame = (given: object) => frameAt([0, 0, 0], { overlayInPixels: true, ...given });
  const stored = () => Uint16Array.of(0x0000, 0x07ff, 0x0800, 0x0fff, 0x1001, 0xf800);
  assert.deepEqual([...cleaned(stored(), frame({ signed: false }))], [0, 2047, 2048, 4095, 1, 2048]);
  const signed = new Int16Array(stored().buffer);
  assert.deepEqual([...cleaned(signed, frame({ signed: true }))], [0, 2047, -2048, -1, 1, -2048]);
  const beyond = cleaned(Int16Array.of(2048, -2049, 2047), frame({ signed: true, padding: 2048 }));
  assert.deepEqual([...beyond], [2048, 2047, 2047], 'the first value that twelve bits cannot hold means no value');
  const padded = () => Int16Array.of(-2048, -4096, 4095);
  assert.deepEqual([...cleaned(padded(), frame({ signed: true, padding: -4096 }))], [-2048, -4096, -1], 'no value');
  assert.deepEqual([...cleaned(padded(), frame({ signed: true, padding: -2048 }))], [-2048, 0, -1], 'a value');
  assert.deepEqual([...cleaned(stored(), frame({ bitsStored: 16 }))], [...stored()], 'nothing to take out');
  assert.deepEqual([...cleaned(stored(), frame({ bitsStored: 0 }))], [...stored()]);
  assert.deepEqual([...cleaned(Uint16Array.of(0x8001), frame({ bitsStored: 15 }))], [1]);
  assert.deepEqual([...cleaned(Uint16Array.of(3, 2), frame({ bitsStored: 1 }))], [1, 0]);
});

test('bits above twelve stored ones are dropped from unsigned values, of other widths they stay', () => {
  const values = () => Uint16Array.of(4095, 0x1005);
  const all = (given: object) => [...cleaned(values(), frameAt([0, 0, 0], given))];
  assert.deepEqual(all({}), [4095, 5]);
  for (const given of [{ bitsStored: 13 }, { bitsAllocated: 32 }])
    assert.deepEqual(all(given), [4095, 0x1005], JSON.stringify(given));
});

test('rows stored from the bottom are turned round', () => {
  const three = cleaned(
    Uint16Array.of(1, 2, 3, 4, 5, 6),
    frameAt([0, 0, 0], { rows: 3, columns: 2, reversedRows: true }),
  );
  assert.deepEqual([...three], [5, 6, 3, 4, 1, 2]);
});

test('a tile is cut out of its place in the mosaic', () => {
  const mosaic = Uint8Array.from({ length: 24 }, (_, n) => n); // 6 columns, 4 rows
  const tile = { columns: 6, rows: 4, left: 2, top: 1 };
  assert.deepEqual(
    [...cutTile(mosaic, { columns: 3, rows: 2 }, tile, (n) => new Uint8Array(n))],
    [8, 9, 10, 14, 15, 16],
  );
});

test('a stored slice is taken as it is, also where the next one does not reach', () => {
  const grid = { ...plan([0, 2], 1, 3).grid, size: [3, 1, 3] as const };
  const shift: [number, number][] = [[0, 0], [1, 0]]; // biome-ignore format: a pair
  const { data } = regularise(Float32Array.of(1, 2, 5, 6), 2, 1, { ...plan([0, 2], 1, 3), grid, shift }, -1);
  assert.deepEqual([...data], [1, 2, -1, -1, 3.5, -1, -1, 5, 6]);
  const nearly = regularise(Float32Array.of(1, 2, 5, 6), 2, 1, plan([0, 1.0005], 1.0005, 2), -1).data;
  assert.deepEqual([...nearly], [1, 2, 5, 6]);
});

test('the usual distance is the median of the gaps', () => {
  assert.throws(() => stackGeometry(stackAt([0, 3, 6, 15, 18, 24])), {
    code: 'scan/missing-slices',
    message: /must be 3\.00 mm apart, got 3 missing \(first after slice 3 of 6\)/,
  });
});

test('resampling equals linear interpolation reckoned voxel by voxel', () => {
  const [columns, rows, n] = [4, 3, 5];
  const wave = (v: number) => 50 * Math.sin(12.9 * v) + v;
  const data = Float32Array.from({ length: columns * rows * n }, (_, v) => wave(v));
  const along = [0, 1, 2.5, 3, 5];
  const shift = [[0, 1], [0.5, 0.5], [1.2, 0.1], [1.5, 1], [2, 0]] as [number, number][]; // biome-ignore format: a list
  const grid = { ...plan([0], 0.5, 11).grid, size: [6, 4, 11] as const };
  const clamp = (x: number, last: number) => Math.min(last, Math.max(0, x));
  /** Bilinear; beyond half a pixel outside the slice there is nothing. */
  const sample = (slice: number, i: number, j: number): number => {
    const [u, v] = [i - shift[slice][0], j - shift[slice][1]];
    if (u < -0.5 || v < -0.5 || u > columns - 0.5 || v > rows - 0.5) return Number.NaN;
    const [x, y] = [clamp(u, columns - 1), clamp(v, rows - 1)];
    let sum = 0;
    for (let b = 0; b < rows; b++)
      for (let a = 0; a < columns; a++)
        sum +=
          Math.max(0, 1 - Math.abs(a - x)) * Math.max(0, 1 - Math.abs(b - y)) * data[a + columns * (b + rows * slice)];
    return sum;
  };
  const resampled = regularise(data, columns, rows, { grid, along, shift }, -999).data;
  for (let k = 0; k < 11; k++) {
    const z = 0.5 * k;
    const low = Math.max(
      0,
      along.findLastIndex((place) => place <= z),
    );
    const weight = low === n - 1 ? 0 : (z - along[low]) / (along[low + 1] - along[low]);
    for (let j = 0; j < 4; j++)
      for (let i = 0; i < 6; i++) {
        const value = sample(low, i, j) * (1 - weight) + (weight > 0 ? sample(low + 1, i, j) * weight : 0);
        const expected = Number.isNaN(value) ? -999 : value;
        const found = resampled[i + 6 * (j + 4 * k)];
        assert.ok(Math.abs(found - expected) < 1e-3, `${i}, ${j}, ${k}: ${found}, expected ${expected}`);
      }
  }
});
