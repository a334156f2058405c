/** Seeds that correct what a model, or an earlier mask, believes. */
import { keepSeeded, parts } from './connected.ts';
import { errorRegion } from './error-region.ts';
import type { Region } from './region.ts';
import type { Seed } from './seeds.ts';

/** Log odds of what a click turned over, afterwards. */
const SAID = 1;

export interface PlacedSeed {
  readonly seed: Seed;
  /** Nodes of the region that it covers. */
  readonly nodes: readonly number[];
}

/** The mask after some seeds, so that the next one costs no more than the first. */
interface State {
  readonly seed: Seed;
  readonly inside: Uint8Array;
}

export class Correction {
  private readonly region: Region;
  /** What the states below stand on. */
  private tenths: Float32Array | null = null;
  private belief = new Float32Array();
  private parted: ReturnType<typeof parts> | null = null;
  private states: State[] = [];

  constructor(region: Region) {
    this.region = region;
  }

  /**
   * What the seeds add to a belief, one after the other: each turns over the region that is wrong with it (errorRegion), and what it
   * did not turn over stays as it was. "Not this" on a part that the belief itself has beside a larger one takes that part away.
   * @param tenths [k, j, i], tenths of log odds
   * @returns [k, j, i], log odds to add
   */
  shift(tenths: Float32Array, placed: readonly PlacedSeed[]): Float32Array {
    this.begin(tenths);
    const { belief, region } = this;
    const known = this.states.findIndex(({ seed }, n) => seed !== placed[n]?.seed);
    if (known >= 0) this.states.length = known;
    const pinned = new Uint8Array(belief.length);
    placed.forEach(({ seed, nodes }, n) => {
      if (n >= this.states.length) {
        const before = this.states.at(-1)?.inside ?? Uint8Array.from(belief, (b) => (b > 0 ? 1 : 0));
        this.states.push({ seed, inside: this.turned(before, seed, nodes, pinned) });
      }
      for (const v of nodes) pinned[v] = 1;
    });
    const inside = (this.states.at(-1)?.inside ?? Uint8Array.from(belief, (b) => (b > 0 ? 1 : 0))).slice();
    const said = { inside: [] as number[], outside: [] as number[] };
    for (const { seed, nodes } of placed) said[seed.inside ? 'inside' : 'outside'].push(...nodes);
    for (let v = 0; v < inside.length; v++) said[belief[v] > 0 ? 'inside' : 'outside'].push(v);
    keepSeeded(inside, region.size, said);
    return Float32Array.from(inside, (value, v) => {
      if (value === (belief[v] > 0 ? 1 : 0)) return 0;
      return (value ? SAID : -SAID) - belief[v];
    });
  }

  private begin(tenths: Float32Array): void {
    const same = this.tenths?.length === tenths.length && this.tenths.every((t, v) => t === tenths[v]);
    if (same) return;
    this.tenths = tenths.slice();
    this.belief = tenths.map((t) => t / 10);
    this.parted = null;
    this.states = [];
  }

  private turned(before: Uint8Array, seed: Seed, nodes: readonly number[], pinned: Uint8Array): Uint8Array {
    const inside = before.slice();
    const anchor = nodes[nodes.length >> 1];
    if (anchor === undefined) return inside;
    if (!seed.inside && before[anchor] && this.dropPart(inside, anchor)) return inside;
    const way = seed.inside ? 1 : -1;
    for (const v of errorRegion(before, this.belief, this.region, { nodes, way, pinned }))
      inside[v] = seed.inside ? 1 : 0;
    return inside;
  }

  /**
   * Takes away the part of the belief that a node lies in, unless it is the largest; false where it is. Parts that clicks cut off do
   * not count: a click beside a cut moves the border, it does not take away what lies behind.
   */
  private dropPart(inside: Uint8Array, node: number): boolean {
    this.parted ??= parts(
      Uint8Array.from(this.belief, (b) => (b > 0 ? 1 : 0)),
      this.region.size,
    );
    const { numbers, sizes, values } = this.parted;
    const own = numbers[node];
    if (values[own] === 0) return false;
    const larger = sizes.some((count, n) => values[n] === 1 && n !== own && count > sizes[own]);
    if (!larger) return false;
    for (let v = 0; v < inside.length; v++) if (numbers[v] === own) inside[v] = 0;
    return true;
  }
}
