/** From points of "this" and "not this" to a mask: image alone, or with what a model believes. */
import { DecileError } from '../errors.ts';
import type { Volume } from '../volume.ts';
import { keepSeeded } from './connected.ts';
import { Correction } from './correction.ts';
import { geodesicDistances } from './geodesic.ts';
import {
  type Box,
  boxAround,
  fadeOf,
  labelRadius,
  MARGIN,
  NODES,
  nodeOf,
  pool,
  type Region,
  regionOf,
  spread,
} from './region.ts';
import type { Seed } from './seeds.ts';
import { smooth } from './smooth.ts';

/** mm that an edge from the scan's dark to its bright end is worth; chosen on left-atrium scans 041-056. */
const EDGE = 400;
/** Standard deviation of the field's smoothing, mm; chosen on the same. */
const BLUR = 1.75;
/** A box is left where a seed comes nearer to its faces than this part of the margin. */
const NEAR = 1 / 3;
/** Part of the margin in which what a click says of other places fades out. */
const FADE = 1 / 3;

export interface ClickOptions {
  readonly edge: number;
  /** Most nodes that are computed with at once. */
  readonly nodes: number;
  /** mm around the seeds that are looked at first. */
  readonly margin: number;
}

/** What the seeds make of the voxels in a box; outside of it nothing changes. */
export interface Preview {
  readonly box: Box;
  /** [k, j, i] of the box's voxels: 1 where the label is. */
  readonly inside: Uint8Array;
}

/** Everything that depends on the box alone, or on it and some seeds. */
interface Held {
  readonly region: Region;
  readonly image: Float32Array;
  readonly sides: Map<boolean, { readonly seeds: readonly Seed[]; readonly far: Float32Array }>;
  readonly correction: Correction;
}

export class ClickSession {
  private readonly scan: Volume;
  private readonly options: ClickOptions;
  private readonly contrast: { readonly low: number; readonly range: number };
  private held: Held | null = null;
  private measured: { readonly belief: Int8Array; readonly radius: number } | null = null;

  /** @param scan intensities of any unit */
  constructor(scan: Volume, options: Partial<ClickOptions> = {}) {
    this.scan = scan;
    this.options = { edge: EDGE, nodes: NODES, margin: MARGIN, ...options };
    this.contrast = contrastOf(scan);
  }

  /**
   * The mask that all seeds together stand for.
   *
   * Image alone: x is inside where its geodesic distance from the nearest "this" is less than from the nearest "not this",
   * f(x) = (d_out - d_in) / (d_out + d_in), smoothed; the faces of the box count as "not this". Parts without a seed go.
   *
   * With a belief: each seed in turn moves it towards what was said, as far as the image lets it (Correction).
   *
   * @param belief by voxel of the scan, tenths of log odds that the label is there; null: nothing is known
   * @throws `click/no-seed` where there is no "this" and no belief either
   */
  preview(seeds: readonly Seed[], belief: Int8Array | null = null): Preview {
    if (seeds.length === 0 || (!belief && !seeds.some(({ inside }) => inside))) {
      throw new DecileError(
        'click/no-seed',
        `A mask must start with a point of the label, got ${seeds.length} points outside of it.`,
        'Click into the structure first.',
      );
    }
    if (belief) return this.corrected(seeds, belief);
    for (let { margin } = this.options; ; margin *= 1.6) {
      const held = this.hold(seeds, margin);
      const field = this.compete(held, seeds);
      if (!this.cut(field, held.region)) return this.show(held.region, field, seeds);
    }
  }

  /** The box at hand while the seeds lie well inside of it; otherwise one around them. */
  private hold(seeds: readonly Seed[], margin: number): Held {
    const { scan, options, held } = this;
    const needed = boxAround(scan, seeds, margin * (margin > options.margin ? 1 : NEAR));
    if (held && contains(held.region.box, needed)) return held;
    const region = regionOf(scan, boxAround(scan, seeds, margin), options.nodes);
    const image = pool(scan, region);
    const { low, range } = this.contrast;
    for (let v = 0; v < image.length; v++) image[v] = Math.min(1, Math.max(0, (image[v] - low) / range));
    this.held = {
      region,
      image,
      sides: new Map(),
      correction: new Correction(region, fadeOf(scan, region, margin * FADE)),
    };
    return this.held;
  }

  private compete(held: Held, seeds: readonly Seed[]): Float32Array {
    const { region, image } = held;
    const far = (inside: boolean): Float32Array => {
      const own = seeds.filter((seed) => seed.inside === inside);
      const known = held.sides.get(inside);
      if (known && known.seeds.length === own.length && known.seeds.every((seed, n) => seed === own[n]))
        return known.far;
      const sources = own.flatMap((seed) => this.nodes(seed, region));
      // Whatever lies at the faces of the box is taken for background.
      const from = inside ? sources : [...facesOf(region.size), ...sources];
      const made = geodesicDistances(image, region.size, region.spacing, from, this.options.edge);
      held.sides.set(inside, { seeds: own, far: made });
      return made;
    };
    const [toInside, toOutside] = [far(true), far(false)];
    const field = Float32Array.from(
      toInside,
      (inwards, v) => (toOutside[v] - inwards) / (toOutside[v] + inwards + 1e-6),
    );
    for (let n = smoothings(region.spacing); n > 0; n--) smooth(field, region.size);
    const said = { inside: [] as number[], outside: [] as number[] };
    for (const seed of seeds) {
      for (const v of this.nodes(seed, region)) {
        field[v] = seed.inside ? 1 : -1;
        said[seed.inside ? 'inside' : 'outside'].push(v);
      }
    }
    const mask = Uint8Array.from(field, (f) => (f > 0 ? 1 : 0));
    keepSeeded(mask, region.size, said);
    for (let v = 0; v < mask.length; v++) if (mask[v] !== (field[v] > 0 ? 1 : 0)) field[v] = mask[v] ? 0.05 : -0.05;
    return field;
  }

  /** Whether the mask reaches a face of the box that is none of the scan's. */
  private cut(field: Float32Array, { box, size }: Region): boolean {
    const [ni, nj, nk] = size;
    const inner = ([0, 1, 2] as const).map((axis) => [box.low[axis] > 0, box.high[axis] < this.scan.size[axis]]);
    // Next to the face: the face itself is background by definition.
    for (let v = 0; v < field.length; v++) {
      if (field[v] <= 0) continue;
      const at = [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))];
      const last = [ni - 1, nj - 1, nk - 1];
      for (let axis = 0; axis < 3; axis++) {
        if (inner[axis][0] && at[axis] <= 1) return true;
        if (inner[axis][1] && at[axis] >= last[axis] - 1) return true;
      }
    }
    return false;
  }

  private corrected(seeds: readonly Seed[], belief: Int8Array): Preview {
    const held = this.hold(seeds, this.options.margin);
    const { region, correction } = held;
    const shift = correction.shift(
      pool({ data: belief, size: this.scan.size }, region),
      this.radiusOf(belief),
      seeds.map((seed) => ({ seed, nodes: this.nodes(seed, region) })),
    );
    const field = spread(shift, region).slice();
    const { low, high } = region.box;
    const [ni, nj] = this.scan.size;
    let at = 0;
    for (let k = low[2]; k < high[2]; k++)
      for (let j = low[1]; j < high[1]; j++) {
        const row = ni * (j + nj * k);
        for (let i = low[0]; i < high[0]; i++) field[at++] += belief[row + i] / 10;
      }
    return this.voxels(region, field, seeds);
  }

  /** The same array is the same belief. */
  private radiusOf(belief: Int8Array): number {
    if (this.measured?.belief !== belief) this.measured = { belief, radius: labelRadius(belief, this.scan) };
    return this.measured.radius;
  }

  private show(region: Region, field: Float32Array, seeds: readonly Seed[]): Preview {
    return this.voxels(region, spread(field, region), seeds);
  }

  /** What was clicked is so, whatever the field says. */
  private voxels({ box }: Region, field: Float32Array, seeds: readonly Seed[]): Preview {
    const inside = new Uint8Array(field.length);
    for (let v = 0; v < inside.length; v++) if (field[v] > 0) inside[v] = 1;
    const whole: Region = {
      box,
      step: [1, 1, 1],
      size: [box.high[0] - box.low[0], box.high[1] - box.low[1], box.high[2] - box.low[2]],
      spacing: this.scan.spacing,
    };
    for (const seed of seeds) for (const v of this.nodes(seed, whole)) inside[v] = seed.inside ? 1 : 0;
    return { box, inside };
  }

  private nodes(seed: Seed, region: Region): number[] {
    const found = new Set<number>();
    for (const voxel of seed.voxels) {
      const node = nodeOf(this.scan, region, voxel);
      if (node >= 0) found.add(node);
    }
    return [...found];
  }
}

/** Passes of `smooth`, each of 0.71 nodes, that blur by BLUR; three at most, so that small structures stay. */
const smoothings = (spacing: readonly [number, number, number]): number =>
  Math.min(3, Math.max(1, Math.round((BLUR / (0.71 * Math.min(...spacing))) ** 2)));

/** The 2nd percentile of a scan, and from there to the 98th, of 50,000 voxels spread evenly. */
function contrastOf({ data }: Volume): { low: number; range: number } {
  const step = Math.max(1, Math.floor(data.length / 50_000));
  const some = new Float32Array(Math.floor(data.length / step));
  for (let n = 0; n < some.length; n++) some[n] = data[n * step];
  some.sort();
  const low = some[Math.floor(0.02 * some.length)];
  const range = some[Math.floor(0.98 * some.length)] - low;
  return { low, range: range > 0 ? range : 1 };
}

const contains = (outer: Box, inner: Box): boolean =>
  [0, 1, 2].every((axis) => outer.low[axis] <= inner.low[axis] && outer.high[axis] >= inner.high[axis]);

function facesOf([ni, nj, nk]: readonly [number, number, number]): number[] {
  const faces: number[] = [];
  for (let k = 0, v = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, v++)
        if (i === 0 || j === 0 || k === 0 || i === ni - 1 || j === nj - 1 || k === nk - 1) faces.push(v);
  return faces;
}
