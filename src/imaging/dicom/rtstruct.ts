/** RTSTRUCT: planar contours in patient space, drawn onto a scan's grid. */

import { worldToVoxel } from '../../core/geometry.ts';
import { type Grid, type LabelMap, voxelCount, type WorldPoint } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { items, number, numbers, readDicom, text } from './dataset.ts';

export interface Contour {
  /** Corners in order, LPS mm. */
  points: WorldPoint[];
}
export interface Structure {
  number: number;
  name: string;
  contours: Contour[];
  /** Displayed colour, if stated. */
  colour?: [number, number, number];
}

/** @throws mask/not-rtstruct, scan/truncated, scan/corrupt */
export async function readRtStruct(path: string): Promise<Structure[]> {
  const { dataSet } = await readDicom(path);
  if ((dataSet.string('x00080060') ?? '').trim() !== 'RTSTRUCT') {
    throw new DecileError(
      'mask/not-rtstruct',
      `${path} must be an RT structure set, got modality ${dataSet.string('x00080060') ?? 'none'}.`,
      'Choose an RTSTRUCT object.',
    );
  }
  const names = new Map(
    items(dataSet, 'x30060020').map((d) => [number(d, 'x30060022') ?? 0, text(d, 'x30060026', dataSet) ?? '']),
  );
  const structures = items(dataSet, 'x30060039').map((roi): Structure => {
    const id = number(roi, 'x30060084') ?? 0;
    const rgb = numbers(roi, 'x3006002a', 3);
    const contours = items(roi, 'x30060040')
      .filter((c) => /^CLOSED_PLANAR|^CLOSEDPLANAR_XOR/.test((c.string('x30060042') ?? '').trim()))
      .map((c) => ({ points: triples(path, contourNumbers(c.string('x30060050'))) }));
    return {
      number: id,
      name: names.get(id) ?? `ROI ${id}`,
      contours,
      ...(rgb ? { colour: [rgb[0], rgb[1], rgb[2]] as [number, number, number] } : {}),
    };
  });
  return structures.filter((s) => s.contours.length > 0);
}

const contourNumbers = (source: string | undefined): number[] => (source ?? '').split('\\').map(Number);

function triples(path: string, values: number[]): WorldPoint[] {
  if (values.length % 3 !== 0 || values.some((v) => !Number.isFinite(v))) {
    throw new DecileError(
      'scan/corrupt',
      `Every contour of ${path} must be points of three numbers, got ${values.length} values.`,
      'The object is damaged: export it again.',
    );
  }
  return Array.from({ length: values.length / 3 }, (_, n) => [values[3 * n], values[3 * n + 1], values[3 * n + 2]]);
}

/**
 * One mask, value = place in the list from 1; a voxel belongs to a structure when its centre lies inside an odd number
 * of its contours on that slice (so that holes and keyholes come out right). Contours must be planar on slices of the
 * grid, whichever of the three axes they are perpendicular to.
 * @throws mask/needs-scan, mask/outside, mask/overlapping, mask/contour-plane
 */
export function rtLabelMap(path: string, structures: readonly Structure[], grid?: Grid): LabelMap {
  if (!grid)
    throw new DecileError(
      'mask/needs-scan',
      `The contours of ${path} must be drawn on a scan's grid, got none.`,
      'Import them together with their scan.',
    );
  const data = new Uint8Array(voxelCount(grid));
  structures.slice(0, 255).forEach((structure, s) => {
    const inside = structureMask(path, structure, grid);
    let overlap = 0;
    for (let n = 0; n < data.length; n++) {
      if (!inside[n]) continue;
      if (data[n]) overlap++;
      data[n] = s + 1;
    }
    if (overlap > 0)
      throw new DecileError(
        'mask/overlapping',
        `The structures of ${path} must not overlap to become one mask, got ${overlap} voxels of ${structure.name} that are also in another.`,
        'Import the structures one by one, or remove the overlap.',
      );
  });
  return { size: grid.size, spacing: grid.spacing, origin: grid.origin, direction: grid.direction, data };
}

/** 0 or 1 a voxel for one structure. */
export function structureMask(path: string, structure: Structure, grid: Grid): Uint8Array {
  const out = new Uint8Array(voxelCount(grid));
  const strides = [1, grid.size[0], grid.size[0] * grid.size[1]];
  for (const { points } of structure.contours) {
    if (points.length < 3) continue;
    const voxels = points.map((p) => worldToVoxel(grid, p));
    const spread = [0, 1, 2].map((c) => Math.max(...voxels.map((v) => v[c])) - Math.min(...voxels.map((v) => v[c])));
    const flat = [2, 1, 0].find((c) => spread[c] < 0.2);
    if (flat === undefined) {
      throw new DecileError(
        'mask/contour-plane',
        `Every contour of ${path} must lie in a slice of the scan, got one of ${structure.name} that crosses ${Math.min(...spread).toFixed(1)} slices.`,
        'Export the structures on this scan, or resample the scan to theirs.',
      );
    }
    const slice = Math.round(voxels[0][flat]);
    if (slice < 0 || slice >= grid.size[flat])
      throw new DecileError(
        'mask/outside',
        `Every contour of ${path} must lie inside the scan, got one of ${structure.name} at slice ${slice + 1} of ${grid.size[flat]}.`,
        'Check that the structures belong to this scan.',
      );
    const [a, b] = [0, 1, 2].filter((c) => c !== flat);
    fillEvenOdd(
      voxels.map((v) => [v[a], v[b]]),
      grid.size[a],
      grid.size[b],
      (x, y) => {
        out[slice * strides[flat] + x * strides[a] + y * strides[b]] ^= 1;
      },
    );
  }
  return out;
}

/** Visits every pixel whose centre (whole numbers) lies inside the polygon by the even-odd rule. */
function fillEvenOdd(polygon: number[][], width: number, height: number, visit: (x: number, y: number) => void): void {
  const low = Math.max(0, Math.ceil(Math.min(...polygon.map((p) => p[1]))));
  const high = Math.min(height - 1, Math.floor(Math.max(...polygon.map((p) => p[1]))));
  for (let y = low; y <= high; y++) {
    const crossings: number[] = [];
    polygon.forEach((p, n) => {
      const q = polygon[(n + 1) % polygon.length];
      // Half-open, so that a corner on the line counts once.
      if (p[1] <= y !== q[1] <= y) crossings.push(p[0] + ((y - p[1]) / (q[1] - p[1])) * (q[0] - p[0]));
    });
    crossings.sort((m, n) => m - n);
    for (let n = 0; n + 1 < crossings.length; n += 2) {
      const from = Math.max(0, Math.ceil(crossings[n]));
      for (let x = from; x < crossings[n + 1] && x < width; x++) visit(x, y);
    }
  }
}
