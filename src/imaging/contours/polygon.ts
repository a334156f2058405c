/** Polygons on a raster of pixels whose centres are whole numbers. */

export type Point2 = readonly [x: number, y: number];
export type Polygon = readonly Point2[];

/** A pixel centre this near to a line, in pixels, lies on it: writers round their coordinates. */
const ON_LINE = 0.01;
/** Two contours that are nowhere farther apart than this, in pixels, are one, drawn twice. */
const SAME = 0.1;

export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

export function boundsOf(polygon: Polygon): Box {
  let [x0, y0] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [x1, y1] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [x, y] of polygon) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return [x0, y0, x1, y1];
}

/** Half the sum of cross products, without its sign: the enclosed area of a polygon that does not cross itself. */
function areaOf(polygon: Polygon): number {
  let twice = 0;
  eachEdge(polygon, (p, q) => {
    twice += p[0] * q[1] - q[0] * p[1];
  });
  return Math.abs(twice) / 2;
}

function eachEdge(polygon: Polygon, visit: (from: Point2, to: Point2) => void): void {
  for (let n = 0; n < polygon.length; n++) visit(polygon[n], polygon[(n + 1) % polygon.length]);
}

function distanceToEdge([x, y]: Point2, p: Point2, q: Point2): number {
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const length = dx * dx + dy * dy;
  const t = length > 0 ? Math.min(1, Math.max(0, ((x - p[0]) * dx + (y - p[1]) * dy) / length)) : 0;
  return Math.hypot(x - p[0] - t * dx, y - p[1] - t * dy);
}

function distanceToOutline(point: Point2, polygon: Polygon): number {
  let least = Number.POSITIVE_INFINITY;
  eachEdge(polygon, (p, q) => {
    least = Math.min(least, distanceToEdge(point, p, q));
  });
  return least;
}

/** By the even-odd rule; points on the outline are inside. */
function covers(polygon: Polygon, point: Point2): boolean {
  let odd = false;
  eachEdge(polygon, (p, q) => {
    const crosses = p[1] <= point[1] !== q[1] <= point[1];
    if (crosses && point[0] < p[0] + ((point[1] - p[1]) / (q[1] - p[1])) * (q[0] - p[0])) odd = !odd;
  });
  return odd || distanceToOutline(point, polygon) <= ON_LINE;
}

/** True where two edges cross each other properly, not by touching. */
function cross(p: Point2, q: Point2, r: Point2, s: Point2): boolean {
  const side = (a: Point2, b: Point2, c: Point2) => {
    const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    return Math.abs(area) <= ON_LINE * Math.hypot(b[0] - a[0], b[1] - a[1]) ? 0 : Math.sign(area);
  };
  return side(p, q, r) * side(p, q, s) < 0 && side(r, s, p) * side(r, s, q) < 0;
}

const apart = (a: Box, b: Box, margin: number): boolean =>
  a[0] > b[2] + margin || b[0] > a[2] + margin || a[1] > b[3] + margin || b[1] > a[3] + margin;

/** True where `inner` lies in `outer` altogether; their lines may touch. */
export function contains(outer: Polygon, inner: Polygon): boolean {
  const [a, b] = [boundsOf(outer), boundsOf(inner)];
  if (b[0] < a[0] - ON_LINE || b[1] < a[1] - ON_LINE || b[2] > a[2] + ON_LINE || b[3] > a[3] + ON_LINE) return false;
  if (areaOf(inner) >= areaOf(outer) || !inner.every((point) => covers(outer, point))) return false;
  // An outline that touches the outer one at every corner may still lie beside it: in its hole, or in a bay.
  const middle = (p: Point2, q: Point2): Point2 => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
  if (!inner.every((p, n) => covers(outer, middle(p, inner[(n + 1) % inner.length])))) return false;
  const within = innerPoint(inner);
  if (within && !covers(outer, within)) return false;
  let crossing = false;
  eachEdge(inner, (p, q) => {
    const box = boundsOf([p, q]);
    if (!crossing)
      eachEdge(outer, (r, s) => {
        if (!crossing && !apart(box, boundsOf([r, s]), 0)) crossing = cross(p, q, r, s);
      });
  });
  return !crossing;
}

/** A point well inside: half way along the widest stretch of the row half way between two corners; null for a line. */
function innerPoint(polygon: Polygon): Point2 | null {
  const rows = [...new Set(polygon.map((p) => p[1]))].sort((a, b) => a - b);
  const gaps = rows.slice(1).map((y, n) => y - rows[n]);
  if (gaps.length === 0) return null;
  const widest = gaps.indexOf(Math.max(...gaps));
  const y = (rows[widest] + rows[widest + 1]) / 2;
  const crossings = crossingsOf(polygon, y);
  let best: [from: number, to: number] = [0, 0];
  for (let n = 0; n + 1 < crossings.length; n += 2)
    if (crossings[n + 1] - crossings[n] > best[1] - best[0]) best = [crossings[n], crossings[n + 1]];
  return best[1] > best[0] ? [(best[0] + best[1]) / 2, y] : null;
}

/** Where the outline crosses a row, ascending; half open, so that a corner on the row counts once. */
function crossingsOf(polygon: Polygon, y: number): number[] {
  const crossings: number[] = [];
  eachEdge(polygon, (p, q) => {
    if (p[1] <= y !== q[1] <= y) crossings.push(p[0] + ((y - p[1]) / (q[1] - p[1])) * (q[0] - p[0]));
  });
  return crossings.sort((m, n) => m - n);
}

/** True for one outline drawn twice, perhaps with other corners. */
export function sameOutline(a: Polygon, b: Polygon): boolean {
  const [p, q] = [boundsOf(a), boundsOf(b)];
  if (p.some((x, c) => Math.abs(x - q[c]) > SAME)) return false;
  return a.every((x) => distanceToOutline(x, b) <= SAME) && b.every((x) => distanceToOutline(x, a) <= SAME);
}

/** What a polygon makes of a pixel. */
export const INSIDE = 2;
export const ON_THE_LINE = 1;

/** Pixels of a part of the image: 0 outside, ON_THE_LINE, INSIDE. */
export interface Raster {
  x0: number;
  y0: number;
  width: number;
  height: number;
  data: Uint8Array;
}

/** The polygon by the even-odd rule, clipped to an image of `width` x `height`; null where it holds no pixel centre. */
export function rasterise(polygon: Polygon, width: number, height: number): Raster | null {
  const box = boundsOf(polygon);
  const x0 = Math.max(0, Math.ceil(box[0] - ON_LINE));
  const y0 = Math.max(0, Math.ceil(box[1] - ON_LINE));
  const x1 = Math.min(width - 1, Math.floor(box[2] + ON_LINE));
  const y1 = Math.min(height - 1, Math.floor(box[3] + ON_LINE));
  if (x1 < x0 || y1 < y0) return null;
  const raster = { x0, y0, width: x1 - x0 + 1, height: y1 - y0 + 1, data: new Uint8Array(0) };
  raster.data = new Uint8Array(raster.width * raster.height);
  for (let y = y0; y <= y1; y++) fillRow(polygon, y, raster);
  eachEdge(polygon, (p, q) => markEdge(p, q, raster));
  return raster.data.some((v) => v > 0) ? raster : null;
}

function fillRow(polygon: Polygon, y: number, { x0, y0, width, data }: Raster): void {
  // Pixels on the outline are marked apart.
  const crossings = crossingsOf(polygon, y);
  for (let n = 0; n + 1 < crossings.length; n += 2) {
    const from = Math.max(x0, Math.ceil(crossings[n]));
    const to = Math.min(x0 + width - 1, Math.floor(crossings[n + 1]));
    const row = (y - y0) * width - x0;
    if (to >= from) data.fill(INSIDE, row + from, row + to + 1);
  }
}

/** Pixels whose centre lies on the edge. */
function markEdge(p: Point2, q: Point2, { x0, y0, width, height, data }: Raster): void {
  const low = Math.max(y0, Math.ceil(Math.min(p[1], q[1]) - ON_LINE));
  const high = Math.min(y0 + height - 1, Math.floor(Math.max(p[1], q[1]) + ON_LINE));
  const dy = q[1] - p[1];
  for (let y = low; y <= high; y++) {
    // The part of the edge that is near the row.
    const share = (at: number) => Math.min(1, Math.max(0, (at - p[1]) / dy));
    const [s, t] = Math.abs(dy) > 2 * ON_LINE ? [share(y - ON_LINE), share(y + ON_LINE)] : [0, 1];
    const [a, b] = [p[0] + s * (q[0] - p[0]), p[0] + t * (q[0] - p[0])];
    const from = Math.max(x0, Math.ceil(Math.min(a, b) - ON_LINE));
    const to = Math.min(x0 + width - 1, Math.floor(Math.max(a, b) + ON_LINE));
    for (let x = from; x <= to; x++)
      if (distanceToEdge([x, y], p, q) <= ON_LINE) data[(y - y0) * width + x - x0] = ON_THE_LINE;
  }
}
