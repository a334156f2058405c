/** The grid of a segmentation's frames, rebuilt from their positions where no scan gives it. */
import { cross3, directionFromAxes, dot3, norm3 } from '../../core/geometry.ts';
import { type Grid, lpsPoint, spacingMm } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';

export interface SegFrame {
  segment: number;
  position: number[];
  orientation: number[];
}
export interface FrameStack {
  frames: readonly SegFrame[];
  columns: number;
  rows: number;
  /** Distance of rows, then of columns, mm. */
  pixelSpacing: readonly [number, number];
  /** Slice distance that the header states, mm. */
  stated: number;
}

/** Frames this near along the normal, mm, lie on one slice: writers add noise, and scans' slices may be off by as much. */
export const SAME_SLICE = 0.05;

export const unitNormal = (o: readonly number[]): [number, number, number] => {
  const n = cross3(o.slice(0, 3), o.slice(3));
  const l = norm3(n);
  return [n[0] / l, n[1] / l, n[2] / l];
};

/** Places in ascending order, those of one slice as their mean. */
function places(all: number[]): number[] {
  const groups: number[][] = [];
  for (const z of [...all].sort((a, b) => a - b)) {
    const group = groups[groups.length - 1];
    if (group && z - group[0] <= SAME_SLICE) group.push(z);
    else groups.push([z]);
  }
  return groups.map((group) => group.reduce((sum, z) => sum + z, 0) / group.length);
}

/** Frames may be left out where they are empty: the slice distance is the stated one, or the smallest gap. */
export function segGrid(path: string, { frames, columns, rows, pixelSpacing: pixel, stated }: FrameStack): Grid {
  const first = frames[0];
  const bad = (expected: string, got: string) =>
    new DecileError(
      'scan/no-geometry',
      `The frames of ${path} must ${expected}, got ${got}.`,
      'Export the segmentation on one regular grid.',
    );
  if (frames.some((f) => f.orientation.some((x, c) => Math.abs(x - first.orientation[c]) > 1e-3)))
    throw bad('be parallel', 'several orientations');
  const normal = unitNormal(first.orientation);
  const at = places(frames.map((f) => dot3(f.position, normal)));
  const gaps = at.slice(1).map((z, k) => z - at[k]);
  const extent = at.at(-1)! - at[0];
  let spacing = Math.abs(stated) > 0 ? Math.abs(stated) : 1;
  // A stated distance counts where every gap is a multiple of it; else the smallest gap, made exact over the extent.
  const fits = (s: number) => gaps.every((g) => Math.abs(g / s - Math.round(g / s)) < 0.05 && Math.round(g / s) >= 1);
  if (gaps.length > 0 && !fits(spacing)) spacing = Math.min(...gaps);
  if (gaps.length > 0) {
    if (!fits(spacing))
      throw bad('be evenly spaced', `gaps of ${Math.min(...gaps).toFixed(3)} to ${Math.max(...gaps).toFixed(3)} mm`);
    spacing = extent / Math.round(extent / spacing);
  }
  const slices = Math.round(extent / spacing) + 1;
  if (slices > 65536)
    throw new DecileError(
      'scan/size',
      `${path} must have at most 65536 slices, got ${slices}.`,
      'The positions are damaged.',
    );
  const lowest = frames.reduce((a, b) => (dot3(b.position, normal) < dot3(a.position, normal) ? b : a));
  const i = first.orientation.slice(0, 3);
  const j = first.orientation.slice(3);
  return {
    size: [columns, rows, slices],
    spacing: spacingMm(pixel[1], pixel[0], spacing),
    origin: lpsPoint(lowest.position[0], lowest.position[1], lowest.position[2]),
    direction: directionFromAxes(
      i.map((x) => x / norm3(i)),
      j.map((x) => x / norm3(j)),
      normal,
    ),
  };
}
