/** Where a slice must stand in its pane, reckoned on its own: what the viewer draws is held against it. */
import type { Plane } from '../../src/core/edit/planes.ts';
import type { Grid } from '../../src/core/volume.ts';

export interface Camera {
  /** mm on the slice, from its top left corner, that stands in the middle of the canvas. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels a millimetre. */
  readonly zoom: number;
}

/** One plane of one volume in a canvas of width x height CSS pixels. */
export interface PlaneGeometry {
  readonly grid: Grid;
  readonly plane: Plane;
  readonly width: number;
  readonly height: number;
}

/** The camera that shows the whole slice, with a small margin. */
export function fitCamera({ grid, plane, width, height }: PlaneGeometry): Camera {
  const across = grid.size[plane.u] * grid.spacing[plane.u];
  const down = grid.size[plane.v] * grid.spacing[plane.v];
  return { x: across / 2, y: down / 2, zoom: 0.96 * Math.min(width / across, height / down) || 1 };
}

/** Pixels of the slice (0 is the left edge of the first column) to canvas pixels. */
function sliceToCanvas(g: PlaneGeometry, camera: Camera, x: number, y: number): [number, number] {
  return [
    (x * g.grid.spacing[g.plane.u] - camera.x) * camera.zoom + g.width / 2,
    (y * g.grid.spacing[g.plane.v] - camera.y) * camera.zoom + g.height / 2,
  ];
}

/** A fractional voxel index (centres are whole numbers) to canvas pixels; the index along the normal does not matter. */
export function voxelToCanvas(
  g: PlaneGeometry,
  camera: Camera,
  index: readonly [number, number, number],
): [number, number] {
  const { plane, grid } = g;
  const x = plane.flipU ? grid.size[plane.u] - 1 - index[plane.u] : index[plane.u];
  const y = plane.flipV ? grid.size[plane.v] - 1 - index[plane.v] : index[plane.v];
  return sliceToCanvas(g, camera, x + 0.5, y + 0.5);
}
