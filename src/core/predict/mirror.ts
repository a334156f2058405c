/** Mirrored copies of a patch, for predictions that are averaged over them. */
import type { Sides } from '../train/patch-source.ts';

/** Axes that are mirrored, x, y, z. */
export type Flips = readonly [boolean, boolean, boolean];
export const NO_FLIPS: Flips = [false, false, false];

/** Every way to mirror along some of the axes, the patch as it is first: 1, 2, 4 or 8. */
export function mirrorings(axes: Flips): Flips[] {
  const choices = (wanted: boolean) => (wanted ? [false, true] : [false]);
  const [xs, ys, zs] = axes.map(choices);
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Flips => [x, y, z])));
}

/** Maps of these sides one after another, x fastest, each mirrored; mirrored again they are the same. */
export function mirrored(maps: Float32Array, [nx, ny, nz]: Sides, flips: Flips): Float32Array {
  if (!flips.some(Boolean)) return maps;
  const into = new Float32Array(maps.length);
  const along = (i: number, n: number, flip: boolean) => (flip ? n - 1 - i : i);
  const planes = maps.length / (nx * ny);
  for (let plane = 0; plane < planes; plane++) {
    const from = plane - (plane % nz) + along(plane % nz, nz, flips[2]);
    for (let y = 0; y < ny; y++) {
      const row = nx * (along(y, ny, flips[1]) + ny * from);
      const to = nx * (y + ny * plane);
      for (let x = 0; x < nx; x++) into[to + x] = maps[row + along(x, nx, flips[0])];
    }
  }
  return into;
}
