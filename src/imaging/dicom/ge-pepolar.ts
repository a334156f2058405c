/** GE's research sequence epi_pepolar: volumes of reversed phase encoding are stored upside down. */
import { type DataSet, number } from './dataset.ts';

/**
 * True where the rows of this image run against its ImageOrientationPatient. The sequence's name (0019,109C) and its
 * mode (0019,10B3: 1 reverses every volume, 2 the odd ones, 3 the even ones) say so; the header's geometry does not.
 * dcm2niix does the same since 1.0.20210814.
 */
export function hasReversedRows(d: DataSet): boolean {
  if (!/epi_pepolar/i.test(d.string('x0019109c') ?? '')) return false;
  const mode = Math.round(number(d, 'x001910b3') ?? 0);
  if (mode === 1) return true;
  if (mode !== 2 && mode !== 3) return false;
  return volumeNumber(d) % 2 === (mode === 2 ? 1 : 0);
}

/** From 1: as stated, else from the image's number and the slices of a volume. */
function volumeNumber(d: DataSet): number {
  const stated = number(d, 'x00200100');
  if (stated !== undefined) return Math.round(stated);
  const slices = d.elements.x0021104f?.length === 2 ? (d.uint16('x0021104f') ?? 0) : 0;
  const image = number(d, 'x00200013') ?? 1;
  return slices > 0 ? Math.floor((image - 1) / slices) + 1 : 1;
}
