import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePhantom, maskShare, PHANTOM_KINDS } from '../../src/core/phantom/index.ts';
import { seededRandom } from '../../src/core/phantom/random.ts';
import { correlatedNoise, smoothField } from '../../src/core/phantom/texture.ts';

const SMALL = [48, 40, 24] as const;

for (const kind of PHANTOM_KINDS) {
  test(`${kind}: the same seed gives the same voxels, another seed another patient`, () => {
    const a = makePhantom(kind, 7, SMALL);
    const b = makePhantom(kind, 7, SMALL);
    const c = makePhantom(kind, 8, SMALL);
    assert.deepEqual(a, b);
    assert.notDeepEqual(a.scan.data, c.scan.data);
    assert.notDeepEqual(a.mask.data, c.mask.data);
    assert.notDeepEqual(a.scan.origin, c.scan.origin);
  });

  test(`${kind}: scan and mask share one anisotropic grid with orthonormal axes`, () => {
    const { scan, mask } = makePhantom(kind, 3, SMALL);
    const { data: _, ...grid } = scan;
    const { data: labels, ...maskGrid } = mask;
    assert.deepEqual(grid, maskGrid);
    assert.equal(scan.data.length, 48 * 40 * 24);
    assert.equal(labels.length, scan.data.length);
    assert.notEqual(scan.spacing[0], scan.spacing[2]);
    const d = scan.direction;
    const determinant =
      d[0] * (d[4] * d[8] - d[5] * d[7]) - d[1] * (d[3] * d[8] - d[5] * d[6]) + d[2] * (d[3] * d[7] - d[4] * d[6]);
    assert.ok(Math.abs(determinant - 1) < 1e-12, `determinant ${determinant}`);
  });

  test(`${kind}: twelve patients differ in size of the structure, which stays inside the scan`, () => {
    const shares = Array.from({ length: 12 }, (_, seed) => {
      const { mask } = makePhantom(kind, 100 + seed, SMALL);
      const [ni, nj] = mask.size;
      mask.data.forEach((v, n) => {
        const i = n % ni;
        const j = Math.floor(n / ni) % nj;
        if (v) assert.ok(i > 0 && j > 0 && i < ni - 1 && j < nj - 1, `seed ${100 + seed} touches the side of the scan`);
        assert.ok(v === 0 || v === 1);
      });
      return maskShare(mask);
    });
    assert.ok(Math.min(...shares) > 0.002, `smallest share ${Math.min(...shares)}`);
    assert.ok(Math.max(...shares) < 0.12, `largest share ${Math.max(...shares)}`);
    assert.ok(Math.max(...shares) > 1.3 * Math.min(...shares), 'structures are all the same size');
  });
}

test('an abdomen holds air, fat, soft tissue and bone at their Hounsfield values', () => {
  const { scan } = makePhantom('ct-abdomen', 5);
  const share = (low: number, high: number) =>
    scan.data.reduce((n, v) => n + (v >= low && v < high ? 1 : 0), 0) / scan.data.length;
  assert.ok(share(-1100, -850) > 0.1, 'air outside');
  assert.ok(share(-150, -60) > 0.1, 'fat');
  assert.ok(share(0, 200) > 0.15, 'soft tissue');
  assert.ok(share(300, 1500) > 0.003, 'bone');
});

test('an abdomen has one kidney on each side of the spine', () => {
  for (const seed of [1, 2, 3, 4]) {
    const { mask } = makePhantom('ct-abdomen', seed);
    const [ni] = mask.size;
    let right = 0;
    mask.data.forEach((v, n) => {
      if (v && n % ni < ni / 2) right++;
    });
    const part = right / mask.data.reduce((s, v) => s + v, 0);
    assert.ok(part > 0.2 && part < 0.8, `seed ${seed}: ${part} of the kidneys lie on the right`);
  }
});

test('no threshold alone finds the structure', () => {
  // Best Dice over fifty intensity bands: were it near 1 there would be nothing to learn.
  for (const kind of PHANTOM_KINDS)
    for (const seed of [1, 2, 3]) {
      const { scan, mask } = makePhantom(kind, seed, SMALL);
      const sorted = Float64Array.from(scan.data).sort();
      const levels = Array.from({ length: 50 }, (_, q) => sorted[Math.floor((q / 50) * (sorted.length - 1))]);
      let best = 0;
      for (const low of levels)
        for (const high of [...levels, Infinity]) {
          if (high <= low) continue;
          let both = 0;
          let band = 0;
          let truth = 0;
          for (let n = 0; n < scan.data.length; n++) {
            const inside = scan.data[n] >= low && scan.data[n] < high;
            if (inside) band++;
            if (mask.data[n]) truth++;
            if (inside && mask.data[n]) both++;
          }
          best = Math.max(best, (2 * both) / (band + truth));
        }
      assert.ok(best < 0.85, `${kind} ${seed}: a band alone gives Dice ${best}`);
    }
});

test('a phantom of an unknown kind or without voxels is refused by code', () => {
  assert.throws(() => makePhantom('knee' as 'mr-head', 1), {
    code: 'phantom/unknown',
    message: /must be one of ct-abdomen, mr-head, got knee/,
  });
  assert.throws(() => makePhantom('mr-head', 1, [0, 10, 10]), { code: 'phantom/size' });
});

test('correlated noise keeps unit deviation and ties neighbours together', () => {
  const size = [40, 40, 20] as const;
  const noise = correlatedNoise(seededRandom(1), size, 0.45);
  let square = 0;
  let neighbours = 0;
  for (let n = 0; n < noise.length - 1; n++) {
    square += noise[n] ** 2;
    neighbours += noise[n] * noise[n + 1];
  }
  assert.ok(Math.abs(square / noise.length - 1) < 0.05, `variance ${square / noise.length}`);
  // Correlation of [w 1 w] with itself shifted by one: 2w / (1 + 2w^2).
  const expected = (2 * 0.45) / (1 + 2 * 0.45 ** 2);
  assert.ok(
    Math.abs(neighbours / square - expected) < 0.04,
    `correlation ${neighbours / square}, expected ${expected}`,
  );
});

test('a smooth field is continuous and stays within -1 and 1', () => {
  const field = smoothField(seededRandom(2));
  for (let t = -40; t < 40; t += 0.37) {
    const value = field(t, -t * 0.7, t * 1.3);
    assert.ok(Math.abs(value) <= 1);
    assert.ok(Math.abs(field(t + 1e-6, -t * 0.7, t * 1.3) - value) < 1e-4);
  }
});
