/** The grid of a sorted stack of slices, by positions alone; irregular stacks are made regular or refused. */
import { angleDegrees, cross3, directionFromAxes, dot3, norm3 } from '../../core/geometry.ts';
import { type Grid, lpsFrom, spacingMm } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Frame } from './frame.ts';
import { normalOf } from './series.ts';

export interface StackGeometry {
  /** The grid of the stored slices; exact when `irregular` is absent. */
  grid: Grid;
  /** The stack stands askew or unevenly: how it must be resampled. */
  irregular?: Irregular;
  notices: string[];
}

export interface Irregular {
  /** Regular target grid. */
  grid: Grid;
  /** Per slice: distance along the normal from the target's first plane, mm. */
  along: number[];
  /** Per slice: in-plane shift of its first pixel against the target's, in pixels along i and j. */
  shift: [number, number][];
}

/** A linear model of the positions may be off by this much, mm: rounding in the header, not geometry. */
const ROUNDING = 0.05;
/** Above this share of the slice distance, slices are uneven. */
const UNEVEN = 0.02;

/**
 * Geometry of frames sorted along their normal.
 * The slice distance comes from positions; SliceThickness serves for a single slice alone, SpacingBetweenSlices never.
 * @throws scan/missing-slices, scan/uneven-slices
 */
export function stackGeometry(frames: Frame[]): StackGeometry {
  const first = frames[0];
  const i = unit(first.orientation!.slice(0, 3));
  const normal = normalOf(first);
  const j = cross3(normal, i);
  const [rowDistance, columnDistance] = first.pixelSpacing!;
  const n = frames.length;
  const base = { size: [first.columns, first.rows, n] as [number, number, number], origin: lpsFrom(first.position!) };
  if (n === 1) {
    const stated = first.thickness !== undefined && first.thickness > 0 && first.thickness < 1000;
    const thickness = stated ? first.thickness! : 1;
    const grid = {
      ...base,
      spacing: spacingMm(columnDistance, rowDistance, thickness),
      direction: directionFromAxes(i, j, normal),
    };
    const notice = stated
      ? `A single slice: its distance to others is unknown and was set to its thickness, ${thickness} mm.`
      : 'A single slice: its thickness is unknown and was set to 1 mm.';
    return { grid, notices: [notice] };
  }
  const at = frames.map((f) => dot3(f.position!, normal));
  const gaps = at.slice(1).map((z, k) => z - at[k]);
  const { step, origin } = linearModel(frames);
  const spacing = norm3(step);
  const uneven = modelError(frames, step, origin) > Math.max(ROUNDING, UNEVEN * spacing);
  // Askew: the step leaves the normal by more than rounding over the whole stack and by more than 0.06 degrees.
  const lean = angleDegrees(step, normal);
  const drift = spacing * Math.sin((lean * Math.PI) / 180) * (n - 1);
  const askew = drift > ROUNDING && lean > 0.06;
  if (!uneven && !askew) {
    const k = unit(step);
    return {
      grid: {
        ...base,
        origin: lpsFrom(origin),
        spacing: spacingMm(columnDistance, rowDistance, spacing),
        direction: directionFromAxes(i, j, k),
      },
      notices: [],
    };
  }
  if (uneven) refuseMissing(frames, gaps);
  return irregular(frames, { i, j, normal, at, gaps, lean: askew ? lean : 0, uneven });
}

/** Positions that one step reproduces to this, mm, are exact: the fit would add noise of its own. */
const EXACT = 1e-6;

/**
 * First position and step of the slices by least squares over all of them: rounding in the header evens out, where the
 * first gap alone would carry its own to the last slice.
 */
function linearModel(frames: Frame[]): { step: number[]; origin: number[] } {
  const [from, to] = [frames[0].position!, frames[frames.length - 1].position!];
  const plain = { step: from.map((x, c) => (to[c] - x) / (frames.length - 1)), origin: [...from] };
  if (modelError(frames, plain.step, plain.origin) < EXACT) return plain;
  const middle = (frames.length - 1) / 2;
  const squares = frames.reduce((sum, _, k) => sum + (k - middle) ** 2, 0);
  const [mean, step] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  frames.forEach(({ position }, k) => {
    for (let c = 0; c < 3; c++) {
      mean[c] += position![c] / frames.length;
      step[c] += ((k - middle) * position![c]) / squares;
    }
  });
  return { step, origin: mean.map((x, c) => x - middle * step[c]) };
}

/** Largest distance between a slice's position and origin + k * step, mm. */
function modelError(frames: Frame[], step: number[], origin: number[]): number {
  return Math.max(...frames.map((f, k) => norm3([0, 1, 2].map((c) => f.position![c] - origin[c] - k * step[c]))));
}

/**
 * Gaps that are whole multiples of one distance mean lost files, not an uneven acquisition: never interpolated over.
 * Where the slices beside a wide gap are as thick as it is wide (thin slices at the skull base, thick ones above), none
 * was lost.
 */
function refuseMissing(frames: Frame[], gaps: number[]): void {
  const [first] = frames;
  const sorted = [...gaps].sort((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)];
  const multiples = gaps.map((g) => Math.round(g / usual));
  const whole = gaps.every((g, k) => multiples[k] >= 1 && Math.abs(g - multiples[k] * usual) < 0.05 * usual);
  const filled = gaps.map((g, k) => Math.max(frames[k].thickness ?? 0, frames[k + 1].thickness ?? 0) > 0.75 * g);
  const lost = multiples.reduce((a, m, k) => a + (filled[k] ? 0 : m - 1), 0);
  if (whole && lost > 0) {
    const where = multiples.findIndex((m, k) => m > 1 && !filled[k]);
    throw new DecileError(
      'scan/missing-slices',
      `The slices of series ${first.seriesNumber ?? first.seriesUid} must be ${usual.toFixed(2)} mm apart, got ${lost} missing (first after slice ${where + 1} of ${gaps.length + 1}).`,
      'Transfer the series again from the archive: the missing slices would have to be invented.',
    );
  }
}

interface Measured {
  i: number[];
  j: number[];
  normal: number[];
  at: number[];
  gaps: number[];
  lean: number;
  uneven: boolean;
}

/** Never more than this many times the stored slices. */
const MAX_GROWTH = 8;

function irregular(frames: Frame[], m: Measured): StackGeometry {
  const first = frames[0];
  const [rowDistance, columnDistance] = first.pixelSpacing!;
  const extent = m.at.at(-1)! - m.at[0];
  const smallest = Math.min(...m.gaps);
  const meanGap = extent / (frames.length - 1);
  const distance = m.uneven ? Math.max(smallest, extent / (MAX_GROWTH * frames.length)) : meanGap;
  const slices = Math.round(extent / distance) + 1;
  const spacing = extent / (slices - 1);
  const inPlane = frames.map((f) => {
    const d = [0, 1, 2].map((c) => f.position![c] - first.position![c]);
    return [dot3(d, m.i), dot3(d, m.j)] as const;
  });
  const low = [0, 1].map((c) => Math.min(...inPlane.map((p) => p[c])));
  const high = [0, 1].map((c) => Math.max(...inPlane.map((p) => p[c])));
  // Whole pixels, so that the first slice keeps its pixel centres.
  const before = [Math.ceil(-low[0] / columnDistance - 1e-6), Math.ceil(-low[1] / rowDistance - 1e-6)];
  const after = [Math.ceil(high[0] / columnDistance - 1e-6), Math.ceil(high[1] / rowDistance - 1e-6)];
  const size = [first.columns + before[0] + after[0], first.rows + before[1] + after[1], slices] as [
    number,
    number,
    number,
  ];
  if (before[0] + after[0] > 4 * first.columns || before[1] + after[1] > 4 * first.rows) {
    throw new DecileError(
      'scan/uneven-slices',
      `The slices of series ${first.seriesNumber ?? first.seriesUid} must lie above one another, got slices shifted by more than four times their width.`,
      'The positions are damaged, or the slices belong to different scans: export them as separate series.',
    );
  }
  const origin = [0, 1, 2].map(
    (c) => first.position![c] - before[0] * columnDistance * m.i[c] - before[1] * rowDistance * m.j[c],
  );
  const grid: Grid = {
    size,
    spacing: spacingMm(columnDistance, rowDistance, spacing),
    origin: lpsFrom(origin),
    direction: directionFromAxes(m.i, m.j, m.normal),
  };
  const shift = inPlane.map(
    ([u, v]) => [u / columnDistance + before[0], v / rowDistance + before[1]] as [number, number],
  );
  const notices: string[] = [];
  if (m.lean)
    notices.push(
      `The slices stand askew by ${m.lean.toFixed(1)} degrees (gantry tilt); the scan was resampled onto a rectangular grid by linear interpolation.`,
    );
  if (m.uneven)
    notices.push(
      `The slices are ${smallest.toFixed(2)} to ${Math.max(...m.gaps).toFixed(2)} mm apart; the scan was resampled to ${spacing.toFixed(2)} mm by linear interpolation.`,
    );
  const stored: Grid = { ...grid, size: [first.columns, first.rows, frames.length], origin: lpsFrom(first.position!) };
  return { grid: stored, irregular: { grid, along: m.at.map((z) => z - m.at[0]), shift }, notices };
}

const unit = (v: readonly number[]): [number, number, number] => {
  const l = norm3(v);
  return [v[0] / l, v[1] / l, v[2] / l];
};
