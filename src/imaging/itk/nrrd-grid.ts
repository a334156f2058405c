/** Where the voxels of a NRRD lie: every legal space, and every way in which a header states their size. */
import { directionFromAxes, norm3 } from '../../core/geometry.ts';
import { type Grid, lpsFrom, lpsPoint, spacingFrom } from '../../core/volume.ts';
import type { DecileError } from '../../shared/errors.ts';
import { unitScale } from './units.ts';

type Refusal = (expected: string, got: string) => DecileError;
type Triple = [number, number, number];

/** Signs that turn a space into LPS; null where it does not say what is left and what is right. */
const SPACES = new Map<string, readonly [number, number, number] | null>(Object.entries<readonly [number, number, number] | null>({
  'left-posterior-superior': [1, 1, 1], lps: [1, 1, 1], 'right-anterior-superior': [-1, -1, 1], ras: [-1, -1, 1],
  'left-anterior-superior': [1, -1, 1], las: [1, -1, 1],
  'scanner-xyz': null, '3d-right-handed': null, '3d-left-handed': null,
})); // biome-ignore format: a table

/** The short names of spaces with a fourth axis of time. */
const WITH_TIME = new Map([
  ['lpst', 'lps'],
  ['rast', 'ras'],
  ['last', 'las'],
]);

/** The space without its axis of time. */
function spaceOf(fields: ReadonlyMap<string, string>): string {
  const stated = (fields.get('space') ?? '').toLowerCase();
  return WITH_TIME.get(stated) ?? stated.replace(/-time$/, '');
}

/** Axes that count voxels in space, at most three: not lists, vectors or times. */
export function spatialAxes(
  fields: ReadonlyMap<string, string>,
  directions: readonly string[] | null,
  sizes: readonly number[],
): number[] {
  // A non-spatial axis (a list of layers or channels) is marked "none"; one of time points along the fourth axis of space.
  const alongTime = (d: string) => {
    const v = numbersIn(d);
    return v.length === 4 && v[3] !== 0;
  };
  if (directions) return directions.flatMap((d, n) => (d === 'none' || alongTime(d) ? [] : [n]));
  const kinds = (fields.get('kinds') ?? '').toLowerCase().split(/\s+/);
  const inSpace = sizes.flatMap((_, n) => (/^(domain|space|\?\?\?)?$/.test(kinds[n] ?? '') ? [n] : []));
  return (inSpace.length >= 2 ? inSpace : sizes.map((_, n) => n)).slice(0, 3);
}

const numbersIn = (text: string): number[] => text.replace(/[()]/g, '').split(',').map(Number);

/** @param axes of the file, that count voxels in space */
export function nrrdGrid(
  size: Triple,
  fields: ReadonlyMap<string, string>,
  axes: readonly number[],
  directions: readonly string[] | null,
  notices: string[],
  bad: Refusal,
): Grid {
  const space = spaceOf(fields);
  const signs = space === '' ? null : SPACES.get(space);
  if (signs === undefined) throw bad(`a space of ${[...SPACES.keys()].join(', ')}`, space);
  if (!directions) return withoutDirections(size, fields, axes, space, notices);
  if (axes.length < 3)
    return flat(
      size,
      axes.map((n) => directions[n]),
      fields,
      notices,
      bad,
    );
  const scales = worldScales(fields, notices);
  const point = (text: string | undefined): number[] | undefined => {
    const v = numbersIn(text ?? '');
    if ((v.length !== 3 && v.length !== 4) || !v.slice(0, 3).every(Number.isFinite)) return undefined;
    return v.slice(0, 3).map((x, c) => x * scales[c] * (signs ? signs[c] : 1) + 0);
  };
  const columns = axes.map((n) => {
    const v = point(directions[n]);
    if (!v || norm3(v) < 1e-9) throw bad('three space directions', directions[n]);
    return v;
  });
  const spacing = spacingFrom(columns.map(norm3));
  const [i, j, k] = columns.map((v, c) => v.map((x) => x / spacing[c] + 0));
  const origin = point(fields.get('space origin'));
  if (!origin) notices.push('The file states no origin: the first voxel is taken as (0, 0, 0).');
  if (!signs)
    notices.push(
      `The file states voxel sizes and axes but not what is left and right (space ${space || fields.get('space dimension') || 'none'}): its axes are taken as left, posterior, superior.`,
    );
  return { size, spacing, origin: lpsFrom(origin ?? [0, 0, 0]), direction: directionFromAxes(i, j, k) };
}

/** A two-dimensional image in space: its pixel sizes count, its place is unknown. */
function flat(
  size: Triple,
  vectors: readonly string[],
  fields: ReadonlyMap<string, string>,
  notices: string[],
  bad: Refusal,
): Grid {
  const scales = worldScales(fields, notices);
  const spacing = [0, 1, 2].map((n) => {
    if (n >= vectors.length) return 1;
    const length = Math.hypot(...numbersIn(vectors[n]).map((x, c) => x * (scales[c] ?? 1)));
    if (!Number.isFinite(length) || length < 1e-9) throw bad('space directions of positive length', vectors[n]);
    return length;
  }) as Triple;
  notices.push('The file states the axes of an image, not of a volume: they are taken as left, posterior, superior.');
  return { size, spacing: spacingFrom(spacing), origin: lpsPoint(0, 0, 0), direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
}

/** Millimetres of the three axes of space. */
function worldScales(fields: ReadonlyMap<string, string>, notices: string[]): Triple {
  return scalesOf(quoted(fields.get('space units')), notices);
}

/** Scales to millimetres, with a notice where one is not 1 or not known. */
function scalesOf(units: readonly string[], notices: string[]): Triple {
  const scales = [0, 1, 2].map((n) => unitScale(units[n] ?? '')) as (number | undefined)[];
  const strange = units.slice(0, 3).filter((_, n) => scales[n] === undefined);
  if (strange.length > 0)
    notices.push(`Lengths are in "${strange[0]}", which is no length: they are taken as millimetres.`);
  const other = units.slice(0, 3).filter((_, n) => scales[n] !== undefined && scales[n] !== 1);
  if (other.length > 0) notices.push(`Lengths are in ${other[0]} and were converted to millimetres.`);
  return scales.map((s) => s ?? 1) as Triple;
}

/** "mm" "mm" "mm", or without quotes. */
const quoted = (text: string | undefined): string[] =>
  [...(text ?? '').matchAll(/"([^"]*)"|(\S+)/g)].map((m) => (m[1] ?? m[2]).trim());

/**
 * Voxel sizes without axes: `spacings`, else from `axis mins` and `axis maxs` (cells unless `centers` says node), else
 * `thicknesses`, else 1 mm; what is assumed is said.
 */
function withoutDirections(
  size: Triple,
  fields: ReadonlyMap<string, string>,
  axes: readonly number[],
  space: string,
  notices: string[],
): Grid {
  const numbers = (name: string, other: string) => {
    const all = (fields.get(name) ?? fields.get(other) ?? '')
      .split(/\s+/)
      .map((x) => (x === '' ? Number.NaN : Number(x)));
    return axes.map((n) => (Number.isFinite(all[n]) ? all[n] : undefined));
  };
  const centers = (fields.get('centers') ?? fields.get('centerings') ?? '').toLowerCase().split(/\s+/);
  const [spacings, mins, maxs, thick] = [
    numbers('spacings', 'spacings'),
    numbers('axis mins', 'axismins'),
    numbers('axis maxs', 'axismaxs'),
    numbers('thicknesses', 'thicknesses'),
  ];
  const units = quoted(fields.get('units'));
  const scales = scalesOf(
    axes.map((n) => units[n] ?? ''),
    notices,
  );
  const unstated: number[] = [];
  const byThickness: number[] = [];
  const origin: Triple = [0, 0, 0];
  const signs: Triple = [1, 1, 1];
  const spacing = [0, 1, 2].map((c) => {
    const [min, max, node] = [mins[c], maxs[c], centers[axes[c]] === 'node'];
    const steps = node ? size[c] - 1 : size[c];
    const extent = min !== undefined && max !== undefined && steps > 0 ? Math.abs(max - min) / steps : 0;
    const found = Math.abs(spacings[c] ?? 0) || extent || 0;
    if (found === 0) (thick[c] ? byThickness : unstated).push(c);
    const distance = found || thick[c] || 1;
    const way = spacings[c] || (min === undefined || max === undefined ? 0 : max - min);
    if (way < 0) signs[c] = -1;
    if (min !== undefined) origin[c] = (min + (node ? 0 : (signs[c] * distance) / 2)) * scales[c];
    return distance * scales[c];
  }) as Triple;
  sayReversed(signs, notices);
  const missing = unstated.filter((c) => size[c] > 1);
  if (missing.length > 0)
    notices.push(
      `The file states no voxel size along ${missing.length === 3 ? 'any axis' : `axis ${missing.map((c) => c + 1).join(' and ')}`}: 1 mm is taken.`,
    );
  if (byThickness.length > 0)
    notices.push(
      `The file states thicknesses but no distance along axis ${byThickness.map((c) => c + 1).join(' and ')}: they are taken as the distance.`,
    );
  notices.push(
    space && SPACES.get(space)
      ? `The file states no axes in its space (${space}): they are taken as left, posterior, superior.`
      : 'The file states no orientation: axes are taken as left, posterior, superior.',
  );
  const [x, y, z] = signs;
  const direction = directionFromAxes([x, 0, 0], [0, y, 0], [0, 0, z]);
  return { size, spacing: spacingFrom(spacing), origin: lpsFrom(origin), direction };
}

/** Axes whose distance is negative run the other way: said, as few programs write that on purpose. */
export function sayReversed(signs: readonly number[], notices: string[]): void {
  const reversed = signs.flatMap((sign, c) => (sign < 0 ? [c + 1] : []));
  if (reversed.length > 0)
    notices.push(`The file states a negative distance along axis ${reversed.join(' and ')}: it runs the other way.`);
}
