/**
 * Between drawn slices along the image: shape-based interpolation says roughly where the outline runs, how bright the label is on drawn
 * slices and where the image has edges say where exactly. A random walker brings them together.
 */
import { type Axis, sliceLayout } from '../edit/planes.ts';
import { isUnlabelled, type LabelMap, type Volume } from '../volume.ts';
import { type DrawnSlices, drawnSlices } from './drawn-slices.ts';
import { brightness, type Evidence } from './intensities.ts';
import { walk } from './random-walk.ts';
import { planeOf, shapePrior, signedDistances } from './shape-prior.ts';

export interface Followed {
  /** Probability of the label, by voxel of the scan; 0 outside of what lies between drawn slices. */
  readonly probability: Float32Array;
  /** 1 where the label is written: likelier than not, between drawn slices, and no other label there. */
  readonly inside: Uint8Array;
  /** By slice across the main plane how much is undecided, ml: sum of 4 p (1 - p). 0 on drawn slices. */
  readonly undecided: Float32Array;
}

/** What was chosen on left-atrium scans 041-043 and hippocampus scans 041-050 (in their order), which are not reported. */
export interface FollowOptions {
  /** Width of the outline's place, mm: at a drawn slice, and more for each mm away from it. */
  readonly blur: readonly [number, number];
  /** Weight of brightness against the shape, and its largest log odds. */
  readonly brightness: number;
  readonly most: number;
  /** Contrast of an edge that a walk seldom crosses, in standard deviations of neighbours' differences. */
  readonly contrast: number;
  /** Of what is believed of a voxel by itself against its neighbours. */
  readonly strength: number;
  readonly sweeps: number;
}

const FOLLOW: FollowOptions = {
  blur: [0.8, 0.25],
  brightness: 1,
  most: 2.5,
  contrast: 1.5,
  strength: 0.3,
  sweeps: 25,
};

/** mm around drawn outlines in which brightness is learned. */
const NEAR = 12;
/** Voxels around what shape-based interpolation fills. */
const MARGIN = 8;

/** @returns null where no two slices of any plane are drawn */
export function followImage(
  scan: Volume,
  mask: LabelMap,
  label: number,
  main: Axis,
  given: Partial<FollowOptions> = {},
): Followed | null {
  const options = { ...FOLLOW, ...given };
  const drawn = drawnSlices(mask, label, main);
  if (drawn.every((slices) => slices.length < 2)) return null;
  const { distance, away } = shapePrior(mask, label, drawn);
  const known = knownVoxels(mask, drawn);
  const box = boxOf(mask, distance);
  const count = mask.data.length;
  const probability = new Float32Array(count);
  const inside = new Uint8Array(count);
  const undecided = new Float32Array(mask.size[main]);
  if (!box) return { probability, inside, undecided };
  const evidence = evidenceOf(scan, mask, label, drawn, options);
  const field = new Field(mask.size, box);
  const [prior, strength] = [new Float32Array(field.count), new Float32Array(field.count)];
  const fixed = new Uint8Array(field.count);
  const x = new Float32Array(field.count);
  field.each((at, v) => {
    const between = Number.isFinite(away[v]);
    fixed[at] = known[v] || !between || !isUnlabelled(mask.data[v]) ? 1 : 0;
    if (fixed[at]) {
      x[at] = mask.data[v] === label ? 1 : 0;
      return;
    }
    const odds = -distance[v] / (options.blur[0] + options.blur[1] * away[v]) + options.brightness * evidence(v);
    x[at] = prior[at] = 1 / (1 + Math.exp(-odds));
    strength[at] = options.strength;
  });
  walk(
    x,
    { size: field.size, weights: edges(scan, field, options.contrast), known: fixed, prior, strength },
    options.sweeps,
  );
  const ml = (mask.spacing[0] * mask.spacing[1] * mask.spacing[2]) / 1000;
  field.each((at, v) => {
    probability[v] = x[at];
    if (fixed[at]) return;
    if (x[at] > 0.5) inside[v] = 1;
    undecided[field.index(v, main)] += 4 * x[at] * (1 - x[at]) * ml;
  });
  return { probability, inside, undecided };
}

/** 1 in every voxel of a drawn slice. */
function knownVoxels(mask: LabelMap, drawn: DrawnSlices): Uint8Array {
  const known = new Uint8Array(mask.data.length);
  for (const axis of [0, 1, 2] as const)
    for (const n of drawn[axis]) {
      const { width, height, base, stepA, stepB } = sliceLayout(mask.size, axis, n);
      for (let b = 0; b < height; b++) for (let a = 0; a < width; a++) known[base + a * stepA + b * stepB] = 1;
    }
  return known;
}

/** By voxel, from drawn slices near their outlines: the label's own brightness and that around it. */
function evidenceOf(
  scan: Volume,
  mask: LabelMap,
  label: number,
  drawn: DrawnSlices,
  { most }: FollowOptions,
): Evidence {
  const near: number[] = [];
  for (const axis of [0, 1, 2] as const)
    for (const n of drawn[axis]) {
      const { width, height, base, stepA, stepB, axisA, axisB } = sliceLayout(mask.size, axis, n);
      const { inside } = planeOf(mask, label, axis, n);
      const far = signedDistances(inside, width, height, [mask.spacing[axisA], mask.spacing[axisB]]);
      for (let p = 0; p < far.length; p++)
        if (Math.abs(far[p]) <= NEAR) near.push(base + (p % width) * stepA + Math.floor(p / width) * stepB);
    }
  return brightness(scan.data, near, (v) => mask.data[v] === label, most);
}

/** The box of voxels that a walk may change: what the shape fills, wider by the margin. */
function boxOf(mask: LabelMap, distance: Float32Array): { low: number[]; high: number[] } | null {
  const [ni, nj] = mask.size;
  const low = [...mask.size] as number[];
  const high = [-1, -1, -1];
  for (let v = 0; v < distance.length; v++) {
    if (distance[v] > 0) continue;
    const at = [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))];
    for (let c = 0; c < 3; c++) {
      low[c] = Math.min(low[c], at[c]);
      high[c] = Math.max(high[c], at[c]);
    }
  }
  if (high[0] < 0) return null;
  return {
    low: low.map((n) => Math.max(0, n - MARGIN)),
    high: high.map((n, c) => Math.min(mask.size[c], n + 1 + MARGIN)),
  };
}

/** The voxels of a box, i fastest, and where they lie in the scan. */
class Field {
  readonly size: readonly [number, number, number];
  readonly count: number;
  private readonly scan: readonly [number, number, number];
  private readonly low: readonly number[];

  constructor(scan: readonly [number, number, number], { low, high }: { low: number[]; high: number[] }) {
    this.scan = scan;
    this.low = low;
    this.size = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
    this.count = this.size[0] * this.size[1] * this.size[2];
  }

  each(visit: (at: number, v: number) => void): void {
    const [ni, nj] = this.scan;
    const [a, b, c] = this.size;
    for (let k = 0, at = 0; k < c; k++)
      for (let j = 0; j < b; j++) {
        const row = this.low[0] + ni * (this.low[1] + j + nj * (this.low[2] + k));
        for (let i = 0; i < a; i++, at++) visit(at, row + i);
      }
  }

  index(v: number, axis: Axis): number {
    const [ni, nj] = this.scan;
    return [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))][axis];
  }
}

/** exp(-d^2 / (2 c^2 s^2)) of neighbours' difference d, s its root mean square in the box; nearer neighbours weigh more, as 1 / mm^2. */
function edges(scan: Volume, field: Field, contrast: number): [Float32Array, Float32Array, Float32Array] {
  const value = new Float32Array(field.count);
  field.each((at, v) => {
    value[at] = scan.data[v];
  });
  const steps = [1, field.size[0], field.size[0] * field.size[1]];
  const least = Math.min(...scan.spacing);
  const [a, b, c] = ([0, 1, 2] as const).map((axis) => {
    const step = steps[axis];
    const difference = new Float32Array(field.count);
    let squares = 0;
    for (let at = 0; at + step < field.count; at++) {
      difference[at] = value[at + step] - value[at];
      squares += difference[at] ** 2;
    }
    const scale = squares > 0 ? 1 / (2 * contrast ** 2 * (squares / field.count)) : 0;
    const near = (least / scan.spacing[axis]) ** 2;
    return difference.map((d) => near * Math.max(1e-3, Math.exp(-d * d * scale)));
  });
  return [a, b, c];
}
