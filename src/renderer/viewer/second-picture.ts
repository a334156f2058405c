/** A second scan through the camera of a plane: where both lie in space decides what stands where, whatever their grids. */
import { indexToWorld, worldToIndex } from '../../core/edit/planes.ts';
import type { Grid, Volume } from '../../core/volume.ts';
import type { PlaneView } from './plane-view.ts';
import { drawSampled, type PixelGrid, pixelGrid } from './sampled-layer.ts';
import type { Window } from './window.ts';

/** @param grid of the scan that the plane shows, where it lies in space */
export function drawSecond(
  canvas: HTMLCanvasElement,
  view: PlaneView,
  grid: Grid,
  second: Volume,
  window: Window,
): void {
  const pixels = pixelGrid((x, y) => {
    const index = view.toVoxel(x, y);
    return index && worldToIndex(second, indexToWorld(grid, index));
  });
  if (pixels) drawSecondOn(canvas, view.size, pixels, second, window);
}

function drawSecondOn(
  canvas: HTMLCanvasElement,
  size: readonly [number, number],
  pixels: PixelGrid,
  second: Volume,
  { level, width }: Window,
): void {
  const low = level - width / 2;
  drawSampled(canvas, size, pixels, (i, j, k) => {
    const value = valueAt(second, i, j, k);
    if (Number.isNaN(value)) return 0;
    const shade = Math.min(255, Math.max(0, Math.round(((value - low) / width) * 255)));
    return (0xff000000 | (shade << 16) | (shade << 8) | shade) >>> 0;
  });
}

/** Trilinear between the eight voxels around; not a number outside. */
export function valueAt({ data, size }: Volume, i: number, j: number, k: number): number {
  const [ni, nj, nk] = size;
  if (!(i >= -0.5 && j >= -0.5 && k >= -0.5 && i <= ni - 0.5 && j <= nj - 0.5 && k <= nk - 0.5)) return Number.NaN;
  const [x, y, z] = [clamped(i, ni), clamped(j, nj), clamped(k, nk)];
  const [i0, j0, k0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const [fx, fy, fz] = [x - i0, y - j0, z - k0];
  // Past the last voxel the weight is 0: the last one stands in.
  const [dx, dy, dz] = [fx > 0 ? 1 : 0, fy > 0 ? ni : 0, fz > 0 ? ni * nj : 0];
  const at = i0 + ni * (j0 + nj * k0);
  const along = (v: number) => data[v] + (data[v + dx] - data[v]) * fx;
  const across = (v: number) => along(v) + (along(v + dy) - along(v)) * fy;
  return across(at) + (across(at + dz) - across(at)) * fz;
}

const clamped = (n: number, size: number): number => Math.min(size - 1, Math.max(0, n));
