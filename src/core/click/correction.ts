/** Seeds that correct what a model, or an earlier mask, believes. */
import { squaredDistances } from '../metrics/distance-transform.ts';
import { keepSeeded, parts } from './connected.ts';
import { ErrorField, type Observation } from './error-field.ts';
import { DEEPEST, errorRegion } from './error-region.ts';
import type { Region } from './region.ts';
import type { Seed } from './seeds.ts';

/** Log odds of what was turned over, afterwards. */
const SAID = 1;
/** Log odds that a belief counts as at most: models are surer than they are right. */
const SUREST = 4.5;
/** A click in an error at least so many nodes deep turns over what hangs together with it; log odds of that, afterwards. */
const DEEP = 1.9;
const TURNED = 0.5;
/** Log odds that a clicked place has afterwards: in a shallow error, and more by its depth in radii of the label. */
const TARGET = { least: 0.66, depth: 3.9 };
/** Places of a stroke or lasso that count as clicked, at most. */
const PLACES = 6;

export interface PlacedSeed {
  readonly seed: Seed;
  /** Nodes of the region that it covers. */
  readonly nodes: readonly number[];
}

/** What is known after some seeds, so that the next one costs no more than the first. */
interface State {
  readonly seed: Seed | null;
  /** Log odds by node, before the error. */
  readonly belief: Float32Array;
  readonly observed: readonly Observation[];
  /** Mean of the error. */
  readonly error: Float32Array;
  readonly inside: Uint8Array;
}

export class Correction {
  private readonly region: Region;
  private readonly fade: readonly Float32Array[];
  /** What the states below stand on. */
  private tenths: Float32Array | null = null;
  private radius = 0;
  private parted: ReturnType<typeof parts> | null = null;
  private states: State[] = [];

  /** @param fade by axis and node of the region, from 0 to 1: how much a click counts for places that it is not at */
  constructor(region: Region, fade: readonly Float32Array[]) {
    this.region = region;
    this.fade = fade;
  }

  /**
   * What the seeds add to a belief, one after the other. Each is evidence of the model's error there, and so of its error elsewhere
   * (ErrorField); in a deep error it turns over the region that is wrong with it (errorRegion). "Not this" on a part that the belief
   * itself has beside a larger one takes that part away.
   * @param tenths [k, j, i], tenths of log odds
   * @param radius mm, of a ball as large as the label is in the whole scan
   * @returns [k, j, i], log odds to add
   */
  shift(tenths: Float32Array, radius: number, placed: readonly PlacedSeed[]): Float32Array {
    const first = this.begin(tenths, radius);
    const known = this.states.findIndex(({ seed }, n) => n > 0 && seed !== placed[n - 1]?.seed);
    if (known >= 0) this.states.length = known;
    for (let n = this.states.length - 1; n < placed.length; n++)
      this.states.push(this.after(this.states[n], placed[n], placed.slice(0, n)));
    const { inside } = this.states[placed.length];
    return Float32Array.from(inside, (value, v) => {
      if (value === first.inside[v]) return 0;
      return (value ? SAID : -SAID) - tenths[v] / 10;
    });
  }

  /** The state before any seed. */
  private begin(tenths: Float32Array, radius: number): State {
    const same = this.tenths?.length === tenths.length && this.tenths.every((t, v) => t === tenths[v]);
    if (same) return this.states[0];
    this.tenths = tenths.slice();
    const belief = tenths.map((t) => Math.min(SUREST, Math.max(-SUREST, t / 10)));
    const inside = Uint8Array.from(belief, (b) => (b > 0 ? 1 : 0));
    this.radius = radius;
    this.parted = null;
    this.states = [{ seed: null, belief, observed: [], error: new Float32Array(belief.length), inside }];
    return this.states[0];
  }

  private after(before: State, { seed, nodes }: PlacedSeed, earlier: readonly PlacedSeed[]): State {
    const { region } = this;
    const anchor = nodes[nodes.length >> 1];
    if (anchor === undefined) return { ...before, seed };
    const part = seed.inside ? null : this.falsePart(before, anchor);
    if (part) {
      const inside = before.inside.map((value, v) => (part(v) ? 0 : value));
      const belief = before.belief.map((b, v) => (part(v) ? Math.min(b, -SUREST) : b));
      return { ...before, seed, belief, inside };
    }
    const way = seed.inside ? 1 : -1;
    const depths = this.depths(before.inside, seed.inside ? 1 : 0);
    const belief = before.belief.slice();
    const pinned = new Uint8Array(belief.length);
    for (const one of earlier) for (const v of one.nodes) pinned[v] = 1;
    if (nodes.some((v) => depths(v) >= DEEP * Math.min(...region.spacing))) {
      const { radius } = this;
      const wrong = errorRegion(before.inside, this.states[0].belief, region, { nodes, way, pinned, radius });
      for (const v of wrong) belief[v] = way * TURNED - before.error[v];
    }
    const observed = [
      ...before.observed,
      ...some(nodes, PLACES).map((node): Observation => {
        const now = way * (before.belief[node] + before.error[node]);
        const target = TARGET.least + TARGET.depth * Math.min(DEEPEST, depths(node) / this.radius);
        return { node, logOdds: way * Math.max(target, now) };
      }),
    ];
    const error = new ErrorField(region, this.radius, this.fade).mean(observed, belief);
    const inside = Uint8Array.from(belief, (b, v) => (b + error[v] > 0 ? 1 : 0));
    const all = [...earlier, { seed, nodes }];
    for (const one of all) for (const v of one.nodes) inside[v] = one.seed.inside ? 1 : 0;
    this.tidy(inside, all);
    return { seed, belief, observed, error, inside };
  }

  /** Parts that neither the belief has nor anybody clicked into go. */
  private tidy(inside: Uint8Array, placed: readonly PlacedSeed[]): void {
    const said = { inside: [] as number[], outside: [] as number[] };
    for (const { seed, nodes } of placed) said[seed.inside ? 'inside' : 'outside'].push(...nodes);
    const believed = this.states[0].inside;
    for (let v = 0; v < inside.length; v++)
      if (inside[v] === believed[v]) said[believed[v] ? 'inside' : 'outside'].push(v);
    keepSeeded(inside, this.region.size, said);
  }

  /** mm from a node to the nearest one that is on the said side already; none on that side: as far as the label is wide. */
  private depths(inside: Uint8Array, as: 0 | 1): (node: number) => number {
    const right = inside.map((value) => (value === as ? 1 : 0));
    if (!right.includes(1)) return () => this.radius;
    const squared = squaredDistances(right, this.region.size, this.region.spacing);
    return (node) => Math.sqrt(squared[node]);
  }

  /**
   * The part of the belief that a node lies in, unless it is the largest; null where it is. Parts that clicks cut off do not count:
   * a click beside a cut moves the border, it does not take away what lies behind.
   */
  private falsePart({ inside }: State, node: number): ((v: number) => boolean) | null {
    if (!inside[node]) return null;
    this.parted ??= parts(this.states[0].inside, this.region.size);
    const { numbers, sizes, values } = this.parted;
    const own = numbers[node];
    if (values[own] === 0) return null;
    const larger = sizes.some((count, n) => values[n] === 1 && n !== own && count > sizes[own]);
    return larger ? (v) => numbers[v] === own : null;
  }
}

/** At most `most` of them, spread evenly. */
function some(nodes: readonly number[], most: number): number[] {
  const count = Math.min(most, nodes.length);
  return Array.from({ length: count }, (_, n) => nodes[Math.floor(((n + 0.5) * nodes.length) / count)]);
}
