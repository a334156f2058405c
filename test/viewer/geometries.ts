/** Small volumes in every kind of geometry, each with one bright block at a known place. */
import {
  type Direction,
  type LabelMap,
  lpsPoint,
  spacingFrom,
  spacingMm,
  type Volume,
  voxelCount,
} from '../../src/core/volume.ts';

const turn = (degrees: number): Direction => {
  const a = (degrees * Math.PI) / 180;
  return [Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a), 0, 0, 0, 1];
};

export interface GeometryCase {
  readonly name: string;
  readonly size: readonly [number, number, number];
  readonly spacing: readonly [number, number, number];
  readonly direction: Direction;
  /** Middle of the bright 3 x 3 x 3 block. */
  readonly marker: readonly [number, number, number];
}

export const GEOMETRIES: readonly GeometryCase[] = [
  {
    name: 'axial',
    size: [32, 28, 20],
    spacing: spacingMm(1, 1, 1),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    marker: [6, 9, 13],
  },
  // i runs posterior, j inferior, k left, as a sagittal MR is stored.
  {
    name: 'sagittal',
    size: [30, 26, 18],
    spacing: spacingMm(0.9, 0.9, 2),
    direction: [0, 0, 1, 1, 0, 0, 0, -1, 0],
    marker: [21, 7, 4],
  },
  { name: 'oblique', size: [28, 30, 16], spacing: spacingMm(1.2, 1, 1.5), direction: turn(25), marker: [19, 22, 5] },
  {
    name: 'anisotropic',
    size: [40, 40, 9],
    spacing: spacingMm(0.7, 0.7, 5),
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    marker: [11, 30, 6],
  },
  {
    name: 'left-handed',
    size: [24, 26, 22],
    spacing: spacingMm(1, 1.1, 1.3),
    direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1],
    marker: [5, 18, 15],
  },
];

export const emptyLike = (grid: Volume): LabelMap => ({ ...grid, data: new Uint8Array(voxelCount(grid)) });

/** 0 everywhere, 1000 in the block around the marker. */
export function markedScan({ size, spacing, direction, marker }: GeometryCase): Volume<Int16Array> {
  const data = new Int16Array(size[0] * size[1] * size[2]);
  for (let k = -1; k <= 1; k++)
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++) data[marker[0] + i + size[0] * (marker[1] + j + size[1] * (marker[2] + k))] = 1000;
  return { size, spacing: spacingFrom(spacing), direction, origin: lpsPoint(-20, 35, 110), data };
}

/** A ball of 300 in a scan of 0, radius in voxels. */
export function ballScan(size: readonly [number, number, number], radius: number): Volume<Int16Array> {
  const data = new Int16Array(size[0] * size[1] * size[2]);
  for (let k = 0, v = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, v++) {
        const d = Math.hypot(i - (size[0] - 1) / 2, j - (size[1] - 1) / 2, k - (size[2] - 1) / 2);
        data[v] = d <= radius ? 300 : 0;
      }
  return { size, spacing: spacingMm(1, 1, 1), direction: [1, 0, 0, 0, 1, 0, 0, 0, 1], origin: lpsPoint(0, 0, 0), data };
}
