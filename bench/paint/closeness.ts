/** How close a point lies to the labelled voxels, from a coarse lattice: cheap where a distance map of the scan would be large. */

import { voxelToWorld } from '../../src/core/geometry.ts';
import { type Grid, voxelIndex } from '../../src/core/volume.ts';

const CELL = 4;
const MARGIN = 5;

/** @returns for a point (LPS, mm) about 1 inside the labels, falling to 0 within some 12 mm of them */
export function closeness(grid: Grid, mask: Uint8Array): (x: number, y: number, z: number) => number {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  forLabelled(grid, mask, (...point) => {
    point.forEach((v, axis) => {
      low[axis] = Math.min(low[axis], v);
      high[axis] = Math.max(high[axis], v);
    });
  });
  if (high[0] < low[0]) return () => 0;
  const from = low.map((v) => v - MARGIN * CELL);
  const [nx, ny, nz] = high.map((v, axis) => Math.ceil((v - from[axis]) / CELL) + MARGIN + 1);
  let cells = new Float32Array(nx * ny * nz);
  forLabelled(grid, mask, (x, y, z) => {
    const cell = [x, y, z].map((v, axis) => Math.round((v - from[axis]) / CELL));
    cells[cell[0] + nx * (cell[1] + ny * cell[2])] = 1;
  });
  for (const stride of [1, nx, nx * ny, 1, nx, nx * ny]) cells = smoothed(cells, stride);
  const at = (i: number, j: number, k: number) => cells[i + nx * (j + ny * k)];
  return (x, y, z) => {
    const [u, v, w] = [(x - from[0]) / CELL, (y - from[1]) / CELL, (z - from[2]) / CELL];
    const [i, j, k] = [Math.floor(u), Math.floor(v), Math.floor(w)];
    if (i < 0 || j < 0 || k < 0 || i >= nx - 1 || j >= ny - 1 || k >= nz - 1) return 0;
    const [a, b, c] = [u - i, v - j, w - k];
    const row = (dj: number, dk: number) => (1 - a) * at(i, j + dj, k + dk) + a * at(i + 1, j + dj, k + dk);
    return (1 - c) * ((1 - b) * row(0, 0) + b * row(1, 0)) + c * ((1 - b) * row(0, 1) + b * row(1, 1));
  };
}

/** Each cell's mean with its two neighbours; the lattice's border is empty. */
function smoothed(cells: Float32Array, stride: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(cells.length);
  for (let n = stride; n < cells.length - stride; n++)
    result[n] = (cells[n - stride] + cells[n] + cells[n + stride]) / 3;
  return result;
}

/** Calls back with each labelled voxel's place, LPS, mm. */
export function forLabelled(grid: Grid, mask: Uint8Array, visit: (x: number, y: number, z: number) => void): void {
  const [ni, nj] = grid.size;
  for (let n = 0; n < mask.length; n++) {
    if (mask[n] === 0) continue;
    const [x, y, z] = voxelToWorld(grid, voxelIndex(n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))));
    visit(x, y, z);
  }
}
