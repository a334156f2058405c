/** Frames of a segmentation on a scan's grid: each where it says it lies, on a resampled scan by the road the scan took. */
import { worldToVoxel } from '../../core/geometry.ts';
import { type Grid, lpsPoint, type WorldPoint } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { alignMask } from '../align.ts';
import { type ContourPlane, stackPlanes } from '../contours/stack.ts';
import { SAME_SLICE, segGrid } from './seg-grid.ts';
import type { OpenSeg } from './seg-read.ts';

/** A pixel centre may be off by this share of a voxel, or by SAME_SLICE; its twin in the far corner by FAR_CORNER. */
const OFF = 0.02;
const FAR_CORNER = 0.1;
type Axis = 0 | 1 | 2;

/** Where a frame lies on the grid: voxel = start + column * along[0] + row * along[1]. */
interface Placed {
  /** Voxel of the first pixel, with fractions. */
  start: readonly [number, number, number];
  /** The axis that columns (then rows) count along, and whether forwards. */
  along: readonly [{ axis: Axis; sign: number }, { axis: Axis; sign: number }];
  normal: Axis;
}

/**
 * Visits the voxels of the segments in `wanted`; the same voxel may come more than once.
 * @param drawnOn where the scan's slices were taken, LPS mm, where that is known
 * @returns what to tell
 * @throws mask/other-grid, mask/outside
 */
export function placeSeg(
  path: string,
  seg: OpenSeg,
  grid: Grid,
  wanted: (segment: number) => boolean,
  drawnOn: readonly WorldPoint[] | undefined,
  put: (segment: number, voxel: number) => void,
): string[] {
  const placed = seg.frames.map((_, n) => place(seg, n, grid));
  const sources = drawnOn?.map((point) => worldToVoxel(grid, point));
  if (sources && isResampled(sources, grid) && placed.every((p) => p !== null && onSource(p, sources, grid)))
    return placeResampled(seg, placed as Placed[], grid, sources, wanted, put);
  let outside = 0;
  placed.forEach((at, n) => {
    if (!at || !onVoxels(at, grid)) throw otherGrid(path, seg, grid);
    const start = at.start.map(Math.round);
    const strides = [1, grid.size[0], grid.size[0] * grid.size[1]];
    const [i, j] = at.along;
    seg.visit(n, (segment, pixel) => {
      if (!wanted(segment)) return;
      const voxel = [...start];
      voxel[i.axis] += i.sign * (pixel % seg.columns);
      voxel[j.axis] += j.sign * Math.floor(pixel / seg.columns);
      if (voxel.some((x, c) => x < 0 || x >= grid.size[c])) outside++;
      else put(segment, voxel[0] * strides[0] + voxel[1] * strides[1] + voxel[2] * strides[2]);
    });
  });
  if (outside > 0)
    throw new DecileError(
      'mask/outside',
      `Every labelled voxel of ${path} must lie inside the scan, got ${outside} outside.`,
      'Check that the mask belongs to this scan.',
    );
  return [];
}

/** Null where the frame is not parallel to the grid's axes with pixels of its size. */
function place(seg: OpenSeg, n: number, grid: Grid): Placed | null {
  const { position, orientation } = seg.frames[n];
  const at = (column: number, row: number) => {
    const [down, across] = seg.pixelSpacing;
    const point = [0, 1, 2].map(
      (c) => position[c] + column * across * orientation[c] + row * down * orientation[3 + c],
    );
    return worldToVoxel(grid, lpsPoint(point[0], point[1], point[2]));
  };
  const start = at(0, 0);
  const direction = (end: readonly number[], steps: number) => {
    const way = end.map((x, c) => x - start[c]);
    const axis = ([0, 1, 2] as const).reduce((a, c) => (Math.abs(way[c]) > Math.abs(way[a]) ? c : a));
    const straight = way.every((x, c) => Math.abs(c === axis ? Math.abs(x) - steps : x) < FAR_CORNER);
    return straight ? { axis, sign: Math.sign(way[axis]) } : null;
  };
  const [columns, rows] = [Math.max(1, seg.columns - 1), Math.max(1, seg.rows - 1)];
  const [i, j] = [direction(at(columns, 0), columns), direction(at(0, rows), rows)];
  if (!i || !j || i.axis === j.axis) return null;
  return { start, along: [i, j], normal: (3 - i.axis - j.axis) as Axis };
}

const near = (x: number, spacing: number): boolean =>
  Math.abs(x - Math.round(x)) <= Math.max(OFF, SAME_SLICE / spacing);

const onVoxels = ({ start }: Placed, grid: Grid): boolean => start.every((x, c) => near(x, grid.spacing[c]));

/** True where slices were not taken one a grid plane, each with its first pixel on the first voxel. */
const isResampled = (sources: readonly (readonly number[])[], grid: Grid): boolean =>
  sources.length !== grid.size[2] ||
  sources.some((at) => !near(at[2], grid.spacing[2]) || !near(at[0], grid.spacing[0]) || !near(at[1], grid.spacing[1]));

/** True where the frame lies on a slice that was taken, along the grid's slices. */
const onSource = ({ start, normal }: Placed, sources: readonly (readonly number[])[], grid: Grid): boolean =>
  normal === 2 && sources.some((at) => Math.abs(at[2] - start[2]) * grid.spacing[2] <= SAME_SLICE);

/** Segment by segment: frames moved within their plane as the slices were, and between them what lies between. */
function placeResampled(
  seg: OpenSeg,
  placed: readonly Placed[],
  grid: Grid,
  sources: readonly (readonly number[])[],
  wanted: (segment: number) => boolean,
  put: (segment: number, voxel: number) => void,
): string[] {
  const [width, height, slices] = grid.size;
  const drawnOn = sources.map((at) => at[2]);
  let interpolated = 0;
  for (const { number } of seg.segments) {
    if (!wanted(number)) continue;
    const planes: ContourPlane[] = [];
    placed.forEach((at, n) => {
      const data = shifted(seg, n, number, at, width, height);
      const place = drawnOn.reduce((a, b) => (Math.abs(b - at.start[2]) < Math.abs(a - at.start[2]) ? b : a));
      if (data) planes.push({ at: place, data });
    });
    if (planes.length === 0) continue;
    planes.sort((a, b) => a.at - b.at);
    const spacing = [grid.spacing[2], grid.spacing[0], grid.spacing[1]] as const;
    const stacked = stackPlanes(planes, { width, height, slices, spacing, drawnOn, sparse: true }, (slice, data) => {
      for (let p = 0; p < data.length; p++) if (data[p]) put(number, slice * width * height + p);
    });
    interpolated = Math.max(interpolated, stacked.interpolated);
  }
  return interpolated > 0
    ? [`The scan was resampled, and so was its mask: ${interpolated} slices lie between those that were drawn on.`]
    : [];
}

/** One segment of a frame on the grid's pixels, bilinear and at least half; null where it is empty. */
function shifted(
  seg: OpenSeg,
  n: number,
  segment: number,
  { start, along }: Placed,
  width: number,
  height: number,
): Uint8Array | null {
  const share = new Float32Array(width * height);
  const [i, j] = along;
  let any = false;
  seg.visit(n, (found, pixel) => {
    if (found !== segment) return;
    any = true;
    const at = [start[0], start[1]];
    at[i.axis] += i.sign * (pixel % seg.columns);
    at[j.axis] += j.sign * Math.floor(pixel / seg.columns);
    const [x, y] = at.map((v) => Math.floor(v + 1e-4));
    const [fx, fy] = [Math.max(0, at[0] - x), Math.max(0, at[1] - y)];
    for (const [dx, dy, weight] of [
      [0, 0, (1 - fx) * (1 - fy)],
      [1, 0, fx * (1 - fy)],
      [0, 1, (1 - fx) * fy],
      [1, 1, fx * fy],
    ])
      if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height) share[x + dx + width * (y + dy)] += weight;
  });
  return any ? Uint8Array.from(share, (v) => (v >= 0.5 - 1e-3 ? 1 : 0)) : null;
}

/** States the difference as for masks of other formats; a stack that fits voxel for voxel after all is no reason. */
function otherGrid(path: string, seg: OpenSeg, grid: Grid): DecileError {
  try {
    const own = segGrid(path, seg);
    alignMask({ ...own, data: new Uint8Array(own.size[0] * own.size[1] * own.size[2]) }, grid, path);
  } catch (error) {
    if (error instanceof DecileError) return error;
    throw error;
  }
  return new DecileError(
    'mask/other-grid',
    `The frames of ${path} must lie on the scan's slices, got some between them.`,
    'Export the mask on the grid of this scan, or check that it belongs to it.',
  );
}
