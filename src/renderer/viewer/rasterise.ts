/** Draws surfaces into pixels with a depth buffer: 3D on every computer, with a graphics card or without. Pure. */
import type { Surface } from '../../core/edit/surface.ts';
import type { Rgb } from './palette.ts';

export interface SurfacePart {
  readonly surface: Surface;
  readonly colour: Rgb;
}

/** Row-major rotation from LPS to the screen: right, down, away from the viewer. */
export type Rotation = readonly [number, number, number, number, number, number, number, number, number];

/** Face to face with the patient: their right on the screen's left, head on top. */
export const FRONT: Rotation = [1, 0, 0, 0, 0, -1, 0, 1, 0];

export interface SurfaceCamera {
  readonly rotation: Rotation;
  /** LPS point in the middle of the picture, mm. */
  readonly centre: readonly [number, number, number];
  /** Pixels a millimetre. */
  readonly zoom: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Packed RGBA. */
  readonly pixels: Uint32Array;
  /** mm away from the viewer, Infinity where nothing is. */
  readonly depth: Float32Array;
}

export const makeFrame = (width: number, height: number): Frame => ({
  width,
  height,
  pixels: new Uint32Array(width * height),
  depth: new Float32Array(width * height),
});

/** Light from over the viewer's left shoulder, in screen space, and what it leaves in the shade. */
const LIGHT = [-0.35, -0.45, -0.82] as const;
const AMBIENT = 0.28;

/** First rotation about the screen's own axes, then the one so far. */
export function turn(rotation: Rotation, aboutDown: number, aboutRight: number): Rotation {
  const [cy, sy, cx, sx] = [Math.cos(aboutDown), Math.sin(aboutDown), Math.cos(aboutRight), Math.sin(aboutRight)];
  const by = [cy, 0, -sy, sx * sy, cx, sx * cy, cx * sy, -sx, cx * cy];
  const product = Array.from({ length: 9 }, (_, n) => {
    const [row, column] = [Math.floor(n / 3), n % 3];
    return (
      by[3 * row] * rotation[column] + by[3 * row + 1] * rotation[3 + column] + by[3 * row + 2] * rotation[6 + column]
    );
  });
  return product as unknown as Rotation;
}

/** Clears the frame and draws all parts. */
export function rasterise(frame: Frame, parts: readonly SurfacePart[], camera: SurfaceCamera): void {
  frame.pixels.fill(0);
  frame.depth.fill(Number.POSITIVE_INFINITY);
  for (const { surface, colour } of parts) {
    const screen = project(surface, camera, frame);
    const { triangles } = surface;
    for (let t = 0; t < triangles.length; t += 3) {
      fillTriangle(frame, screen, 4 * triangles[t], 4 * triangles[t + 1], 4 * triangles[t + 2], colour);
    }
  }
}

/** x, y in pixels, depth in mm, brightness 0..1: four a vertex. */
function project(
  { positions, normals }: Surface,
  { rotation: r, centre, zoom }: SurfaceCamera,
  frame: Frame,
): Float32Array {
  const screen = new Float32Array((positions.length / 3) * 4);
  for (let p = 0, s = 0; p < positions.length; p += 3, s += 4) {
    const x = positions[p] - centre[0];
    const y = positions[p + 1] - centre[1];
    const z = positions[p + 2] - centre[2];
    screen[s] = (r[0] * x + r[1] * y + r[2] * z) * zoom + frame.width / 2;
    screen[s + 1] = (r[3] * x + r[4] * y + r[5] * z) * zoom + frame.height / 2;
    screen[s + 2] = r[6] * x + r[7] * y + r[8] * z;
    const [a, b, c] = [normals[p], normals[p + 1], normals[p + 2]];
    const light =
      LIGHT[0] * (r[0] * a + r[1] * b + r[2] * c) +
      LIGHT[1] * (r[3] * a + r[4] * b + r[5] * c) +
      LIGHT[2] * (r[6] * a + r[7] * b + r[8] * c);
    screen[s + 3] = AMBIENT + (1 - AMBIENT) * Math.max(0, light);
  }
  return screen;
}

function fillTriangle(frame: Frame, v: Float32Array, a: number, b: number, c: number, [red, green, blue]: Rgb): void {
  const { width, height, pixels, depth } = frame;
  const area = (v[b] - v[a]) * (v[c + 1] - v[a + 1]) - (v[b + 1] - v[a + 1]) * (v[c] - v[a]);
  if (Math.abs(area) < 1e-9) return;
  const x0 = Math.max(0, Math.ceil(Math.min(v[a], v[b], v[c]) - 0.5));
  const x1 = Math.min(width - 1, Math.floor(Math.max(v[a], v[b], v[c]) - 0.5));
  const y0 = Math.max(0, Math.ceil(Math.min(v[a + 1], v[b + 1], v[c + 1]) - 0.5));
  const y1 = Math.min(height - 1, Math.floor(Math.max(v[a + 1], v[b + 1], v[c + 1]) - 0.5));
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const px = x + 0.5;
      const py = y + 0.5;
      const wb = ((px - v[a]) * (v[c + 1] - v[a + 1]) - (py - v[a + 1]) * (v[c] - v[a])) / area;
      const wc = ((v[b] - v[a]) * (py - v[a + 1]) - (v[b + 1] - v[a + 1]) * (px - v[a])) / area;
      const wa = 1 - wb - wc;
      if (wa < -1e-6 || wb < -1e-6 || wc < -1e-6) continue;
      const away = wa * v[a + 2] + wb * v[b + 2] + wc * v[c + 2];
      const at = x + width * y;
      if (away >= depth[at]) continue;
      depth[at] = away;
      const light = wa * v[a + 3] + wb * v[b + 3] + wc * v[c + 3];
      pixels[at] = (0xff000000 | ((blue * light) << 16) | (((green * light) & 255) << 8) | ((red * light) & 255)) >>> 0;
    }
  }
}

/** The LPS point under a pixel; null where no surface is. */
export function pointAt(frame: Frame, { rotation: r, centre, zoom }: SurfaceCamera, px: number, py: number) {
  const away = frame.depth[Math.floor(px) + frame.width * Math.floor(py)];
  if (!Number.isFinite(away)) return null;
  const right = (px - frame.width / 2) / zoom;
  const down = (py - frame.height / 2) / zoom;
  return [0, 1, 2].map((n) => centre[n] + r[n] * right + r[3 + n] * down + r[6 + n] * away) as [number, number, number];
}
