/** Islands of one slice, and which island of the next slice each goes over into. */

/** A slice of one label. */
export interface PlaneMask {
  readonly width: number;
  readonly height: number;
  /** [b, a]: non-zero inside. */
  readonly inside: Uint8Array;
}

export interface Island {
  /** Offsets b * width + a. */
  readonly pixels: number[];
  /** Centroid, in pixels along a and b. */
  readonly centre: readonly [number, number];
  /** Smallest and largest a and b. */
  readonly box: readonly [a0: number, b0: number, a1: number, b1: number];
}

/** Islands over edge and corner neighbours (8). */
export function islandsOf({ width, height, inside }: PlaneMask): Island[] {
  const seen = new Uint8Array(inside.length);
  const islands: Island[] = [];
  for (let seed = 0; seed < inside.length; seed++) {
    if (!inside[seed] || seen[seed]) continue;
    const pixels: number[] = [seed];
    seen[seed] = 1;
    for (let n = 0; n < pixels.length; n++) {
      const [a, b] = [pixels[n] % width, Math.floor(pixels[n] / width)];
      for (let y = Math.max(0, b - 1); y <= Math.min(height - 1, b + 1); y++) {
        for (let x = Math.max(0, a - 1); x <= Math.min(width - 1, a + 1); x++) {
          const next = x + width * y;
          if (!inside[next] || seen[next]) continue;
          seen[next] = 1;
          pixels.push(next);
        }
      }
    }
    islands.push(islandOf(pixels, width));
  }
  return islands;
}

/** Several islands as one. */
export const union = (islands: readonly Island[], width: number): Island =>
  islands.length === 1
    ? islands[0]
    : islandOf(
        islands.flatMap(({ pixels }) => pixels),
        width,
      );

function islandOf(pixels: number[], width: number): Island {
  const box: [number, number, number, number] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  let [sumA, sumB] = [0, 0];
  for (const p of pixels) {
    const [a, b] = [p % width, Math.floor(p / width)];
    sumA += a;
    sumB += b;
    box[0] = Math.min(box[0], a);
    box[1] = Math.min(box[1], b);
    box[2] = Math.max(box[2], a);
    box[3] = Math.max(box[3], b);
  }
  return { pixels, centre: [sumA / pixels.length, sumB / pixels.length], box };
}

/** Islands that go over into one another: one into one, one into several (a split), several into one (a merge). */
export interface Match {
  /** Empty where an island begins. */
  first: Island[];
  /** Empty where an island ends. */
  last: Island[];
}

/** Islands without overlap are partners up to this many times the sum of their radii (of discs of equal area). */
const NEAR = 2;

/**
 * Partners are found by overlap; of what is left, the nearest within reach of each other; a single island on either side
 * goes over into the other however far it is. What has no partner stands alone.
 */
export function matchIslands(first: PlaneMask, last: PlaneMask, spacing: readonly [number, number]): Match[] {
  const [a, b] = [islandsOf(first), islandsOf(last)];
  if (a.length === 1 && b.length === 1) return [{ first: a, last: b }];
  const owner = new Int32Array(last.inside.length).fill(-1);
  b.forEach(({ pixels }, n) => {
    for (const p of pixels) owner[p] = n;
  });
  // Groups of islands that overlap, over any number of steps: place a.length + n stands for the n-th of the last slice.
  const group = Array.from({ length: a.length + b.length }, (_, n) => n);
  const root = (n: number): number => {
    let at = n;
    while (group[at] !== at) at = group[at];
    return at;
  };
  a.forEach(({ pixels }, n) => {
    for (const p of pixels) if (owner[p] >= 0) group[root(a.length + owner[p])] = root(n);
  });
  const members = new Map<number, Match>();
  for (let n = 0; n < group.length; n++) {
    const match = members.get(root(n)) ?? { first: [], last: [] };
    if (n < a.length) match.first.push(a[n]);
    else match.last.push(b[n - a.length]);
    members.set(root(n), match);
  }
  return joinNearest([...members.values()], spacing);
}

function joinNearest(matches: Match[], spacing: readonly [number, number]): Match[] {
  const ending = new Set(matches.filter(({ last }) => last.length === 0));
  const beginning = new Set(matches.filter(({ first }) => first.length === 0));
  const radius = ({ pixels }: Island) => Math.sqrt((pixels.length * spacing[0] * spacing[1]) / Math.PI);
  const pairs = [...ending].flatMap((from) =>
    [...beginning].flatMap((to) => {
      const [p, q] = [from.first[0], to.last[0]];
      const apart = Math.hypot(...[0, 1].map((c) => (p.centre[c] - q.centre[c]) * spacing[c]));
      return apart <= NEAR * (radius(p) + radius(q)) ? [{ from, to, apart }] : [];
    }),
  );
  const joined: Match[] = [];
  for (const { from, to } of pairs.sort((x, y) => x.apart - y.apart)) {
    if (!ending.has(from) || !beginning.has(to)) continue;
    ending.delete(from);
    beginning.delete(to);
    joined.push({ first: from.first, last: to.last });
  }
  const paired = matches.filter(({ first, last }) => first.length > 0 && last.length > 0);
  return [...paired, ...joined, ...ending, ...beginning];
}
