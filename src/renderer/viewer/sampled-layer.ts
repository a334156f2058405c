/** A picture of voxels through the camera of a plane, whatever grid they are on: each pixel looks up where it lies. Pure but for the canvas. */

type Vector = readonly [number, number, number];

/** Where pixels lie in a grid, in fractional voxels: `origin` is the middle of the first one. */
export interface PixelGrid {
  readonly origin: Vector;
  /** From a pixel to its right and its lower neighbour. */
  readonly right: Vector;
  readonly down: Vector;
}

/** The pixels of a pane in voxels; null before the first picture. @param toVoxel CSS pixels to voxels, affine */
export function pixelGrid(toVoxel: (x: number, y: number) => Vector | null): PixelGrid | null {
  const [origin, right, down] = [toVoxel(0.5, 0.5), toVoxel(1.5, 0.5), toVoxel(0.5, 1.5)];
  if (!origin || !right || !down) return null;
  const minus = (a: Vector): Vector => [a[0] - origin[0], a[1] - origin[1], a[2] - origin[2]];
  return { origin, right: minus(right), down: minus(down) };
}

/** Calls `paint` with the middle of each pixel in voxels and fills the canvas, of CSS pixels, with what it answers: packed RGBA. */
export function drawSampled(
  canvas: HTMLCanvasElement,
  [width, height]: readonly [number, number],
  { origin, right, down }: PixelGrid,
  paint: (i: number, j: number, k: number) => number,
): void {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  if (width === 0 || height === 0) return;
  const pixels = new Uint32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const [i, j, k] = [origin[0] + y * down[0], origin[1] + y * down[1], origin[2] + y * down[2]];
    for (let x = 0; x < width; x++, at++) pixels[at] = paint(i + x * right[0], j + x * right[1], k + x * right[2]);
  }
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  (canvas.getContext('2d') as CanvasRenderingContext2D).putImageData(image, 0, 0);
}

export function clearSampled(canvas: HTMLCanvasElement): void {
  canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
}
