/** All metrics of one label of one case. */
import type { LabelMap } from '../volume.ts';
import { asd } from './asd.ts';
import { dice } from './dice.ts';
import { hd95 } from './hd95.ts';
import { jaccard } from './jaccard.ts';
import { countOverlap, type Overlap } from './overlap.ts';
import { type SurfaceDistances, surfaceDistances } from './surface-distances.ts';

/** One label of one case. */
export interface CaseMetrics {
  /** Percent. */
  readonly dice: number;
  /** Percent. */
  readonly jaccard: number;
  /** 95 % Hausdorff distance, mm; null where prediction or reference is empty. */
  readonly hd95: number | null;
  /** Average surface distance, prediction to reference, mm; null where either is empty. */
  readonly asd: number | null;
  /** The reference has this label, the prediction does not. */
  readonly emptyPrediction: boolean;
}

/**
 * All metrics of one label, distances with the reference's spacing.
 * An empty prediction of a non-empty reference (or the reverse) has Dice = Jaccard = 0 and no distances;
 * both empty agree: 100, no distances.
 * @throws `metrics/size-mismatch` where the sizes differ
 */
export function caseMetrics(prediction: LabelMap, reference: LabelMap, label: number): CaseMetrics {
  return metricsOf(countOverlap(prediction, reference, label), surfaceDistances(prediction, reference, label));
}

/** The same from what was counted and measured already. */
export function metricsOf(overlap: Overlap, distances: SurfaceDistances | null): CaseMetrics {
  return {
    dice: dice(overlap),
    jaccard: jaccard(overlap),
    hd95: distances && hd95(distances),
    asd: distances && asd(distances),
    emptyPrediction: overlap.reference > 0 && overlap.prediction === 0,
  };
}
