/** From frames to volumes: what is left out and why, and where one series holds several volumes. */
import { cross3, dot3, norm3 } from '../../core/geometry.ts';
import { DecileError, type ErrorCode } from '../../shared/errors.ts';
import type { Frame } from './frame.ts';
import { groupNear, type Nearness } from './near.ts';
import { isEven, SAME_PLACE, splitNotice } from './places.ts';

/** One stack of frames, sorted along the slice normal, each position once. */
export interface Stack {
  frames: Frame[];
  /** What sets it apart from its siblings in the series, '' for the only one. */
  part: string;
  /** What the user should know of how the series was split, '' for nothing. */
  notice?: string;
}

const COLOUR = /^(RGB|ARGB|YBR|HSV|CMYK|PALETTE)/;
const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/;

/** Why this frame cannot be part of a scan, or null. The order decides which of several reasons is given. */
export function reasonToLeaveOut(f: Frame): DecileError | null {
  const no = (code: ErrorCode, message: string, cure: string) => new DecileError(code, message, cure);
  if (!f.hasPixels || f.rows === 0 || f.columns === 0) {
    return no(
      'scan/no-pixels',
      `${f.path} must hold an image, got a DICOM object without pixels (${f.modality || 'no modality'}).`,
      'Reports, presentation states and plans are not scans.',
    );
  }
  if (f.samples !== 1 || COLOUR.test(f.photometric)) {
    return no(
      'scan/colour',
      `${f.path} must hold grey values, got a colour image (${f.photometric || `${f.samples} samples`}).`,
      'Colour screenshots, fused and Doppler images are not scans; import the original series.',
    );
  }
  if (f.modality === 'SEG' || f.modality === 'RTSTRUCT' || f.modality === 'RTDOSE') {
    return no('scan/not-a-scan', `${f.path} must hold a scan, got a ${f.modality} object.`, 'Import it as a mask.');
  }
  if (f.imageType.some((t) => t === 'LOCALIZER' || t === 'SCOUT')) {
    return no(
      'scan/localiser',
      `${f.path} must be part of a volume, got a localiser image.`,
      'Localisers are for planning; import the diagnostic series.',
    );
  }
  if (f.mosaic && !f.tile) {
    const got = {
      siemens: "a Siemens mosaic without the scanner's private (CSA) header",
      uih: 'a United Imaging (UIH) grid of slices, which is not read',
    }[f.mosaic];
    return no(
      'scan/mosaic',
      `${f.path} must hold one slice or say how its mosaic is made up, got ${got}.`,
      f.mosaic === 'uih'
        ? 'Export the series as single slices or as an enhanced image, or convert it with dcm2niix.'
        : 'An anonymiser has taken it out: export the series again with private attributes, or import it as NIfTI.',
    );
  }
  if (!f.pixelSpacing && (SECONDARY_CAPTURE.test(f.sopClass) || !f.position)) {
    return no(
      'scan/no-geometry',
      `${f.path} must state pixel spacing and position, got neither (a secondary capture, ultrasound or scanned image).`,
      'Import the original CT or MR series.',
    );
  }
  if (!f.pixelSpacing || f.pixelSpacing.some((s) => !(s > 0) || s > 1000)) {
    return no(
      'scan/no-spacing',
      `${f.path} must state its pixel spacing in mm, got ${f.pixelSpacing?.join(' x ') ?? 'none'}.`,
      'Export the series again with geometry, or import it as NIfTI.',
    );
  }
  if (!f.orientation || !f.position || !orthonormal(f.orientation)) {
    return no(
      'scan/no-geometry',
      `${f.path} must state position and orientation, got ${!f.position ? 'no position' : !f.orientation ? 'no orientation' : `axes ${f.orientation.join(', ')} that are not perpendicular unit vectors`}.`,
      'Export the series again with geometry, or import it as NIfTI.',
    );
  }
  if (SECONDARY_CAPTURE.test(f.sopClass)) {
    return no(
      'scan/secondary-capture',
      `${f.path} must be an original or reformatted scan, got a secondary capture.`,
      'Its grey values are for display; import the original series.',
    );
  }
  return null;
}

function orthonormal(o: number[]): boolean {
  const [r, c] = [o.slice(0, 3), o.slice(3)];
  return Math.abs(norm3(r) - 1) < 1e-2 && Math.abs(norm3(c) - 1) < 1e-2 && Math.abs(dot3(r, c)) < 1e-2;
}

export interface Grouped {
  stacks: Stack[];
  /** Frames that repeat another one (same instance, or same place and pixels' identity). */
  duplicates: Frame[];
  /** Parts of the series that are no volume. */
  errors: { frames: Frame[]; error: DecileError }[];
}

/**
 * Splits the frames of one series into stacks that are one volume each: first by what always separates volumes
 * (size, orientation, frame of reference, spacing, echo, b-value, the last three to rounding), then, where positions repeat, by the first
 * attribute that makes every position unique.
 */
export function splitSeries(frames: Frame[]): Grouped {
  const duplicates: Frame[] = [];
  const seen = new Set<string>();
  const unique: Frame[] = [];
  for (const f of frames) {
    // Some anonymisers give every slice the same instance UID: a copy has the same place, too.
    const key = [f.sopUid, f.index, f.instanceNumber, ...(f.position ?? [])].join('#');
    if (f.sopUid && seen.has(key)) duplicates.push(f);
    else unique.push(f);
    seen.add(key);
  }
  const fixed: [string, (f: Frame) => string][] = [
    ['orientation', orientationKey],
    ['size', (f) => `${f.columns}x${f.rows}`],
    ['frame', (f) => f.frameOfReference],
  ];
  let groups: Stack[] = [{ frames: unique, part: '' }];
  for (const [name, key] of fixed) groups = groups.flatMap((g) => divide(g, name, key));
  groups = groups.flatMap(divideBySpacing).flatMap((g) => divideByContrast(g, 'echo'));
  groups = groups.flatMap((g) => divideByContrast(g, 'b'));
  const errors: Grouped['errors'] = [];
  const separate = (group: Stack): Stack[] => {
    try {
      return separateRepeats(group);
    } catch (error) {
      if (!(error instanceof DecileError)) throw error;
      errors.push({ frames: group.frames, error });
      return [];
    }
  };
  const stacks = groups.flatMap(separate).map((s) => ({ ...s, frames: sortAlongNormal(s.frames) }));
  return { stacks, duplicates, errors };
}

/** Rounded to 0.001 (0.06 degrees): slices of one series differ by rounding only. Near-equal keys are merged. */
const orientationKey = (f: Frame) => f.orientation!.map((x) => (Math.round(x * 500) / 500 + 0).toFixed(3)).join(',');

function divide(stack: Stack, name: string, key: (f: Frame) => string): Stack[] {
  const groups = Map.groupBy(stack.frames, key);
  if (name === 'orientation') mergeNear(groups);
  if (groups.size <= 1) return [stack];
  // Some anonymisers give every slice a frame of reference of its own.
  if (name === 'frame' && groups.size === stack.frames.length && groups.size > 2) return [stack];
  return numbered(stack, name, [...groups.values()]);
}

/** Spacings of one volume differ by rounding: over a whole image by less than half a pixel. */
const SAME_SPACING: Nearness = { relative: 1e-3, absolute: 0 };

function divideBySpacing(stack: Stack): Stack[] {
  const parts = groupNear(stack.frames, (f) => f.pixelSpacing!, SAME_SPACING);
  return parts.length < 2 ? [stack] : withNotice(numbered(stack, 'spacing', parts), 'pixel spacing');
}

/** Echo times (ms) and b-values (s/mm2) that differ by this much are one value written in two ways. */
const ROUNDED: Nearness = { relative: 1e-3, absolute: 1e-3 };
/** And by this much where together the slices are at places of their own: computed for each slice, not chosen. */
const DRIFTING = { echo: { relative: 0.02, absolute: 0.02 }, b: { relative: 0.03, absolute: 10 } };

function divideByContrast(stack: Stack, name: 'echo' | 'b'): Stack[] {
  const value = (f: Frame) => (name === 'echo' ? echoNumbers(f) : [f.bValue === '' ? -1 : Number(f.bValue) || 0]);
  let parts = groupNear(stack.frames, value, ROUNDED);
  if (parts.length < 2) return [stack];
  const wide = groupNear(stack.frames, value, DRIFTING[name]);
  if (wide.length < parts.length && !wide.some(hasRepeats)) parts = wide;
  if (parts.length < 2) return [stack];
  const label = (frames: Frame[], n: number) =>
    name === 'echo' ? `echo${n + 1}` : `b${Number(frames[0].bValue) || 0}`;
  const stacks = parts.map((frames, n) => ({ frames, part: [stack.part, label(frames, n)].filter(Boolean).join('_') }));
  return withNotice(stacks, name === 'echo' ? 'echo time' : 'b-value');
}

/** Number and time of the echo; -1 where one is not stated. */
const echoNumbers = (f: Frame): number[] => {
  const parts = f.echo.split('/').map((s) => (s.trim() === '' ? -1 : Number(s)));
  return parts.map((n) => (Number.isFinite(n) ? n : -2));
};

/** Parts that lie between one another and would be even together: half the anatomy each, which is said. */
function withNotice(stacks: Stack[], what: string): Stack[] {
  const notice = splitNotice(
    stacks.map(({ frames }) => placesOf(frames)),
    what,
  );
  return notice === '' ? stacks : stacks.map((stack) => ({ ...stack, notice }));
}

/** Rounding can put equal orientations on both sides of a boundary: groups within 0.2 degrees are one. */
function mergeNear(groups: Map<string, Frame[]>): void {
  const keys = [...groups.keys()];
  for (let a = 0; a < keys.length; a++) {
    for (let b = a + 1; b < keys.length; b++) {
      const [ga, gb] = [groups.get(keys[a]), groups.get(keys[b])];
      if (!ga || !gb) continue;
      const apart = Math.max(...ga[0].orientation!.map((x, i) => Math.abs(x - gb[0].orientation![i])));
      if (apart < 0.0035) {
        ga.push(...gb);
        groups.delete(keys[b]);
      }
    }
  }
}

export function normalOf(f: Frame): [number, number, number] {
  const n = cross3(f.orientation!.slice(0, 3), f.orientation!.slice(3));
  const length = norm3(n);
  return [n[0] / length, n[1] / length, n[2] / length];
}

function sortAlongNormal(frames: Frame[]): Frame[] {
  const n = normalOf(frames[0]);
  return [...frames].sort(
    (a, b) => dot3(a.position!, n) - dot3(b.position!, n) || a.instanceNumber - b.instanceNumber || a.index - b.index,
  );
}

function hasRepeats(frames: Frame[]): boolean {
  const n = normalOf(frames[0]);
  const at = frames.map((f) => dot3(f.position!, n)).sort((a, b) => a - b);
  return at.some((z, i) => i > 0 && z - at[i - 1] < SAME_PLACE);
}

/** Where each position occurs once, phases may still lie between one another: each even, all together not. */
function separateInterleaved(stack: Stack): Stack[] {
  const at = placesOf(stack.frames);
  if (isEven(at)) return [stack];
  for (const [name, key] of ATTRIBUTES.slice(0, 3)) {
    const parts = [...Map.groupBy(stack.frames, key).values()];
    if (parts.length < 2 || parts.some((g) => g.length < 3)) continue;
    const places = parts.map(placesOf);
    const apart = (a: number[], b: number[]) => a.at(-1)! < b[0] || b.at(-1)! < a[0];
    const overlap = places.every((a, n) => places.slice(n + 1).every((b) => !apart(a, b)));
    if (overlap && places.every(isEven)) return numbered(stack, name, parts);
  }
  return [stack];
}

/** Positions along the normal, ascending. */
const placesOf = (frames: Frame[]): number[] => {
  const n = normalOf(frames[0]);
  return frames.map((f) => dot3(f.position!, n)).sort((a, b) => a - b);
};

const numbered = (stack: Stack, name: string, parts: Frame[][]): Stack[] =>
  parts.map((frames, n) => ({ ...stack, frames, part: [stack.part, `${name}${n + 1}`].filter(Boolean).join('_') }));

/** What tells volumes at the same places apart, in the order of trust. */
const ATTRIBUTES: [string, (f: Frame) => string][] = [
  ['time', (f) => f.temporal],
  ['acquisition', (f) => f.acquisition],
  ['type', (f) => f.imageType.join('\\')],
  ['phase', (f) => f.time],
];

function separateRepeats(stack: Stack): Stack[] {
  if (!hasRepeats(stack.frames)) return separateInterleaved(stack);
  const several = new Set(stack.frames.filter((f) => f.index > 0).map((f) => f.path));
  const attributes = [...ATTRIBUTES, ['file', (f: Frame) => (several.has(f.path) ? f.path : '')] as const];
  const divisions = attributes.flatMap(([name, key]) => {
    const parts = [...Map.groupBy(stack.frames, key).values()];
    if (parts.length < 2 || parts.some((g) => hasRepeats(g))) return [];
    // A part of one slice is a stray image, not a volume; then the attribute separates the wrong thing.
    if (parts.every((g) => g.length === 1) && stack.frames.length > 2) return [];
    return [{ name, parts, even: parts.every((g) => g.length === parts[0].length) }];
  });
  // Volumes of one size first: trigger times that differ from slice to slice would cut volumes into crumbs. Where the
  // last volume of a series was broken off, the sizes differ, but no volume is a crumb.
  const found =
    divisions.find((d) => d.even) ??
    divisions.find((d) => d.name !== 'phase' && d.parts.filter((g) => g.length < d.parts[0].length).length <= 1);
  return found ? numbered(stack, found.name, found.parts) : byInstanceOrder(stack);
}

/** Every place repeated equally often: the n-th repeat by instance number belongs to volume n. */
function byInstanceOrder(stack: Stack): Stack[] {
  const n = normalOf(stack.frames[0]);
  const sorted = sortAlongNormal(stack.frames);
  const places: Frame[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const f of sorted) {
    const z = dot3(f.position!, n);
    if (z - last < SAME_PLACE && places.length > 0) places.at(-1)!.push(f);
    else places.push([f]);
    last = z;
  }
  const repeats = places[0].length;
  if (places.some((p) => p.length !== repeats)) {
    const first = stack.frames[0];
    throw new DecileError(
      'scan/overlapping-slices',
      `Every slice position of series ${first.seriesNumber ?? first.seriesUid} must occur once or equally often, got ${Math.min(...places.map((p) => p.length))} to ${Math.max(...places.map((p) => p.length))} slices at one position.`,
      'Remove the extra slices, or export each volume as its own series.',
    );
  }
  for (const place of places) place.sort((a, b) => a.instanceNumber - b.instanceNumber || a.index - b.index);
  return Array.from({ length: repeats }, (_, r) => ({
    ...stack,
    frames: places.map((p) => p[r]),
    part: [stack.part, `volume${r + 1}`].filter(Boolean).join('_'),
  }));
}
