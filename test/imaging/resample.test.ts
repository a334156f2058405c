import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voxelToWorld } from '../../src/core/geometry.ts';
import { Random } from '../../src/core/random.ts';
import { gridWithSpacing, resample } from '../../src/core/resample.ts';
import { type Grid, lpsPoint, spacingMm, type Volume, voxelIndex } from '../../src/core/volume.ts';
import { counting, GRIDS, OBLIQUE } from './helpers.ts';

/** A field that is linear in patient space: linear interpolation must reproduce it. */
const field = (p: readonly number[]) => 2 * p[0] - 3 * p[1] + 0.5 * p[2] + 7;
function fieldOn(grid: Grid): Volume<Float32Array> {
  const data = new Float32Array(grid.size[0] * grid.size[1] * grid.size[2]);
  let at = 0;
  for (let k = 0; k < grid.size[2]; k++)
    for (let j = 0; j < grid.size[1]; j++)
      for (let i = 0; i < grid.size[0]; i++) data[at++] = field(voxelToWorld(grid, voxelIndex(i, j, k)));
  return { ...grid, data };
}

for (const [name, grid] of Object.entries(GRIDS)) {
  test(`resampling a ${name} volume onto its own grid changes nothing`, () => {
    const v = counting(grid);
    assert.deepEqual(resample(v, grid, 'nearest').data, v.data);
    assert.deepEqual([...resample(v, grid, 'linear').data], [...v.data]);
  });
}

test('linear interpolation reproduces a linear field inside the outermost centres, parallel and oblique axes', () => {
  const source = fieldOn({
    size: [20, 18, 16],
    spacing: spacingMm(1, 1.2, 1.5),
    origin: lpsPoint(-5, -6, -7),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  const targets: Grid[] = [
    {
      size: [8, 8, 8],
      spacing: spacingMm(0.7, 0.9, 1.1),
      origin: lpsPoint(-3, -4, -5),
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    },
    {
      size: [8, 8, 8],
      spacing: spacingMm(0.7, 0.9, 1.1),
      origin: lpsPoint(4, 6, -5),
      direction: [0, -1, 0, -1, 0, 0, 0, 0, 1],
    },
    { size: [5, 5, 5], spacing: spacingMm(0.7, 0.9, 0.5), origin: lpsPoint(0, 0, 0), direction: OBLIQUE },
  ];
  for (const target of targets) {
    const [got, expected] = [resample(source, target, 'linear').data, fieldOn(target).data];
    got.forEach((x, n) => {
      assert.ok(Math.abs(x - expected[n]) < 1e-3, `${x} against ${expected[n]}`);
    });
  }
});

test('the separable path agrees with the general one', () => {
  const source = counting({
    size: [9, 8, 7],
    spacing: spacingMm(1, 2, 3),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  const target: Grid = {
    size: [14, 15, 13],
    spacing: spacingMm(0.8, 1.3, 1.9),
    origin: lpsPoint(-1, -1.5, -2),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  const t = 1e-5;
  // Turned by a thousandth of a degree: too little to matter, enough for the general path.
  const turned: Grid = { ...target, direction: [Math.cos(t), -Math.sin(t), 0, Math.sin(t), Math.cos(t), 0, 0, 0, 1] };
  for (const mode of ['linear', 'nearest'] as const) {
    const [a, b] = [resample(source, target, mode, -99).data, resample(source, turned, mode, -99).data];
    a.forEach((x, n) => {
      assert.ok(Math.abs(x - b[n]) < 0.05, `${mode} voxel ${n}: ${x} against ${b[n]}`);
    });
  }
});

test('outside the scan’s extent comes the outside value, within half a voxel the edge voxel', () => {
  const v: Volume<Int16Array> = {
    size: [2, 1, 1],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    data: Int16Array.of(10, 20),
  };
  const target: Grid = { ...v, size: [6, 1, 1], spacing: spacingMm(0.6, 1, 1), origin: lpsPoint(-1, 0, 0) };
  // x = -1, -0.4, 0.2, 0.8, 1.4, 2
  const linear = [...resample(v, target, 'linear', -5).data];
  [-5, 10, 12, 18, 20, -5].forEach((x, n) => {
    assert.ok(Math.abs(linear[n] - x) < 1e-5);
  });
  assert.deepEqual([...resample(v, target, 'nearest', -5).data], [-5, 10, 10, 20, 20, -5]);
});

test('a sample on the very edge of the scan, or a rounding error beyond it, belongs to the edge voxel', () => {
  const v: Volume<Int16Array> = {
    size: [2, 2, 2],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    data: Int16Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  };
  for (const [low, high, inside] of [
    [-0.5, 1.5, true],
    [-0.5 - 5e-7, 1.5 + 5e-7, true],
    [-0.5 - 1e-4, 1.5 + 1e-4, false],
  ] as const)
    for (const mode of ['linear', 'nearest'] as const) {
      const at = (x: number, y: number, z: number, turned: boolean) => {
        const [c, s] = turned ? [Math.cos(1), Math.sin(1)] : [1, 0];
        const target: Grid = {
          ...v,
          size: [1, 1, 1],
          origin: lpsPoint(x, y, z),
          direction: [c, -s, 0, s, c, 0, 0, 0, 1],
        };
        return resample(v, target, mode, -9).data[0];
      };
      for (const turned of [false, true]) {
        assert.deepEqual(
          [at(low, 0, 0, turned), at(0, low, 0, turned), at(0, 0, low, turned)],
          inside ? [1, 1, 1] : [-9, -9, -9],
        );
        assert.deepEqual(
          [at(high, 0, 0, turned), at(0, high, 0, turned), at(0, 0, high, turned)],
          inside ? [2, 3, 5] : [-9, -9, -9],
        );
      }
    }
});

test('a grid of other spacing keeps the first edge and the extent to within one voxel', () => {
  for (const grid of Object.values(GRIDS)) {
    const other = gridWithSpacing(grid, 1.3);
    const edge = voxelToWorld(grid, voxelIndex(-0.5, -0.5, -0.5));
    voxelToWorld(other, voxelIndex(-0.5, -0.5, -0.5)).forEach((x, c) => {
      assert.ok(Math.abs(x - edge[c]) < 1e-9);
    });
    grid.size.forEach((n, c) => {
      assert.ok(Math.abs(n * grid.spacing[c] - other.size[c] * 1.3) <= 0.65 + 1e-9 || other.size[c] === 1);
    });
    assert.deepEqual(other.direction, grid.direction);
  }
});

test('nearest keeps the voxel type and the labels', () => {
  const v = counting(GRIDS.axial);
  const mask = { ...v, data: Uint8Array.from(v.data, (x) => x & 1) };
  const out = resample(mask, gridWithSpacing(GRIDS.axial, 0.6), 'nearest');
  assert.ok(out.data instanceof Uint8Array);
  assert.deepEqual(new Set(out.data), new Set([0, 1]));
});

test('with edge, what lies outside gets the value of the nearest voxel, by the separable path and by the general one', () => {
  const source = counting({
    size: [3, 2, 2],
    spacing: spacingMm(1, 1, 1),
    origin: lpsPoint(0, 0, 0),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });
  const around: Grid = { ...source, size: [9, 8, 8], origin: lpsPoint(-3, -3, -3) };
  const turn = (angle: number): Grid['direction'] =>
    [
      ...[Math.cos(angle), -Math.sin(angle), 0],
      ...[Math.sin(angle), Math.cos(angle), 0],
      ...[0, 0, 1],
    ] as unknown as Grid['direction'];
  for (const target of [around, { ...around, direction: turn(1e-4) }])
    for (const mode of ['nearest', 'linear'] as const) {
      const { data } = resample(source, target, mode, 'edge');
      const clamp = (v: number, n: number) => Math.min(n - 1, Math.max(0, v - 3));
      let at = 0;
      for (let k = 0; k < 8; k++)
        for (let j = 0; j < 8; j++)
          for (let i = 0; i < 9; i++) {
            const expected = source.data[clamp(i, 3) + 3 * (clamp(j, 2) + 2 * clamp(k, 2))];
            assert.ok(Math.abs(data[at++] - expected) < 0.02, `${mode} ${i}, ${j}, ${k}`);
          }
    }
});

const block = (size: readonly [number, number, number]): Grid => ({
  size,
  spacing: spacingMm(1, 1, 0.5),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

test('on a coarser grid the mean weighs all that a voxel covers: noise and stripes finer than that are gone, ramps and means stay', () => {
  const grid = block([24, 24, 48]);
  const coarse = gridWithSpacing(grid, [2, 2, 3]);
  const random = new Random(1);
  const noise = Float32Array.from({ length: 24 * 24 * 48 }, () => random.normal());
  const averaged = resample({ ...grid, data: noise }, coarse, 'mean', 'edge').data;
  const deviation = Math.sqrt(averaged.reduce((sum, v) => sum + v * v, 0) / averaged.length);
  // 24 voxels lie in one: 1 / sqrt(24) = 0.204. Two neighbours along each axis alone leave sqrt(1 / 8) = 0.354.
  assert.ok(deviation > 0.19 && deviation < 0.22, String(deviation));
  assert.deepEqual(
    resample({ ...grid, data: noise }, block([20, 20, 20]), 'mean').data,
    resample({ ...grid, data: noise }, block([20, 20, 20]), 'linear').data,
  );
  const stripes = Float32Array.from(noise, (_, v) => (Math.floor(v / 576) % 2 ? 100 : -100));
  const still = resample({ ...grid, data: stripes }, coarse, 'mean', 'edge').data;
  assert.ok(Math.max(...still.map(Math.abs)) < 1e-3, String(Math.max(...still.map(Math.abs))));
  const ramp = resample(fieldOn(grid), coarse, 'mean', 'edge');
  const expected = fieldOn(coarse).data;
  const [ni, nj, nk] = coarse.size;
  for (let v = 0; v < expected.length; v++) {
    const [i, j, k] = [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))];
    const inner = i > 0 && j > 0 && k > 0 && i < ni - 1 && j < nj - 1 && k < nk - 1;
    if (inner) assert.ok(Math.abs(ramp.data[v] - expected[v]) < 1e-3, `${ramp.data[v]} against ${expected[v]}`);
  }
});
