/** Seeds that correct what a model, or an earlier mask, believes. */
import { keepSeeded, parts } from './connected.ts';
import { geodesicDistances } from './geodesic.ts';
import type { Region } from './region.ts';
import type { Seed } from './seeds.ts';
import { smooth } from './smooth.ts';

/** Log odds beyond which a belief is no stronger: a wrong one must give way to a click. */
const SUREST = 4;
/** Log odds of the place clicked at, afterwards. */
const SAID = 3;
/** Log odds of a node beside the border, at least. */
const LEAST = 0.2;
/** Reach of a seed, in geodesic distances from it to the border that it moves. */
const REACH = 2;

export interface PlacedSeed {
  readonly seed: Seed;
  /** Nodes of the region that it covers. */
  readonly nodes: readonly number[];
}

export class Correction {
  private readonly image: Float32Array;
  private readonly region: Region;
  private readonly edge: number;
  private readonly distances = new Map<Seed, Float32Array>();

  constructor(image: Float32Array, region: Region, edge: number) {
    this.image = image;
    this.region = region;
    this.edge = edge;
  }

  /**
   * What the seeds add to a belief b, one after the other. With d the geodesic distance from a seed at s, and r that of the
   * nearest node that already is as the seed says: b(x) += (SAID + |b(s)|) exp(-(d(x) / (REACH r))^2), signed by the seed.
   * A seed is placed in the middle of what is wrong, so r is half of its thickness. "Not this" on a part beside the largest
   * one takes that part away.
   * @param tenths [k, j, i], tenths of log odds
   * @returns [k, j, i], log odds to add
   */
  shift(tenths: Float32Array, placed: readonly PlacedSeed[]): Float32Array {
    const { size } = this.region;
    const believed = softened(tenths, size);
    const now = believed.slice();
    for (const { seed, nodes } of placed) if (nodes.length) this.move(now, seed, nodes);
    const mask = Uint8Array.from(now, (b) => (b > 0 ? 1 : 0));
    const said = { inside: [] as number[], outside: [] as number[] };
    for (const { seed, nodes } of placed) said[seed.inside ? 'inside' : 'outside'].push(...nodes);
    for (let v = 0; v < mask.length; v++) said[believed[v] > 0 ? 'inside' : 'outside'].push(v);
    keepSeeded(mask, size, said);
    for (let v = 0; v < mask.length; v++) {
      if (mask[v] !== (now[v] > 0 ? 1 : 0)) now[v] = mask[v] ? 0.1 : -0.1;
      // What no seed reached stays exactly as it was, however sure it was.
      now[v] = Math.abs(now[v] - believed[v]) < 0.01 ? 0 : now[v] - tenths[v] / 10;
    }
    return now;
  }

  private move(now: Float32Array, seed: Seed, nodes: readonly number[]): void {
    const way = seed.inside ? 1 : -1;
    const anchor = nodes[nodes.length >> 1];
    const far = this.from(seed, nodes);
    if (!seed.inside && this.dropPart(now, anchor)) return;
    let border = Number.POSITIVE_INFINITY;
    for (let v = 0; v < now.length; v++) if (way * now[v] > 0 && far[v] < border) border = far[v];
    const least = 0.75 * Math.min(...this.region.spacing);
    // Nothing is as the seed says: the seed begins a part of its own, of a few nodes.
    const reach = REACH * Math.max(least, Number.isFinite(border) ? border : 4 * least);
    const height = SAID + Math.max(0, -way * now[anchor]);
    for (let v = 0; v < now.length; v++) {
      const part = far[v] / reach;
      if (part < 3) now[v] += way * height * Math.exp(-part * part);
    }
  }

  /** Takes away the part of the label that a node lies in, unless it is the largest; false where it is. */
  private dropPart(now: Float32Array, node: number): boolean {
    if (now[node] <= 0) return false;
    const mask = Uint8Array.from(now, (b) => (b > 0 ? 1 : 0));
    const { numbers, sizes, values } = parts(mask, this.region.size);
    const own = numbers[node];
    const larger = sizes.some((count, n) => values[n] === 1 && n !== own && count > sizes[own]);
    if (!larger) return false;
    for (let v = 0; v < now.length; v++) if (numbers[v] === own) now[v] = -SAID;
    return true;
  }

  private from(seed: Seed, nodes: readonly number[]): Float32Array {
    const known = this.distances.get(seed);
    if (known) return known;
    const { size, spacing } = this.region;
    const made = geodesicDistances(this.image, size, spacing, nodes, this.edge);
    this.distances.set(seed, made);
    return made;
  }
}

/** Log odds at most SUREST, less sure beside their border, so that it can move; no node changes its side. */
function softened(tenths: Float32Array, size: Region['size']): Float32Array {
  const clipped = tenths.map((t) => Math.min(SUREST, Math.max(-SUREST, t / 10)));
  const soft = clipped.slice();
  for (let n = 0; n < 2; n++) smooth(soft, size);
  for (let v = 0; v < soft.length; v++) {
    const way = clipped[v] > 0 ? 1 : -1;
    soft[v] = way * Math.max(LEAST, way * soft[v]);
  }
  return soft;
}
