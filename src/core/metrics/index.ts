/** Segmentation metrics of one case and over cases: Dice, Jaccard, 95HD, ASD, paired t-test. */
export { type CaseMetrics, caseMetrics } from './case-metrics.ts';
export { FOUND_DICE, SMALL_ML, type SmallStructures, smallStructures } from './small-structures.ts';
export { type MetricSummary, meanAndSd, summarise } from './summary.ts';
export {
  type LabelScores,
  labelScores,
  SURFACE_TOLERANCE_MM,
  surfaceScores,
} from './surface-scores.ts';
export { type PairedTTest, pairedTTest } from './t-test.ts';

export const METRICS = ['dice', 'jaccard', 'hd95', 'asd'] as const;
export type MetricName = (typeof METRICS)[number];
export const LARGER_IS_BETTER: Record<MetricName, boolean> = { dice: true, jaccard: true, hd95: false, asd: false };
