import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { squaredDistances } from '../../src/core/metrics/distance-transform.ts';
import { percentile } from '../../src/core/metrics/hd95.ts';
import { caseMetrics, pairedTTest, summarise, surfaceScores } from '../../src/core/metrics/index.ts';
import { surfaceDistances } from '../../src/core/metrics/surface-distances.ts';
import { criticalT, twoSidedP } from '../../src/core/metrics/t-test.ts';
import { type LabelMap, lpsPoint, spacingFrom } from '../../src/core/volume.ts';
import { drawMask, type MaskShape, type Triple } from '../reference/golden.ts';

interface Golden {
  cases: {
    name: string;
    size: Triple;
    spacing: Triple;
    label: number;
    prediction: MaskShape[];
    reference: MaskShape[];
    expected: { dice: number; jaccard: number; hd95: number | null; asd: number | null };
  }[];
  tTests: { first: number[]; second: number[]; t: number; p: number }[];
  tails: { t: number; df: number; p: number }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL('../reference/golden/metrics.json', import.meta.url), 'utf8'));

const labelMap = (size: Triple, spacing: Triple, data: Uint8Array): LabelMap => ({
  data,
  size,
  spacing: spacingFrom(spacing),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

const draw = (size: Triple, spacing: Triple, shapes: MaskShape[]): LabelMap =>
  labelMap(size, spacing, drawMask(size, shapes));

const close = (actual: number | null, expected: number | null, tolerance: number, what: string) => {
  if (actual === null || expected === null) assert.equal(actual, expected, what);
  else assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, scipy ${expected}`);
};

for (const { name, size, spacing, label, prediction, reference, expected } of golden.cases) {
  test(`metrics equal scipy's: ${name}`, () => {
    const actual = caseMetrics(draw(size, spacing, prediction), draw(size, spacing, reference), label);
    for (const metric of ['dice', 'jaccard', 'hd95', 'asd'] as const) {
      close(actual[metric], expected[metric], 1e-4, metric);
    }
    assert.equal(actual.emptyPrediction, prediction.length === 0 && reference.length > 0);
  });
}

test("the paired t-test equals scipy's", () => {
  for (const { first, second, t, p } of golden.tTests) {
    const actual = pairedTTest(first, second);
    assert.ok(actual);
    close(actual.t, t, 1e-9 * Math.abs(t), 't');
    close(actual.p, p, 1e-9 * p + 1e-15, 'p');
  }
});

test("the t distribution's tails equal scipy's from one to a thousand degrees of freedom", () => {
  for (const { t, df, p } of golden.tails) close(twoSidedP(t, df), p, 1e-9 * p + 1e-300, `t ${t}, df ${df}`);
});

test('the interval of a mean difference leaves out exactly the differences that the test rejects at 5 %', () => {
  // The 97.5 % quantiles of Student's t, from its tables.
  for (const [df, t] of [
    [1, 12.7062],
    [4, 2.7764],
    [9, 2.2622],
    [61, 1.9996],
  ])
    close(criticalT(0.05, df), t, 5e-5, `df ${df}`);
  const [first, second] = [
    [80, 82, 85, 79, 90],
    [78, 83, 81, 78, 86],
  ];
  const { interval, meanDifference } = pairedTTest(first, second)!;
  close((interval[0] + interval[1]) / 2, meanDifference, 1e-12, 'the middle');
  for (const bound of interval) {
    const shifted = second.map((value) => value + bound);
    close(pairedTTest(first, shifted)!.p, 0.05, 1e-9, 'p at the bound');
  }
});

test('a paired test leaves out pairs without a distance, and says nothing of fewer than two', () => {
  assert.deepEqual(pairedTTest([1, null, 3, 5], [0, 4, 1, 2]), pairedTTest([1, 3, 5], [0, 1, 2]));
  assert.equal(pairedTTest([1, null], [2, 3]), null);
  assert.deepEqual(pairedTTest([1, 2], [1, 2]), { pairs: 2, meanDifference: 0, interval: [0, 0], t: 0, p: 1 });
  assert.throws(() => pairedTTest([1, 2], [1]), { code: 'metrics/unpaired' });
});

test('the distance transform equals the nearest site found by trying all', () => {
  const size: Triple = [7, 5, 6];
  const spacing: Triple = [0.7, 1.3, 2.1];
  const at = (v: number) => [v % 7, Math.floor(v / 7) % 5, Math.floor(v / 35)].map((x, axis) => x * spacing[axis]);
  for (const every of [3, 17, 60, 209]) {
    const sites = Uint8Array.from({ length: 210 }, (_, v) => (v % every === every - 1 ? 1 : 0));
    const actual = squaredDistances(sites, size, spacing);
    for (let v = 0; v < 210; v++) {
      const squares = [...sites.keys()].filter((s) => sites[s]).map((s) => at(s).map((x, a) => (x - at(v)[a]) ** 2));
      const expected = Math.min(...squares.map((s) => s[0] + s[1] + s[2]));
      close(actual[v], expected, 1e-5 * (1 + expected), `voxel ${v}, a site every ${every}`);
    }
  }
});

test('surfaces and their distances equal those found by trying all, up to the borders of the scan', () => {
  const [ni, nj, nk] = [5, 4, 4];
  const spacing: Triple = [1, 1.5, 2];
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const at = (v: number): Triple => [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))];
  const isSurface = (data: Uint8Array, v: number) => {
    const [i, j, k] = at(v);
    const has = (x: number, y: number, z: number) =>
      x >= 0 && y >= 0 && z >= 0 && x < ni && y < nj && z < nk && data[x + ni * (y + nj * z)] === 1;
    const neighbours = [has(i - 1, j, k), has(i + 1, j, k), has(i, j - 1, k), has(i, j + 1, k), has(i, j, k - 1), has(i, j, k + 1)]; // biome-ignore format: six
    return data[v] === 1 && neighbours.includes(false);
  };
  const slow = (from: Uint8Array, to: Uint8Array) => {
    const places = (data: Uint8Array) => [...data.keys()].filter((v) => isSurface(data, v)).map(at);
    return places(from).map((p) =>
      Math.min(...places(to).map((q) => Math.hypot(...p.map((x, axis) => (x - q[axis]) * spacing[axis])))),
    );
  };
  for (const share of [0.2, 0.7, 0.9, 1]) {
    const [a, b] = [0, 1].map(() => Uint8Array.from({ length: ni * nj * nk }, () => Number(random() < share)));
    const fast = surfaceDistances(labelMap([ni, nj, nk], spacing, a), labelMap([ni, nj, nk], spacing, b), 1);
    for (const [distances, expected] of [
      [fast?.toReference, slow(a, b)],
      [fast?.toPrediction, slow(b, a)],
    ] as const) {
      assert.equal(distances?.length, expected.length, `${share}`);
      distances?.forEach((d, n) => {
        close(d, expected[n], 1e-5, `share ${share}`);
      });
    }
  }
});

test('equal differences have no spread: t is infinite and p 0, or 0 and 1 where there is none', () => {
  const test = (second: number[]) => {
    const { t, p, interval } = pairedTTest([3, 4, 5], second) ?? {};
    return [t, p, interval];
  };
  assert.deepEqual(test([1, 2, 3]), [Number.POSITIVE_INFINITY, 0, [2, 2]]);
  assert.deepEqual(test([5, 6, 7]), [Number.NEGATIVE_INFINITY, 0, [-2, -2]]);
  assert.deepEqual(test([3, 4, 5]), [0, 1, [0, 0]]);
});

test('a percentile lies between neighbours as in numpy', () => {
  assert.equal(percentile([1, 2, 3, 4, 5], 95), 4 + 0.8);
  assert.equal(percentile([7], 95), 7);
});

test('masks of different sizes are refused with both sizes', () => {
  const a = labelMap([2, 2, 2], [1, 1, 1], new Uint8Array(8));
  const b = labelMap([2, 2, 3], [1, 1, 1], new Uint8Array(12));
  assert.throws(() => caseMetrics(a, b, 1), { code: 'metrics/size-mismatch', message: /2 x 2 x 3.*2 x 2 x 2/ });
});

test('a summary has mean and sample SD, leaves missing distances out and counts empty predictions', () => {
  const full = { dice: 80, jaccard: 60, hd95: 4, asd: 1, emptyPrediction: false };
  const empty = { dice: 0, jaccard: 0, hd95: null, asd: null, emptyPrediction: true };
  const summary = summarise([full, { ...full, dice: 100, hd95: 6 }, empty]);
  assert.deepEqual(summary.dice, { mean: 60, sd: Math.sqrt((20 ** 2 + 40 ** 2 + 60 ** 2) / 2), cases: 3 });
  assert.deepEqual(summary.hd95, { mean: 5, sd: Math.sqrt(2), cases: 2 });
  assert.equal(summary.emptyPredictions, 1);
  assert.deepEqual(summarise([]).dice, { mean: null, sd: null, cases: 0 });
});

test('a 512 x 512 x 200 scan is scored from the box of its masks, not from brute force', () => {
  const size: Triple = [512, 512, 200];
  const spacing: Triple = [0.8, 0.8, 1];
  const block = (low: number, high: number) => {
    const mask = labelMap(size, spacing, new Uint8Array(512 * 512 * 200));
    for (let k = 60; k < 90; k++) {
      for (let j = low; j < high; j++) mask.data.fill(1, (k * 512 + j) * 512 + low, (k * 512 + j) * 512 + high);
    }
    return mask;
  };
  const { dice, asd } = caseMetrics(block(200, 260), block(202, 258), 1);
  assert.ok(Math.abs(dice - (200 * 56 ** 2) / (60 ** 2 + 56 ** 2)) < 1e-9);
  assert.ok(asd !== null && asd > 0 && asd < 2 * 0.8 * Math.SQRT2);
});

test('the larger 95HD, surface Dice at a tolerance, missed and spurious labels', () => {
  const size: Triple = [12, 5, 5];
  const slab = (...columns: number[]) =>
    labelMap(
      size,
      [2, 1, 1],
      Uint8Array.from({ length: 300 }, (_, v) => (columns.includes(v % 12) ? 1 : 0)),
    );
  // A slab at 2 against slabs at 2 and 5: one surface has distance 0, half of the other 6 mm.
  const scores = surfaceScores(slab(2), slab(2, 5), 1, 1);
  assert.equal(scores.hd95Max, 6);
  close(scores.surfaceDice, (100 * 50) / 75, 1e-9, 'surface Dice');
  assert.equal(surfaceScores(slab(2), slab(2, 5), 1, 6).surfaceDice, 100);
  const none = slab();
  assert.deepEqual(surfaceScores(none, slab(2), 1, 1), {
    hd95Max: null,
    surfaceDice: 0,
    missed: true,
    spurious: false,
  });
  assert.deepEqual(surfaceScores(slab(2), none, 1, 1), {
    hd95Max: null,
    surfaceDice: 0,
    missed: false,
    spurious: true,
  });
  assert.equal(surfaceScores(none, none, 1, 1).surfaceDice, 100);
});
