import type { SettledOptions } from '../../core/options.ts';
import type { TwoStreamSampler } from '../../core/train/batch.ts';

/**
 * What is pasted into labelled patches, for people; null where nothing is and nobody asked.
 * @param asked absent in runs of earlier versions
 */
export function pastingText(
  { objects, share }: TwoStreamSampler['pasting'],
  asked: SettledOptions['objectPaste'] | undefined,
  classes: readonly string[],
): string | null {
  if (share > 0) {
    const pairs = [...new Set(objects.map(({ label, host }) => `${classes[label]} in ${classes[host]}`))];
    const pieces = objects.length === 1 ? 'one piece' : `${objects.length} pieces`;
    return `Into ${Math.round(100 * share)} % of the labelled patches a structure of another place is pasted: ${pairs.join(', ')}, ${pieces}.`;
  }
  if (typeof asked !== 'number' || asked === 0) return null;
  return 'No label of the labelled scans lies in another one: nothing is pasted into patches.';
}
