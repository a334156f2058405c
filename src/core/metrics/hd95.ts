import type { SurfaceDistances } from './surface-distances.ts';

/** 95 % Hausdorff distance, mm: the 95th percentile of the surface distances of both directions pooled. */
export function hd95({ toReference, toPrediction }: SurfaceDistances): number {
  const pooled = new Float64Array(toReference.length + toPrediction.length);
  pooled.set(toReference);
  pooled.set(toPrediction, toReference.length);
  return percentile(pooled.sort(), 95);
}

/** The q-th percentile of sorted values, linear between neighbours: position q/100 (n - 1). */
export function percentile(sorted: ArrayLike<number>, q: number): number {
  const position = (q / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
