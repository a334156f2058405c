/** The contours of a structure drawn onto a scan's grid. */
import { worldToVoxel } from '../../core/geometry.ts';
import { type Grid, voxelCount, type WorldPoint } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Structure } from '../dicom/rtstruct.ts';
import { type PlaneContour, planeShape } from './plane.ts';
import { boundsOf, INSIDE, type Polygon } from './polygon.ts';
import { type ContourPlane, type Stacked, stackPlanes } from './stack.ts';

export interface DrawnStructure {
  /** 1 for each voxel inside. */
  inside: Uint8Array;
  /** Voxels whose centres lie on a contour: inside too, but another structure may have them. */
  onLine: Uint32Array;
  /** Contours that lie outside the scan and were left out. */
  outside: number;
  /** What could not be used as it was, one sentence each. */
  notices: string[];
}

export interface DrawOptions {
  /** Where the scan's slices were taken, LPS mm, where that is known: its grid may be a resampled one. */
  drawnOn?: readonly WorldPoint[];
  /** Usual distance of contour planes in slices, of all structures of the object. */
  usual?: number;
}

/** A contour crosses this share of a slice at most. */
const FLAT = 0.2;
/** Planes this near, in slices, are one. */
const SAME_PLANE = 0.02;
type Axis = 0 | 1 | 2;

interface Placed {
  normal: Axis;
  /** Place along the normal, in slices. */
  at: number;
  contour: PlaneContour;
}

/**
 * Contours may be perpendicular to any of the three axes. On a slice they are drawn as they are; slices between contours
 * get what lies between, island by island.
 * @throws mask/outside where no contour lies inside the scan, mask/contour-plane where none lies along its slices
 */
export function drawStructure(
  path: string,
  structure: Structure,
  grid: Grid,
  options: DrawOptions = {},
): DrawnStructure {
  const { placed, askew } = place(structure, grid);
  if (placed.length === 0 && askew.length > 0) throw crossing(path, structure, Math.min(...askew));
  const kept = placed.filter(({ normal, at }) => at > -0.5 - SAME_PLANE && at < grid.size[normal] - 0.5 + SAME_PLANE);
  const outside = placed.filter((p) => !kept.includes(p));
  if (kept.length === 0 && outside.length > 0) throw beyond(path, structure, outside[0], grid);
  const out = new Uint8Array(voxelCount(grid));
  const notices: string[] = [];
  if (askew.length > 0) notices.push(`${contours(askew.length)} not parallel to the slices ${left(askew.length)}`);
  if (outside.length > 0)
    notices.push(`${contours(outside.length)} outside the scan (${placesOf(outside)}) ${left(outside.length)}`);
  const clipped = kept.filter((p) => leaves(p, grid)).length;
  if (clipped > 0)
    notices.push(
      `${contours(clipped)} reaching beyond the edge of ${clipped === 1 ? 'its slice was' : 'their slices were'} cut there`,
    );
  for (const normal of [2, 1, 0] as const) {
    const here = kept.filter((p) => p.normal === normal);
    const stated = structure.planeDistance === undefined ? undefined : structure.planeDistance / grid.spacing[normal];
    if (here.length > 0) notices.push(...drawAlong(here, normal, grid, { ...options, stated }, out));
  }
  notices.push(...leftOut(structure, grid));
  const onLine: number[] = [];
  for (let n = 0; n < out.length; n++) {
    if (out[n] === 0) continue;
    if (out[n] !== INSIDE) onLine.push(n);
    out[n] = 1;
  }
  return {
    inside: out,
    onLine: Uint32Array.from(onLine),
    outside: outside.length,
    notices: notices.map((text) => `${structure.name}: ${text}.`),
  };
}

function drawAlong(
  placed: Placed[],
  normal: Axis,
  grid: Grid,
  { drawnOn: points, ...options }: DrawOptions & { stated?: number },
  out: Uint8Array,
): string[] {
  const [a, b] = ([0, 1, 2] as const).filter((c) => c !== normal);
  const [width, height] = [grid.size[a], grid.size[b]];
  const groups = planesOf(placed);
  let empty = 0;
  const planes: ContourPlane[] = groups.map((group) => {
    const shape = planeShape(
      group.map(({ contour }) => contour),
      width,
      height,
    );
    empty += shape.empty;
    return { at: group.reduce((sum, { at }) => sum + at, 0) / group.length, data: shape.data };
  });
  const spacing = [grid.spacing[normal], grid.spacing[a], grid.spacing[b]] as const;
  const drawnOn = normal === 2 ? points?.map((point) => worldToVoxel(grid, point)[2]) : undefined;
  const strides = [1, grid.size[0], grid.size[0] * grid.size[1]];
  const stacked = stackPlanes(
    planes,
    { width, height, slices: grid.size[normal], spacing, drawnOn, ...options },
    (slice, data, interpolated) => {
      for (let p = 0; p < data.length; p++) {
        if (data[p] === 0) continue;
        const at = slice * strides[normal] + (p % width) * strides[a] + Math.floor(p / width) * strides[b];
        // Shapes between contours have no line.
        out[at] = Math.max(out[at], interpolated ? INSIDE : data[p]);
      }
    },
  );
  return stackNotices(stacked, planes.length, empty);
}

function stackNotices({ interpolated, beside, farthest, gaps }: Stacked, planes: number, empty: number): string[] {
  const notices: string[] = [];
  if (beside > 0)
    notices.push(
      `${beside} of ${planes} contour planes lie between the slices of the scan, up to ${farthest.toFixed(2)} mm beside one; ${interpolated > 0 ? `${count(interpolated, 'slice')} between them ${interpolated === 1 ? 'was' : 'were'} interpolated` : 'slices have contours of their own, or the nearest'}`,
    );
  else if (interpolated > 0)
    notices.push(
      `${count(interpolated, 'slice')} between contours had none and ${interpolated === 1 ? 'was' : 'were'} interpolated`,
    );
  if (gaps.length > 0)
    notices.push(`slice${gaps.length === 1 ? '' : 's'} ${numbers(gaps)} between contours had none and stayed empty`);
  if (empty > 0) notices.push(`${contours(empty)} thinner than a voxel left nothing, as no voxel centre lies inside`);
  return notices;
}

/** Every closed contour in voxels, with the axis that it is perpendicular to; `askew` says how many slices others cross. */
function place(structure: Structure, grid: Grid): { placed: Placed[]; askew: number[] } {
  const placed: Placed[] = [];
  const askew: number[] = [];
  for (const { points, type } of structure.contours) {
    const voxels = points.map((p) => worldToVoxel(grid, p));
    const [low, high] = [Math.min, Math.max].map((edge) =>
      [0, 1, 2].map((c) => voxels.reduce((x, v) => edge(x, v[c]), voxels[0][c])),
    );
    const normal = ([2, 1, 0] as const).find((c) => high[c] - low[c] < FLAT);
    if (normal === undefined) {
      askew.push(Math.min(...[0, 1, 2].map((c) => high[c] - low[c])));
      continue;
    }
    const [a, b] = ([0, 1, 2] as const).filter((c) => c !== normal);
    const polygon: Polygon = voxels.map((v) => [v[a], v[b]] as const);
    const at = voxels.reduce((sum, v) => sum + v[normal], 0) / voxels.length;
    placed.push({ normal, at, contour: { polygon, xor: type === 'CLOSEDPLANAR_XOR' } });
  }
  return { placed, askew };
}

/** Contours of one plane together, planes in ascending order. */
function planesOf(placed: readonly Placed[]): Placed[][] {
  const groups: Placed[][] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const one of [...placed].sort((p, q) => p.at - q.at)) {
    if (one.at - from <= SAME_PLANE) groups[groups.length - 1].push(one);
    else {
      groups.push([one]);
      from = one.at;
    }
  }
  return groups;
}

/** The median distance of neighbouring contour planes of all structures, in slices; undefined where no structure has two. */
export function usualDistance(structures: readonly Structure[], grid: Grid): number | undefined {
  const gaps = structures.flatMap((structure) => {
    const planes = planesOf(place(structure, grid).placed.filter(({ normal }) => normal === 2));
    return planes.slice(1).map((plane, n) => plane[0].at - planes[n][0].at);
  });
  return gaps.sort((x, y) => x - y)[gaps.length >> 1];
}

/** Contours that are no closed outline, by kind, with the slices that they lie on. */
function leftOut({ left: others }: Structure, grid: Grid): string[] {
  return [...Map.groupBy(others, ({ kind }) => kind)].map(([kind, list]) => {
    const slices = [...new Set(list.map(({ point }) => Math.round(worldToVoxel(grid, point)[2])))].sort(
      (a, b) => a - b,
    );
    const one = list.length === 1;
    return `${list.length} ${kind} contour${one ? '' : 's'} on slice${slices.length === 1 ? '' : 's'} ${numbers(slices)} ${one ? 'is' : 'are'} no closed outline and ${one ? 'was' : 'were'} left out`;
  });
}

function leaves({ normal, contour }: Placed, grid: Grid): boolean {
  const [a, b] = ([0, 1, 2] as const).filter((c) => c !== normal);
  const [x0, y0, x1, y1] = boundsOf(contour.polygon);
  return x0 < -0.51 || y0 < -0.51 || x1 > grid.size[a] - 0.49 || y1 > grid.size[b] - 0.49;
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
const contours = (n: number) => count(n, 'contour');
const left = (n: number) => (n === 1 ? 'was left out' : 'were left out');
/** Slices as a viewer counts them, from 1. */
const numbers = (slices: readonly number[]) =>
  slices.length > 8 ? `${slices[0] + 1} to ${slices[slices.length - 1] + 1}` : slices.map((k) => k + 1).join(', ');
const placesOf = (placed: readonly Placed[]) =>
  `slice${placed.length === 1 ? '' : 's'} ${numbers([...new Set(placed.map(({ at }) => Math.round(at)))].sort((a, b) => a - b))}`;

const crossing = (path: string, { name }: Structure, slices: number) =>
  new DecileError(
    'mask/contour-plane',
    `Every contour of ${path} must lie in a slice of the scan, got one of ${name} that crosses ${slices.toFixed(1)} slices.`,
    'Export the structures on this scan, or resample the scan to theirs.',
  );

const beyond = (path: string, { name }: Structure, { at, normal }: Placed, grid: Grid) =>
  new DecileError(
    'mask/outside',
    `The contours of ${path} must lie inside the scan, got all of ${name} outside (slice ${Math.round(at) + 1} of ${grid.size[normal]}).`,
    'Check that the structures belong to this scan.',
  );
