import type { SurfaceDistances } from './surface-distances.ts';

/**
 * Average surface distance, mm: the mean over the prediction's surface voxels of the distance to the reference's surface.
 * One direction, prediction to reference, as in the papers' common tool MedPy; not symmetric.
 */
export function asd({ toReference }: SurfaceDistances): number {
  let sum = 0;
  for (const distance of toReference) sum += distance;
  return sum / toReference.length;
}
