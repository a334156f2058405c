/** Which voxels of the slice that is shown lie in a range, in a colour over the picture. */
import type { Volume } from '../../core/volume.ts';
import type { PlaneView } from './plane-view.ts';
import { drawSampled, pixelGrid } from './sampled-layer.ts';

/** Of 255. */
const OPACITY = 140;

/** @param colour packed RGBA of the label, its opacity aside */
export function drawRange(
  canvas: HTMLCanvasElement,
  view: PlaneView,
  scan: Volume,
  [low, high]: readonly [number, number],
  colour: number,
): void {
  const grid = pixelGrid((x, y) => view.toVoxel(x, y));
  if (!grid) return;
  const { data, size } = scan;
  const [ni, nj, nk] = size;
  const shade = ((colour & 0xffffff) | (OPACITY << 24)) >>> 0;
  drawSampled(canvas, view.size, grid, (x, y, z) => {
    const [i, j, k] = [Math.round(x), Math.round(y), Math.round(z)];
    if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) return 0;
    const value = data[i + ni * (j + nj * k)];
    return value >= low && value <= high ? shade : 0;
  });
}
