/** A mask that covers the same voxels in another order, or part of them, laid onto a scan's own grid: exactly or not at all. */
import { axis, dot3, gridDifference, gridOf, worldToVoxel } from '../core/geometry.ts';
import { resample } from '../core/resample.ts';
import type { Grid, LabelMap } from '../core/volume.ts';
import { DecileError } from '../shared/errors.ts';

/** A voxel centre may be off by this share of a voxel. */
const TOLERANCE = 0.02;

/**
 * `mask` on `grid`, voxel for voxel: axes flipped, permuted, cropped or padded with background, never interpolated.
 * @param what the mask's name in messages
 * @throws mask/other-grid with the difference stated, mask/outside when labelled voxels lie beyond the scan
 */
export function alignMask(mask: LabelMap, grid: Grid, what = 'The mask'): LabelMap {
  const difference = gridDifference(mask, grid);
  if (difference === null) return { ...gridOf(grid), data: mask.data };
  if (!congruent(mask, grid)) {
    throw new DecileError(
      'mask/other-grid',
      `${what} must lie on the scan's grid, got another one: ${latticeDifference(mask, grid) ?? difference}.`,
      'Export the mask on the grid of this scan, or check that it belongs to it.',
    );
  }
  const laid = resample(mask, grid, 'nearest', 0);
  const count = (data: Uint8Array) => data.reduce((n, v) => n + (v ? 1 : 0), 0);
  const [before, after] = [count(mask.data), count(laid.data)];
  if (before !== after) {
    throw new DecileError(
      'mask/outside',
      `Every labelled voxel of ${what} must lie inside the scan, got ${before - after} outside.`,
      'Check that the mask belongs to this scan.',
    );
  }
  return laid;
}

/**
 * What keeps a mask of another size (empty slices may be left out) from lying on the grid: never its size, but
 * orientation, spacing, or voxel centres between those of the scan.
 */
function latticeDifference(a: Grid, b: Grid): string | null {
  if (a.size.every((n, c) => n === b.size[c])) return null;
  const pairs = ([0, 1, 2] as const).map((c) => {
    const cosines = ([0, 1, 2] as const).map((t) => Math.abs(dot3(axis(a.direction, t), axis(b.direction, c))));
    const t = cosines.indexOf(Math.max(...cosines)) as 0 | 1 | 2;
    return { c, t, degrees: (Math.acos(Math.min(1, cosines[t])) * 180) / Math.PI };
  });
  const turned = Math.max(...pairs.map(({ degrees }) => degrees));
  if (turned > 0.3) return `orientation differs by ${turned.toFixed(1)} degrees`;
  const off = pairs.find(({ c, t }) => Math.abs(a.spacing[t] - b.spacing[c]) > 0.005 * b.spacing[c]);
  if (off) return `spacing ${+a.spacing[off.t].toFixed(4)} mm against ${+b.spacing[off.c].toFixed(4)} mm`;
  const at = worldToVoxel(b, a.origin);
  const shift = Math.hypot(...at.map((x, c) => (x - Math.round(x)) * b.spacing[c]));
  return `voxel centres lie ${+shift.toFixed(3)} mm beside those of the scan`;
}

/** Same voxel lattice: parallel axes, equal spacing along them, centres that coincide. */
function congruent(a: Grid, b: Grid): boolean {
  const used = new Set<number>();
  for (const c of [0, 1, 2] as const) {
    const cosines = ([0, 1, 2] as const).map((t) => Math.abs(dot3(axis(a.direction, t), axis(b.direction, c))));
    const t = cosines.findIndex((x) => x > 1 - 1e-5);
    // Lattices must not drift apart over the larger of both.
    if (
      t < 0 ||
      used.has(t) ||
      Math.abs(a.spacing[t] - b.spacing[c]) * Math.max(a.size[t], b.size[c]) > TOLERANCE * b.spacing[c] * 5
    )
      return false;
    used.add(t);
  }
  return worldToVoxel(a, b.origin).every((x) => Math.abs(x - Math.round(x)) < TOLERANCE);
}
