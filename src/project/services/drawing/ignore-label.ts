/** Which value of a mask from elsewhere says that nobody drew there: nnU-Net calls it the ignore label. */
import { isPartlyDrawn, type LabelMap, NOT_DRAWN } from '../../../core/volume.ts';
import { DecileError } from '../../../shared/errors.ts';

/**
 * Gives the voxels of the ignore label the project's own value for "not drawn", in place.
 * @param ignore null: every voxel was drawn
 * @throws mask/unknown-value where a mask holds the value 255 and nobody said that it means "not drawn": many programs write masks
 *   as 0 and 255
 */
export function markNotDrawn(mask: LabelMap, ignore: number | null, what: string): void {
  const { data } = mask;
  if (ignore !== NOT_DRAWN && data.includes(NOT_DRAWN))
    throw new DecileError(
      'mask/unknown-value',
      `${what} must hold only the values of labels, got ${NOT_DRAWN} (${data.reduce((sum, v) => sum + (v === NOT_DRAWN ? 1 : 0), 0)} voxels).`,
      'If nobody drew there, import with `--ignore-label 255`; if it is a label, renumber it.',
    );
  if (ignore === null || ignore === NOT_DRAWN) return;
  for (let v = data.indexOf(ignore); v >= 0; v = data.indexOf(ignore, v + 1)) data[v] = NOT_DRAWN;
}

/** For formats that have no word for it: what nobody drew as background. */
export const notDrawnAsBackground = (mask: LabelMap): LabelMap =>
  isPartlyDrawn(mask) ? { ...mask, data: mask.data.map((v) => (v === NOT_DRAWN ? 0 : v)) } : mask;
