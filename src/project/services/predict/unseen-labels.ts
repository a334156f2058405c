/** Labels that a model sees in no scan although the scans that it learned from have them: it did not learn them. */
import type { Run, Store } from '../../store/index.ts';

/** So unlikely must it be that none of the scans has the label. */
const MOST_LIKELY = 0.05;

export interface UnseenLabel {
  name: string;
  /** Scans with a prediction of the run, of which none has it. */
  predicted: number;
  /** Of the labelled scans that the run learned from, those that have it, and all. */
  having: number;
  labelled: number;
}

/**
 * Of a run, those of which none of its predictions has a voxel. A label that few labelled scans have may be missing in others too: how likely that is, is told by
 * how many have it, (k + 1) / (n + 2) (Laplace's rule of succession).
 */
export function unseenLabels(store: Store, run: Run): UnseenLabel[] {
  const predicted = store.predictions.list(run.id);
  const learned = store.runs.cases(run.id, 'labelled').flatMap(({ mask }) => (mask ? [store.masks.get(mask)] : []));
  return run.classes.slice(1).flatMap((name, n) => {
    if (predicted.some(({ volumesMl }) => volumesMl[n] > 0)) return [];
    const has = ({ labels }: (typeof learned)[number]) =>
      labels.some(({ value, voxels }) => value === n + 1 && voxels > 0);
    const [having, labelled] = [learned.filter(has).length, learned.length];
    const lacked = 1 - (having + 1) / (labelled + 2);
    if (having === 0 || lacked ** predicted.length > MOST_LIKELY) return [];
    return [{ name, predicted: predicted.length, having, labelled }];
  });
}

/** What is to be said of them, and what helps. */
export const unseenNotice = (unseen: readonly UnseenLabel[]): string => {
  const each = unseen.map(
    ({ name, predicted, having, labelled }) =>
      `${name} is in none of ${predicted} predicted scans, and in ${having} of ${labelled} labelled ones`,
  );
  return `The model did not learn every label: ${each.join('; ')}. Label more scans that have it, or train for longer; small structures in large scans want small structures on (--small-structures on).`;
};
