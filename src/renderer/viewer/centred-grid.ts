/** Where Cornerstone3D sees a case. Pure. */
import { voxelToWorld } from '../../core/geometry.ts';
import { type Grid, lpsPoint, voxelIndex } from '../../core/volume.ts';

/**
 * The grid moved so that its middle is the point 0. Cornerstone3D reckons in 32-bit floats, in which a point far from 0
 * is too coarse to name a voxel; orientation and distances stay.
 */
export function centredGrid(grid: Grid): Grid {
  const middle = voxelToWorld(grid, voxelIndex((grid.size[0] - 1) / 2, (grid.size[1] - 1) / 2, (grid.size[2] - 1) / 2));
  const { size, spacing, direction, origin } = grid;
  return {
    size,
    spacing,
    direction,
    origin: lpsPoint(origin[0] - middle[0], origin[1] - middle[1], origin[2] - middle[2]),
  };
}
