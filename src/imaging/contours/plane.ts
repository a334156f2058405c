/** The contours of one structure in one plane as one shape. */
import { contains, INSIDE, ON_THE_LINE, type Polygon, type Raster, rasterise, sameOutline } from './polygon.ts';

export interface PlaneContour {
  polygon: Polygon;
  /** CLOSEDPLANAR_XOR: combined by exclusive or, as the standard says (PS3.3 C.8.8.6.3). */
  xor: boolean;
}

export interface PlaneShape {
  /** [y, x]: 0 outside, ON_THE_LINE, INSIDE. */
  data: Uint8Array;
  /** Contours that hold no pixel centre. */
  empty: number;
}

/**
 * Closed contours are united unless one lies inside another: then it is a hole, and what lies in the hole an island again.
 * One that is there twice counts once. A hole leaves the pixels on its line in the shape, so that a shape and the one that
 * fills its hole both come out as they were drawn.
 */
export function planeShape(contours: readonly PlaneContour[], width: number, height: number): PlaneShape {
  const shape: PlaneShape = { data: new Uint8Array(width * height), empty: 0 };
  const draw = (polygon: Polygon) => rasterise(polygon, width, height);
  const plain = distinct(contours.filter(({ xor }) => !xor).map(({ polygon }) => polygon));
  const within = plain.map((inner) => plain.filter((outer) => outer !== inner && contains(outer, inner)));
  const depth = depths(plain, within);
  plain.forEach((polygon, n) => {
    if (depth[n] % 2 === 1) return;
    const raster = draw(polygon);
    if (!raster) {
      shape.empty++;
      return;
    }
    plain.forEach((hole, m) => {
      if (depth[m] === depth[n] + 1 && within[m].includes(polygon)) cut(raster, draw(hole));
    });
    unite(shape.data, raster, width);
  });
  const xor = contours.filter((c) => c.xor).map(({ polygon }) => draw(polygon));
  shape.empty += xor.filter((raster) => raster === null).length;
  exclusive(shape.data, xor, width);
  return shape;
}

function distinct(polygons: Polygon[]): Polygon[] {
  const kept: Polygon[] = [];
  for (const polygon of polygons) if (!kept.some((other) => sameOutline(other, polygon))) kept.push(polygon);
  return kept;
}

/** How deep each contour is nested: the longest chain of contours around it. */
function depths(polygons: readonly Polygon[], within: readonly Polygon[][]): number[] {
  const known = new Map<Polygon, number>();
  const depth = (polygon: Polygon): number => {
    const stored = known.get(polygon);
    if (stored !== undefined) return stored;
    const around = within[polygons.indexOf(polygon)];
    const found = around.reduce((most, outer) => Math.max(most, depth(outer) + 1), 0);
    known.set(polygon, found);
    return found;
  };
  return polygons.map(depth);
}

/** Takes the pixels strictly inside the hole out. */
function cut(raster: Raster, hole: Raster | null): void {
  if (!hole) return;
  eachPixel(hole, (x, y, value) => {
    const [a, b] = [x - raster.x0, y - raster.y0];
    if (a < 0 || b < 0 || a >= raster.width || b >= raster.height) return;
    const at = b * raster.width + a;
    if (value === INSIDE) raster.data[at] = 0;
    else if (raster.data[at] === INSIDE) raster.data[at] = ON_THE_LINE;
  });
}

function unite(data: Uint8Array, raster: Raster, width: number): void {
  eachPixel(raster, (x, y, value) => {
    const at = y * width + x;
    if (value > data[at]) data[at] = value;
  });
}

function exclusive(data: Uint8Array, rasters: readonly (Raster | null)[], width: number): void {
  if (rasters.length === 0) return;
  const odd = new Uint8Array(data.length);
  const line = new Uint8Array(data.length);
  for (const raster of rasters) {
    if (raster)
      eachPixel(raster, (x, y, value) => {
        if (value === INSIDE) odd[y * width + x] ^= 1;
        else line[y * width + x] ^= 1;
      });
  }
  for (let p = 0; p < data.length; p++) data[p] = Math.max(data[p], odd[p] ? INSIDE : line[p] ? ON_THE_LINE : 0);
}

function eachPixel({ x0, y0, width, data }: Raster, visit: (x: number, y: number, value: number) => void): void {
  for (let p = 0; p < data.length; p++) if (data[p] > 0) visit(x0 + (p % width), y0 + Math.floor(p / width), data[p]);
}
