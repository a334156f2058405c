/** Outlines of a slice's pixels: along their edges, holes joined by keyholes, so that any rasteriser finds the same pixels. */
import type { Point2, Polygon } from './polygon.ts';

/** One step along a pixel's edge, corners as whole numbers: corner (x, y) is the point (x - 0.5, y - 0.5). */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** Corners of a closed walk along pixel edges, each step of length 1. */
type Walk = number[];

/**
 * Closed polygons that together are the pixels inside: one for each connected part, whose holes hang on it by a keyhole, a
 * cut of no width along pixel edges. No line comes nearer to a pixel centre than half a pixel, and areas are those of the pixels.
 * @param inside [y, x], not 0 inside
 */
export function outlines(inside: ArrayLike<number>, width: number, height: number): Polygon[] {
  const walks = walksAround(inside, width, height);
  const outer = walks.filter((walk) => area(walk, width) > 0);
  const holes = walks.filter((walk) => area(walk, width) < 0);
  joinHoles(outer, holes, width);
  return outer.map((walk) => corners(walk, width));
}

/** Corner number of (x, y) on the grid of (width + 1) x (height + 1) corners. */
const corner = (x: number, y: number, width: number): number => y * (width + 1) + x;
const xOf = (n: number, width: number): number => n % (width + 1);
const yOf = (n: number, width: number): number => Math.floor(n / (width + 1));

/** Every boundary once, inside on the right hand (y grows downwards): parts clockwise, holes against the clock. */
function walksAround(inside: ArrayLike<number>, width: number, height: number): Walk[] {
  const at = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] !== 0;
  // For the edge that leaves corner (x, y) in each direction: the pixels on its right and on its left.
  const isEdge = (x: number, y: number, d: number): boolean => {
    switch (d) {
      case 0:
        return at(x, y) && !at(x, y - 1);
      case 1:
        return at(x - 1, y) && !at(x, y);
      case 2:
        return at(x - 1, y - 1) && !at(x - 1, y);
      default:
        return at(x, y - 1) && !at(x - 1, y - 1);
    }
  };
  const done = new Set<number>();
  const walks: Walk[] = [];
  for (let y = 0; y <= height; y++)
    for (let x = 0; x <= width; x++)
      for (let d = 0; d < 4; d++) {
        if (!isEdge(x, y, d) || done.has(4 * corner(x, y, width) + d)) continue;
        const walk: Walk = [];
        let [cx, cy, cd] = [x, y, d];
        while (!done.has(4 * corner(cx, cy, width) + cd)) {
          done.add(4 * corner(cx, cy, width) + cd);
          walk.push(corner(cx, cy, width));
          cx += STEPS[cd][0];
          cy += STEPS[cd][1];
          // Right first: pixels that touch at a corner alone are parts of their own.
          cd = [1, 0, 3].map((turn) => (cd + turn) % 4).find((next) => isEdge(cx, cy, next)) ?? cd;
        }
        walks.push(walk);
      }
  return walks;
}

/** Enclosed pixels; below 0 for a hole. */
function area(walk: Walk, width: number): number {
  let twice = 0;
  for (let n = 0; n < walk.length; n++) {
    const [a, b] = [walk[n], walk[(n + 1) % walk.length]];
    twice += xOf(a, width) * yOf(b, width) - xOf(b, width) * yOf(a, width);
  }
  return twice / 2;
}

/** From the leftmost corner of a hole straight to the left the first boundary is that of its part, or of a hole that is joined already. */
function joinHoles(outer: Walk[], holes: Walk[], width: number): void {
  if (holes.length === 0) return;
  const leftmost = (walk: Walk) => walk.reduce((a, b) => (xOf(b, width) < xOf(a, width) ? b : a));
  const owner = new Map<number, Walk>();
  for (const walk of outer) for (const n of walk) owner.set(n, walk);
  for (const hole of holes.toSorted((a, b) => xOf(leftmost(a), width) - xOf(leftmost(b), width))) {
    const from = leftmost(hole);
    let to = from;
    while (!owner.has(to)) to--;
    const part = owner.get(to)!;
    const start = hole.indexOf(from);
    const bridge = Array.from({ length: from - to }, (_, n) => to + n);
    // Out along the cut, round the hole, back along the cut.
    const detour = [
      ...bridge,
      ...hole.slice(start),
      ...hole.slice(0, start),
      from,
      ...bridge.toReversed().slice(0, -1),
    ];
    part.splice(part.indexOf(to), 0, ...detour);
    for (const n of detour) if (!owner.has(n)) owner.set(n, part);
  }
}

/** The points at which the walk turns, in pixels. */
function corners(walk: Walk, width: number): Polygon {
  const turns = walk.filter((n, at) => {
    const [before, after] = [walk[(at + walk.length - 1) % walk.length], walk[(at + 1) % walk.length]];
    return n - before !== after - n;
  });
  return turns.map((n): Point2 => [xOf(n, width) - 0.5, yOf(n, width) - 0.5]);
}
