/** Labels that a model sees in no scan although the scans that it learned from have them: it did not learn them. */
import type { Run, Store } from '../../store/index.ts';

/** So unlikely must it be that none of the scans has the label. */
const MOST_LIKELY = 0.05;

/**
 * What is to be said of a run's labels of which none of its predictions has a voxel; null where there are none. A label that few labelled scans have may be
 * missing in others too: how likely that is, is told by how many have it, (k + 1) / (n + 2) (Laplace's rule of succession).
 */
export function unseenLabels(store: Store, run: Run): string | null {
  const predicted = store.predictions.list(run.id);
  const learned = store.runs.cases(run.id, 'labelled').flatMap(({ mask }) => (mask ? [store.masks.get(mask)] : []));
  const said = run.classes.slice(1).flatMap((name, n) => {
    if (predicted.some(({ volumesMl }) => volumesMl[n] > 0)) return [];
    const having = learned.filter(({ labels }) => labels.some(({ value, voxels }) => value === n + 1 && voxels > 0));
    const lacked = 1 - (having.length + 1) / (learned.length + 2);
    if (having.length === 0 || lacked ** predicted.length > MOST_LIKELY) return [];
    return [
      `${name} is in none of ${predicted.length} predicted scans, and in ${having.length} of ${learned.length} labelled ones`,
    ];
  });
  if (said.length === 0) return null;
  return `The model did not learn every label: ${said.join('; ')}. Label more scans that have it, or train for longer; for a small structure with --region auto, --foreground-share 0.33, --dice-classes present and a smaller --patch.`;
}
