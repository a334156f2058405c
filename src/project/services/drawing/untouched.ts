/** Whether a mask is the copy of a prediction that was accepted as it is: nobody changed a voxel of it. */
import { readMask } from '../../../imaging/index.ts';
import type { Mask, MaskOrigin, Store } from '../../store/index.ts';

/**
 * Compares a corrected mask with the newest prediction of its run before it, voxel by voxel, and keeps with it that they are equal.
 * Where that prediction cannot be read any more, the mask counts as corrected.
 */
async function noteUntouched(store: Store, mask: Mask): Promise<boolean> {
  if (mask.untouched) return true;
  const predicted = store.masks
    .history(mask.scan)
    .find(({ origin, run, version }) => origin === 'predicted' && run === mask.run && version < mask.version);
  if (!predicted || volumesOf(predicted) !== volumesOf(mask)) return false;
  const after = await readMask(store.path(mask.file));
  const before = await readMask(store.path(predicted.file)).catch(() => null);
  if (!before || Buffer.compare(before.data, after.data) !== 0) return false;
  store.masks.setUntouched(mask.id);
  return true;
}

/** As `judgeCase`, of a case that stands as accepted or corrected: what is drawn on it since may have changed that. */
export async function judgeAgain(store: Store, mask: Mask): Promise<void> {
  const { review } = store.scans.get(mask.scan);
  if (review === 'accepted' || review === 'corrected') await judgeCase(store, mask);
}

/** An accepted correction says of its case whether the prediction was accepted as it is. */
export async function judgeCase(store: Store, mask: Mask): Promise<void> {
  if (mask.accepted && mask.origin === 'corrected')
    store.scans.setReview(mask.scan, (await noteUntouched(store, mask)) ? 'accepted' : 'corrected');
}

const volumesOf = ({ labels }: Mask): string => JSON.stringify(labels.map(({ value, voxels }) => [value, voxels]));

/** What the voxels of a mask are from: an accepted copy of a prediction is predicted. */
export const voxelOrigin = ({ origin, untouched }: Mask): MaskOrigin => (untouched ? 'predicted' : origin);
