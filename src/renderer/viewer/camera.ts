/** Where a plane's slice stands on the screen. Pure: canvas pixels here, voxels there, nothing drawn. */
import type { Plane } from '../../core/edit/planes.ts';
import type { Grid } from '../../core/volume.ts';

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
export function sliceToCanvas(g: PlaneGeometry, camera: Camera, x: number, y: number): [number, number] {
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

/** Canvas pixels to a fractional voxel index on slice `slice`. */
export function canvasToVoxel(
  g: PlaneGeometry,
  camera: Camera,
  px: number,
  py: number,
  slice: number,
): [number, number, number] {
  const { plane, grid } = g;
  const x = ((px - g.width / 2) / camera.zoom + camera.x) / grid.spacing[plane.u] - 0.5;
  const y = ((py - g.height / 2) / camera.zoom + camera.y) / grid.spacing[plane.v] - 0.5;
  const index: [number, number, number] = [slice, slice, slice];
  index[plane.u] = plane.flipU ? grid.size[plane.u] - 1 - x : x;
  index[plane.v] = plane.flipV ? grid.size[plane.v] - 1 - y : y;
  return index;
}

/** The same camera after a zoom by `factor` that leaves the point under (px, py) where it is. */
export function zoomAt(g: PlaneGeometry, camera: Camera, factor: number, px: number, py: number): Camera {
  const fit = fitCamera(g).zoom;
  const zoom = Math.min(fit * 60, Math.max(fit * 0.3, camera.zoom * factor));
  const dx = px - g.width / 2;
  const dy = py - g.height / 2;
  return { zoom, x: camera.x + dx / camera.zoom - dx / zoom, y: camera.y + dy / camera.zoom - dy / zoom };
}

/** Length of a scale bar: 1, 2 or 5 times a power of ten in mm, at most `most` pixels long. */
export function scaleBar(zoom: number, most: number): { millimetres: number; pixels: number } {
  const longest = most / zoom;
  const power = 10 ** Math.floor(Math.log10(longest));
  const millimetres = power * (longest >= 5 * power ? 5 : longest >= 2 * power ? 2 : 1);
  return { millimetres, pixels: millimetres * zoom };
}
