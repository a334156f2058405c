import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisCodes, IDENTITY, sameGrid, voxelToWorld } from '../../src/core/geometry.ts';
import { decide } from '../../src/core/predict/decide.ts';
import { inOrientation } from '../../src/core/train/orientation.ts';
import { prepareImage, prepareMask, trainingGrid } from '../../src/core/train/preprocess.ts';
import { type Direction, lpsPoint, spacingMm, type Volume, voxelIndex } from '../../src/core/volume.ts';

const SIZE = [3, 4, 5] as const;
const MM = [1, 2, 3] as const;
const PATIENT = { spacing: 'native', orientation: 'patient' } as const;

/** All 48 ways of storing the same voxels: each order of the patient's axes, each of them in either direction. */
function* storedWays(): Generator<Volume<Float32Array>> {
  for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    for (let flips = 0; flips < 8; flips++) {
      const direction = new Array<number>(9).fill(0);
      const origin = [10, 20, 30];
      const size = order.map((along) => SIZE[along]);
      order.forEach((along, c) => {
        const back = (flips >> c) & 1;
        direction[3 * along + c] = back ? -1 : 1;
        if (back) origin[along] += (size[c] - 1) * MM[along];
      });
      const grid = {
        size: [size[0], size[1], size[2]] as const,
        spacing: spacingMm(MM[order[0]], MM[order[1]], MM[order[2]]),
        origin: lpsPoint(origin[0], origin[1], origin[2]),
        direction: direction as unknown as Direction,
      };
      const data = new Float32Array(60);
      let at = 0;
      for (let k = 0; k < size[2]; k++)
        for (let j = 0; j < size[1]; j++)
          for (let i = 0; i < size[0]; i++) {
            const [x, y, z] = voxelToWorld(grid, voxelIndex(i, j, k));
            data[at++] = 1 + (x - 10) + 10 * (y - 20) + 100 * (z - 30);
          }
      yield { ...grid, data };
    }
} // biome-ignore format: six orders

test('however a scan is stored, the network reads the same voxels in the same order, and the mask lies with them', () => {
  const seen = new Set<string>();
  for (const scan of storedWays()) {
    seen.add(axisCodes(scan.direction));
    const image = prepareImage(scan, PATIENT, { kind: 'none' });
    assert.equal(axisCodes(image.direction), 'RAS');
    assert.deepEqual(image.size, SIZE);
    assert.deepEqual(image.spacing, MM);
    // To the right and to the front LPS coordinates fall.
    const right = Array.from({ length: 60 }, (_, n) => {
      const [i, j, k] = [n % 3, Math.floor(n / 3) % 4, Math.floor(n / 12)];
      return 1 + (2 - i) + 10 * 2 * (3 - j) + 100 * 3 * k;
    });
    image.data.forEach((v, n) => {
      assert.ok(Math.abs(v - right[n]) < 1e-3, `${axisCodes(scan.direction)}, voxel ${n}: ${v}, not ${right[n]}`);
    });
    const mask = prepareMask({ ...scan, data: Uint8Array.from(scan.data, (v) => Number(v > 500)) }, PATIENT);
    assert.deepEqual(
      [...mask.data],
      right.map((v) => Number(v > 500)),
    );
  }
  assert.equal(seen.size, 48);
});

test('a prediction lands on the voxels of the scan as it is stored', () => {
  for (const scan of storedWays()) {
    const image = prepareImage(scan, PATIENT, { kind: 'none' });
    const foreground = image.data.map((v) => (v > 500 ? 0.9 : 0.1));
    const probabilities = [foreground.map((p) => 1 - p), foreground];
    const { mask } = decide(probabilities, image, scan);
    assert.ok(sameGrid(mask, scan));
    assert.deepEqual(
      [...mask.data],
      [...scan.data].map((v) => Number(v > 500)),
    );
  }
});

test('an oblique scan takes the axes that run most along the patient, and keeps its own angle', () => {
  const [c, s] = [Math.cos(0.5), Math.sin(0.5)];
  const tilted = {
    size: SIZE,
    spacing: spacingMm(...MM),
    origin: lpsPoint(1, 2, 3),
    direction: [0, -1, 0, c, 0, -s, s, 0, c] as unknown as Direction,
  };
  const turned = inOrientation(tilted, 'patient');
  assert.equal(axisCodes(turned.direction), 'RAS');
  assert.deepEqual(turned.spacing, [2, 1, 3]);
  const corner = voxelToWorld(turned, voxelIndex(0, 0, 0));
  const before = voxelToWorld(tilted, voxelIndex(2, 0, 0));
  corner.forEach((v, n) => {
    assert.ok(Math.abs(v - before[n]) < 1e-9);
  });
});

test('stored axes stay as they are, and are what runs of earlier versions have', () => {
  const scan = { size: SIZE, spacing: spacingMm(...MM), origin: lpsPoint(0, 0, 0), direction: IDENTITY };
  assert.deepEqual(inOrientation(scan, 'stored'), scan);
  assert.deepEqual(trainingGrid(scan, { spacing: 'native' }), scan);
  assert.equal(axisCodes(trainingGrid(scan, { spacing: 2, orientation: 'patient' }).direction), 'RAS');
});
