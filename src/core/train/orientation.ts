/**
 * The axes that training and prediction work on. A network reads voxel axes: of scans that are stored sagittal, axial or turned
 * over it would have to learn each by itself, and left would be right. So every scan is first brought to the patient's axes, as
 * nibabel's `as_closest_canonical` and MONAI's `Orientation` do.
 */
import { axis, directionFromAxes, voxelToWorld } from '../geometry.ts';
import type { Orientation } from '../options.ts';
import { type Grid, spacingMm, voxelIndex } from '../volume.ts';

/** LPS: the first axis grows to the right, the second to the front, the third to the head. */
const PATIENT = [-1, -1, 1] as const;

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/**
 * The same voxels in the same place, counted along the patient's axes: to the right, to the front and to the head, as nearly as the
 * scan's own axes run so. `stored` leaves the file's order.
 */
export function inOrientation(grid: Grid, orientation: Orientation): Grid {
  const { size, spacing, direction } = grid;
  if (orientation === 'stored') return { size, spacing, origin: grid.origin, direction };
  // Of all orders the one whose axes run most along the patient's: oblique scans have none that fits exactly.
  const fit = (order: readonly (0 | 1 | 2)[]) =>
    order.reduce<number>((product, c, along) => product * Math.abs(axis(direction, c)[along]), 1);
  const order = ORDERS.reduce((best, one) => (fit(one) > fit(best) + 1e-6 ? one : best));
  const turned = order.map((c, along) => axis(direction, c)[along] * PATIENT[along] < 0);
  const axes = order.map((c, along) => axis(direction, c).map((v) => (turned[along] ? 0 - v : v)));
  const first = [0, 0, 0];
  order.forEach((c, along) => {
    first[c] = turned[along] ? size[c] - 1 : 0;
  });
  return {
    size: [size[order[0]], size[order[1]], size[order[2]]],
    spacing: spacingMm(spacing[order[0]], spacing[order[1]], spacing[order[2]]),
    origin: voxelToWorld(grid, voxelIndex(first[0], first[1], first[2])),
    direction: directionFromAxes(axes[0], axes[1], axes[2]),
  };
}
