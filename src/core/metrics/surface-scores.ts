/** Further figures by which results compare with others' papers: the larger 95HD, surface Dice, missed and spurious labels. */
import { isPartlyDrawn, type LabelMap } from '../volume.ts';
import { type CaseMetrics, metricsOf } from './case-metrics.ts';
import { percentile } from './hd95.ts';
import { countOverlap, type Overlap } from './overlap.ts';
import { type SurfaceDistances, surfaceDistances } from './surface-distances.ts';

export interface SurfaceScores {
  /** The larger of both directions' 95th percentiles, mm, as MONAI has it; null where prediction or reference is empty. */
  readonly hd95Max: number | null;
  /**
   * Percent of surface voxels of both masks that lie within the tolerance of the other surface (Nikolov et al. 2018,
   * arXiv:1809.04430, counted by voxels as MONAI does); 0 where one mask is empty, 100 where both are; null where the reference has voxels that nobody drew.
   */
  readonly surfaceDice: number | null;
  /** The reference has the label, the prediction has no voxel of it. */
  readonly missed: boolean;
  /** The prediction has the label, the reference has no voxel of it. */
  readonly spurious: boolean;
}

/** @param tolerance mm @throws `metrics/size-mismatch` where the sizes differ */
export function surfaceScores(
  prediction: LabelMap,
  reference: LabelMap,
  label: number,
  tolerance: number,
): SurfaceScores {
  return scoresOf(
    countOverlap(prediction, reference, label),
    surfaceDistances(prediction, reference, label),
    tolerance,
    isPartlyDrawn(reference),
  );
}

/** Every figure of one label of one case. */
export type LabelScores = CaseMetrics & SurfaceScores;

/** Where nobody said another, mm. */
export const SURFACE_TOLERANCE_MM = 1;

/** Metrics and surface scores with the distances measured once. @throws `metrics/size-mismatch` where the sizes differ */
export function labelScores(
  prediction: LabelMap,
  reference: LabelMap,
  label: number,
  tolerance = SURFACE_TOLERANCE_MM,
): LabelScores {
  const overlap = countOverlap(prediction, reference, label);
  const distances = surfaceDistances(prediction, reference, label);
  return { ...metricsOf(overlap, distances), ...scoresOf(overlap, distances, tolerance, isPartlyDrawn(reference)) };
}

function scoresOf(
  overlap: Overlap,
  distances: SurfaceDistances | null,
  tolerance: number,
  partly: boolean,
): SurfaceScores {
  const missed = overlap.reference > 0 && overlap.prediction === 0;
  const spurious = overlap.prediction > 0 && overlap.reference === 0;
  if (partly) return { hd95Max: null, surfaceDice: null, missed, spurious };
  if (!distances) return { hd95Max: null, surfaceDice: missed || spurious ? 0 : 100, missed, spurious };
  const directions = [distances.toReference, distances.toPrediction];
  const within = directions.reduce((sum, all) => sum + all.reduce((n, d) => n + (d <= tolerance ? 1 : 0), 0), 0);
  const total = directions.reduce((sum, all) => sum + all.length, 0);
  const hd95Max = Math.max(...directions.map((all) => percentile(all.toSorted(), 95)));
  return { hd95Max, surfaceDice: (100 * within) / total, missed, spurious };
}
