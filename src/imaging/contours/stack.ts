/** Contour planes onto slices: those on a slice as they are, what lies between from the planes around it. */
import { between } from '../../core/edit/between.ts';
import type { PlaneMask } from '../../core/edit/islands.ts';

export interface ContourPlane {
  /** Place along the slices, in slices. */
  at: number;
  /** 0 outside, ON_THE_LINE, INSIDE. */
  data: Uint8Array;
}

export interface Stacking {
  width: number;
  height: number;
  slices: number;
  /** Distance of slices, then of pixels along both axes, mm. */
  spacing: readonly [number, number, number];
  /** Where the slices lie that the structure was drawn on, where these are known: the scan may be resampled. */
  drawnOn?: readonly number[];
  /** Planes that were empty are left out: what was passed over is no part, however even planes are. */
  sparse?: boolean;
  /** Distance of the planes that were looked at, as the object states it, in slices: a wider gap is empty. */
  stated?: number;
  /** Usual distance of contour planes of the whole object, for structures of two planes; in slices. */
  usual?: number;
}

export interface Stacked {
  /** Slices that came from planes beside them. */
  interpolated: number;
  /** Planes that lie on no slice, and the farthest of them from one, mm. */
  beside: number;
  farthest: number;
  /** Slices between two planes that were left empty, as contours are farther apart there than around. */
  gaps: number[];
}

/** A plane is on a slice when it is this near, mm, or this share of the distance of slices. */
const ON_SLICE = { mm: 0.05, share: 0.02 };
/** Farther apart than this many slices and mm, planes are parts of their own, however even. */
const FAR = { slices: 3, mm: 15 };
/** Planes belong together where their distance is at most this much more than that of planes beside. */
const EVEN = 1.5;

/**
 * @param planes in ascending order, at least one
 * @param put is called once for each slice that gets a shape
 */
export function stackPlanes(
  planes: readonly ContourPlane[],
  how: Stacking,
  put: (slice: number, data: Uint8Array, interpolated: boolean) => void,
): Stacked {
  const near = Math.max(ON_SLICE.share, ON_SLICE.mm / how.spacing[0]);
  const offset = (at: number) => Math.abs(at - Math.round(at));
  const beside = planes.filter(({ at }) => offset(at) > near);
  const done = {
    ...{ interpolated: 0, beside: beside.length, gaps: [] as number[] },
    farthest: Math.max(0, ...beside.map(({ at }) => offset(at))) * how.spacing[0],
  };
  const filled = new Set<number>();
  const give = (slice: number, data: Uint8Array, interpolated = false) => {
    if (slice < 0 || slice >= how.slices || filled.has(slice)) return;
    filled.add(slice);
    put(slice, data, interpolated);
  };
  for (const { at, data } of planes) if (offset(at) <= near) give(Math.round(at), data);
  const joined = planes.slice(1).map((_, n) => belongTogether(planes, n, how, near));
  for (let n = 0; n < joined.length; n++) {
    const [low, high] = [planes[n], planes[n + 1]];
    const inside = slicesBetween(low.at + near, high.at - near);
    if (!joined[n]) {
      const told = how.stated === undefined && inside.length <= FAR.slices;
      if (told) done.gaps.push(...inside.filter((slice) => !filled.has(slice)));
      continue;
    }
    const wanted = inside.filter((slice) => slice >= 0 && slice < how.slices && !filled.has(slice));
    if (wanted.length === 0) continue;
    const shapeAt = between(maskOf(low, how), maskOf(high, how), [how.spacing[1], how.spacing[2]]);
    for (const slice of wanted) {
      give(slice, shapeAt((slice - low.at) / (high.at - low.at)), true);
      done.interpolated++;
    }
  }
  for (const run of runsOf(planes, joined)) endsOf(run, filled, near, give);
  return done;
}

const maskOf = ({ data }: ContourPlane, { width, height }: Stacking): PlaneMask => ({ width, height, inside: data });

const slicesBetween = (low: number, high: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor(high) - Math.ceil(low) + 1) }, (_, n) => Math.ceil(low) + n);

/**
 * Whether what lies between planes n and n + 1 is part of the structure: no slice was passed over, or contours are as far
 * apart beside. One wider gap is where the structure ends and begins again.
 */
function belongTogether(planes: readonly ContourPlane[], n: number, how: Stacking, near: number): boolean {
  const distance = (m: number) => planes[m + 1].at - planes[m].at;
  const gap = distance(n);
  if (how.stated !== undefined) return gap <= EVEN * how.stated;
  if (gap <= 1 + near) return true;
  const passed = how.drawnOn?.some((at) => at > planes[n].at + near && at < planes[n + 1].at - near);
  if (passed === false) return true;
  if (how.sparse) return false;
  if (gap > FAR.slices + near && gap * how.spacing[0] > FAR.mm) return false;
  const beside = [n - 1, n + 1].filter((m) => m >= 0 && m + 1 < planes.length).map(distance);
  if (beside.length > 0) return beside.some((other) => other * EVEN >= gap && other > 1 + near);
  if (how.usual !== undefined) return how.usual * EVEN >= gap;
  return gap <= FAR.slices + near && planes[n].data.some((value, p) => value > 0 && planes[n + 1].data[p] > 0);
}

/** Planes that belong together. */
function runsOf(planes: readonly ContourPlane[], joined: readonly boolean[]): ContourPlane[][] {
  const runs: ContourPlane[][] = [[planes[0]]];
  for (let n = 0; n < joined.length; n++) {
    if (joined[n]) runs[runs.length - 1].push(planes[n + 1]);
    else runs.push([planes[n + 1]]);
  }
  return runs;
}

/**
 * A plane stands for half the distance to the next on either side, at most half a slice: so an end plane between slices
 * gives the slice beyond it that lies in that half. A run that reaches no slice gives the nearest one: thin structures
 * stay.
 */
function endsOf(
  run: readonly ContourPlane[],
  filled: ReadonlySet<number>,
  near: number,
  give: (slice: number, data: Uint8Array) => void,
): void {
  const [first, last] = [run[0], run[run.length - 1]];
  const reach = (gap: number | undefined) => Math.min(0.5, gap === undefined ? 0.5 : gap / 2);
  const off = (at: number) => Math.abs(at - Math.round(at)) > near;
  if (run.length > 1) {
    const below = Math.floor(first.at);
    if (off(first.at) && first.at - below <= reach(run[1].at - first.at) + 1e-9) give(below, first.data);
    const above = Math.ceil(last.at);
    // Half way counts at one end alone: else a structure would grow by a slice.
    if (off(last.at) && above - last.at < reach(last.at - run[run.length - 2].at) - 1e-9) give(above, last.data);
  }
  const reached = slicesBetween(first.at - 0.5, last.at + 0.5).some((slice) => filled.has(slice));
  if (reached) return;
  const closest = run.reduce((a, b) =>
    Math.abs(a.at - Math.round(a.at)) <= Math.abs(b.at - Math.round(b.at)) ? a : b,
  );
  give(Math.round(closest.at), closest.data);
}
