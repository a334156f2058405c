/** All structures of an RTSTRUCT as one mask. */
import { type Grid, type LabelMap, voxelCount } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Structure } from '../dicom/rtstruct.ts';
import { drawStructure, usualDistance } from './draw.ts';

/**
 * One mask, value = place in the list from 1; structures without an outline are passed over.
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
  const outlined = structures.filter(({ contours }) => contours.length > 0).slice(0, 255);
  const usual = usualDistance(outlined, grid);
  const lines: Uint32Array[] = [];
  outlined.forEach((structure, s) => {
    const { inside, onLine } = drawStructure(path, structure, grid, { usual });
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
  return { size: grid.size, spacing: grid.spacing, origin: grid.origin, direction: grid.direction, data };
}
