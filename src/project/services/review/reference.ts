/** The mask that a prediction is measured against, from a file of any format. */
import { gridOf } from '../../../core/geometry.ts';
import { type LabelMap, lpsFrom } from '../../../core/volume.ts';
import { highest, openSegments, type ReadMask } from '../../../imaging/index.ts';
import type { Label, Scan, Store } from '../../store/index.ts';
import { markNotDrawn } from '../drawing/ignore-label.ts';
import { checkMaskValues, countLabels, readMaskOnGrid } from '../drawing/mask-versions.ts';
import { keptProvenance } from '../export/provenance.ts';
import { namesOf, overlapping } from '../import/overlaps.ts';
import { labelsOfSegments, unknownSegments } from '../import/segment-labels.ts';

const NO_OVERLAP =
  'A prediction has one label a voxel: leave one of the two out of the reference, or cut it out of the other.';

/**
 * On the prediction's voxels. Segments and structures are the labels of their names, as on import; the values of a plain mask are
 * the labels.
 * @param ignore value of a plain mask where nobody drew
 * @throws mask/unknown-value, mask/unknown-segment, mask/several, mask/overlapping, mask/other-grid and what reading throws
 */
export async function readReference(
  store: Store,
  scan: Scan,
  path: string,
  prediction: LabelMap,
  labels: readonly Label[],
  ignore: number | null = null,
): Promise<ReadMask> {
  const what = `The reference of ${scan.name}`;
  const object = await openSegments(path);
  if (!object) {
    const read = await readMaskOnGrid(path, prediction, what);
    markNotDrawn(read.mask, ignore, what);
    checkMaskValues(countLabels(read.mask), labels, what);
    return read;
  }
  const { values, unknown, notices } = labelsOfSegments(object.segments, labels, path);
  const drawnOn = keptProvenance(store, scan.id)?.instances.map(({ position }) => lpsFrom(position));
  const drawn = object.draw(prediction, values, drawnOn);
  const overlaps = drawn.labels.overlaps();
  if (overlaps.length > 0) throw overlapping(what, namesOf(labels), overlaps, NO_OVERLAP);
  return {
    mask: { ...gridOf(prediction), data: drawn.labels.settled(highest) },
    notices: [
      ...object.notices,
      ...notices,
      ...drawn.notices,
      ...(unknown.length > 0 ? [unknownSegments(unknown, labels, path).message] : []),
    ],
  };
}
