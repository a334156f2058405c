/** All structures of an RTSTRUCT as one mask. */
import { gridOf } from '../../core/geometry.ts';
import { type Grid, type LabelMap, voxelCount } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Structure } from '../dicom/rtstruct.ts';
import { drawStructure, usualDistance } from './draw.ts';

export interface RtLabelMap {
  mask: LabelMap;
  /** What could not be drawn as it was, one sentence each. */
  notices: string[];
}

/**
 * One mask, value = place in the list from 1; structures without an outline are passed over.
 * @throws mask/needs-scan, mask/outside, mask/overlapping, mask/contour-plane
 */
export function rtLabelMap(path: string, structures: readonly Structure[], grid?: Grid): RtLabelMap {
  if (!grid)
    throw new DecileError(
      'mask/needs-scan',
      `The contours of ${path} must be drawn on a scan's grid, got none.`,
      'Import them together with their scan.',
    );
  const data = new Uint8Array(voxelCount(grid));
  const outlined = structures.filter(({ contours }) => contours.length > 0).slice(0, 255);
  const usual = usualDistance(outlined, grid);
  const lines: Uint32Array[] = [];
  const notices = withoutOutline(structures);
  outlined.forEach((structure, s) => {
    const { inside, onLine, notices: said } = drawStructure(path, structure, grid, { usual });
    notices.push(...said);
    for (const n of onLine) inside[n] = 0;
    let overlap = 0;
    for (let n = 0; n < data.length; n++) {
      if (!inside[n]) continue;
      if (data[n]) overlap++;
      data[n] = s + 1;
    }
    lines.push(onLine);
    if (overlap > 0)
      throw new DecileError(
        'mask/overlapping',
        `The structures of ${path} must not overlap to become one mask, got ${overlap} voxels of ${structure.name} that are also in another.`,
        'Import the structures one by one, or remove the overlap.',
      );
  });
  // Neighbours share a line: its voxels go to the first of them.
  lines.forEach((line, s) => {
    for (const n of line) if (data[n] === 0) data[n] = s + 1;
  });
  return { mask: { ...gridOf(grid), data }, notices };
}

/** What is said of structures that are points or open lines alone. */
export const withoutOutline = (structures: readonly Structure[]): string[] =>
  structures
    .filter(({ contours }) => contours.length === 0)
    .map(
      ({ name, left }) =>
        `${name} has no closed outline (${[...new Set(left.map(({ kind }) => kind))].join(', ')}) and was left out.`,
    );
