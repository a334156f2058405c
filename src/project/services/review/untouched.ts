/** Whether a mask is the copy of a prediction that was accepted as it is. */
import type { Mask } from '../../store/index.ts';

/**
 * Same volumes as the newest prediction of its run before it: nothing, or nothing that counts, was changed.
 * @param history all versions of the scan's masks
 */
export function isUntouched(mask: Mask, history: readonly Mask[]): boolean {
  if (mask.origin !== 'corrected') return false;
  const predicted = history
    .filter(({ origin, run, version }) => origin === 'predicted' && run === mask.run && version < mask.version)
    .sort((a, b) => b.version - a.version)[0];
  return predicted !== undefined && volumesOf(predicted) === volumesOf(mask);
}

const volumesOf = ({ labels }: Mask): string => JSON.stringify(labels.map(({ value, voxels }) => [value, voxels]));
