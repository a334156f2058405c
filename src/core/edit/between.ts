/** Shape-based interpolation: what lies between two slices of one label, island by island. */
import { squaredDistances } from '../metrics/distance-transform.ts';
import { type Island, type Match, matchIslands, type PlaneMask, union } from './islands.ts';

/** Signed distance in mm, negative inside, over a window of the slice. */
interface Distances {
  /** First pixel of the window; it may lie outside the slice. */
  a0: number;
  b0: number;
  width: number;
  height: number;
  values: Float32Array;
}

/** What one match is at share t of the way: visits the offsets of its pixels. */
type Shape = (t: number, visit: (pixel: number) => void) => void;

/**
 * The slice at share t (0 to 1, exclusive) of the way from `first` to `last`, as a mask of the same size.
 *
 * Islands are matched (see `matchIslands`). A pair holds the pixels where (1 - t) d0(x - c + c0) + t d1(x - c + c1) <= 0,
 * with d the signed distances of the two and c their centroid moved along, so that islands that do not overlap still
 * connect; in a split or a merge nothing moves (c = c0 = c1). What has no partner shrinks in its place, to nothing at the
 * other slice.
 * @param spacing mm along a and b
 */
export function between(
  first: PlaneMask,
  last: PlaneMask,
  spacing: readonly [number, number],
): (t: number) => Uint8Array {
  const shapes = matchIslands(first, last, spacing).map((match) => shapeOf(match, first, spacing));
  return (t) => {
    const inside = new Uint8Array(first.inside.length);
    for (const shape of shapes)
      shape(t, (pixel) => {
        inside[pixel] = 1;
      });
    return inside;
  };
}

function shapeOf(match: Match, plane: PlaneMask, spacing: readonly [number, number]): Shape {
  const { width } = plane;
  if (match.last.length === 0) return shrinking(union(match.first, width), plane, spacing, false);
  if (match.first.length === 0) return shrinking(union(match.last, width), plane, spacing, true);
  const [p, q] = [union(match.first, width), union(match.last, width)];
  const moves = match.first.length === 1 && match.last.length === 1;
  return moving(p, q, moves, plane, spacing);
}

function moving(p: Island, q: Island, moves: boolean, plane: PlaneMask, spacing: readonly [number, number]): Shape {
  const zero = [0, 0] as const;
  const [c0, c1] = moves ? [p.centre, q.centre] : [zero, zero];
  // Both boxes around their centres: outside of it a pixel is outside of both shapes at any share of the way.
  const low = [0, 1].map((c) => Math.min(p.box[c] - c0[c], q.box[c] - c1[c]) - 1);
  const high = [0, 1].map((c) => Math.max(p.box[2 + c] - c0[c], q.box[2 + c] - c1[c]) + 1);
  const [d0, d1] = [distances(p, c0, low, high, plane, spacing), distances(q, c1, low, high, plane, spacing)];
  return (t, visit) => {
    const centre = [0, 1].map((c) => (1 - t) * c0[c] + t * c1[c]);
    const [a0, b0] = [0, 1].map((c) => Math.max(0, Math.floor(low[c] + centre[c])));
    const a1 = Math.min(plane.width - 1, Math.ceil(high[0] + centre[0]));
    const b1 = Math.min(plane.height - 1, Math.ceil(high[1] + centre[1]));
    for (let b = b0; b <= b1; b++) {
      for (let a = a0; a <= a1; a++) {
        const from = sample(d0, a - centre[0] + c0[0], b - centre[1] + c0[1]);
        const to = sample(d1, a - centre[0] + c1[0], b - centre[1] + c1[1]);
        if ((1 - t) * from + t * to <= 0) visit(a + plane.width * b);
      }
    }
  };
}

/** Keeps the pixels deeper than the share of the way to nothing. A single pixel goes half the way. */
function shrinking(island: Island, plane: PlaneMask, spacing: readonly [number, number], begins: boolean): Shape {
  const low = [island.box[0] - 1, island.box[1] - 1];
  const high = [island.box[2] + 1, island.box[3] + 1];
  const field = distances(island, [0, 0], low, high, plane, spacing);
  const half = Math.min(...spacing) / 2;
  const depth = (p: number) =>
    -field.values[(p % plane.width) - field.a0 + field.width * (Math.floor(p / plane.width) - field.b0)];
  let deepest = 0;
  for (const p of island.pixels) deepest = Math.max(deepest, depth(p) + half);
  return (t, visit) => {
    const gone = (begins ? 1 - t : t) * deepest;
    for (const p of island.pixels) if (depth(p) > gone) visit(p);
  };
}

/** The signed distance of an island over the window from `low` to `high` around `centre`. */
function distances(
  island: Island,
  centre: readonly [number, number],
  low: readonly number[],
  high: readonly number[],
  plane: PlaneMask,
  spacing: readonly [number, number],
): Distances {
  const a0 = Math.floor(low[0] + centre[0]);
  const b0 = Math.floor(low[1] + centre[1]);
  const width = Math.ceil(high[0] + centre[0]) - a0 + 1;
  const height = Math.ceil(high[1] + centre[1]) - b0 + 1;
  const inside = new Uint8Array(width * height);
  for (const p of island.pixels) inside[(p % plane.width) - a0 + width * (Math.floor(p / plane.width) - b0)] = 1;
  const outside = inside.map((v) => (v ? 0 : 1));
  const size = [width, height, 1] as const;
  const steps = [spacing[0], spacing[1], 1] as const;
  const [toInside, toOutside] = [squaredDistances(inside, size, steps), squaredDistances(outside, size, steps)];
  // Distances count from pixel to pixel; half a pixel of each side brings the zero onto the edge between them.
  const half = Math.min(spacing[0], spacing[1]) / 2;
  const values = new Float32Array(inside.length);
  for (let p = 0; p < values.length; p++)
    values[p] = inside[p] ? half - Math.sqrt(toOutside[p]) : Math.sqrt(toInside[p]) - half;
  return { a0, b0, width, height, values };
}

/** Bilinear, clamped at the edges. */
function sample({ a0, b0, width, height, values }: Distances, a: number, b: number): number {
  const x = Math.min(width - 1, Math.max(0, a - a0));
  const y = Math.min(height - 1, Math.max(0, b - b0));
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const x1 = Math.min(width - 1, x0 + 1);
  const y1 = Math.min(height - 1, y0 + 1);
  const fx = x - x0;
  const fy = y - y0;
  const top = (1 - fx) * values[x0 + width * y0] + fx * values[x1 + width * y0];
  const bottom = (1 - fx) * values[x0 + width * y1] + fx * values[x1 + width * y1];
  return (1 - fy) * top + fy * bottom;
}
