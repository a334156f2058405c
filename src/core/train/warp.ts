/**
 * Random rotations, zoom and changes of intensity: scans as the same organ of another patient, in another scanner, would
 * look. Unlike the paper's quarter turns and flips the small ones leave a patient lying as patients lie. Beyond the paper.
 */
import { mapAxes, type Three } from '../axes.ts';
import type { Random } from '../random.ts';
import { type Bend, BentRows, furthest, planBend } from './bend.ts';
import { type PatchSource, type Sides, thickAxis } from './patch-source.ts';

/** Everything random about one warped crop. */
export interface Warp {
  /** Patch voxel to scan voxel, both from their box's centre; rows x, y, z. */
  matrix: Three<Three<number>>;
  /** value' = sign(v) |v|^gamma * gain + offset, v the normalised intensity */
  gain: number;
  offset: number;
  /** What is added to where each voxel is read. */
  bend?: Bend;
}

const DEGREES = 15;
const ZOOM = 1.2;
const GAIN = 1.25;
const OFFSET = 0.1;

const STRONG = { share: 0.2, degrees: 30, inPlane: 180, zoom: [0.7, 1.4] } as const;

/**
 * Rotation by up to 15 degrees about each axis, zoom by 1/1.2 to 1.2 for each axis, gain 1/1.25 to 1.25, offset of +-0.1 SD.
 * @param spacing mm; angles are those of the patient, and thick slices are turned in their plane alone
 */
export function planWarp(random: Random, spacing?: Sides): Warp {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const factor = (most: number) => Math.exp(between(-Math.log(most), Math.log(most)));
  const turned = rotation(() => between(-DEGREES, DEGREES), spacing);
  const zoom = [factor(ZOOM), factor(ZOOM), factor(ZOOM)];
  return {
    matrix: columns(turned, (v, j) => v / zoom[j]),
    gain: factor(GAIN),
    offset: between(-OFFSET, OFFSET),
  };
}

/** Such a warp, and a smooth deformation of the patch. */
export const planElasticWarp = (random: Random, patch: Sides, spacing?: Sides): Warp => ({
  ...planWarp(random, spacing),
  bend: planBend(random, patch, spacing),
});

/**
 * As nnU-Net v2 has it (Isensee et al. 2021): a fifth of the patches turned by up to 30 degrees about each axis, a fifth
 * zoomed by 0.7 to 1.4, each mirrored along each axis or not. Thick slices are turned in their plane by any angle, and not zoomed
 * across it. Intensities stay.
 */
export function planStrongWarp(random: Random, spacing?: Sides): Warp {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const thick = thickAxis(spacing);
  const degrees = random.uniform() < STRONG.share ? (thick === null ? STRONG.degrees : STRONG.inPlane) : 0;
  const turned = rotation(() => between(-degrees, degrees), spacing);
  const step = random.uniform() < STRONG.share ? between(...STRONG.zoom) : 1;
  const mirrored = [0, 1, 2].map((axis) => (axis === thick ? 1 : step) * (random.uniform() < 0.5 ? -1 : 1));
  return { matrix: columns(turned, (v, j) => v * mirrored[j]), gain: 1, offset: 0 };
}

/**
 * Any turn (thick slices: in their plane), mirrored or not along each axis: for things without an up and a down.
 * @param zoom how many times larger it comes to be
 * @param spacing of what is read, mm
 * @param grid spacing that it is read at, mm
 */
export function planFreeWarp(random: Random, zoom: number, spacing: Sides = [1, 1, 1], grid: Sides = spacing): Warp {
  const turned = rotation(() => 360 * random.uniform(), spacing);
  const steps = mapAxes(grid, (mm, axis) => ((mm / spacing[axis]) * (random.uniform() < 0.5 ? -1 : 1)) / zoom);
  return { matrix: columns(turned, (v, j) => v * steps[j]), gain: 1, offset: 0 };
}

/** Turns in the planes xy, yz and xz by drawn angles (degrees), from voxels to voxels. */
function rotation(angleOf: () => number, spacing?: Sides): Matrix {
  const thick = thickAxis(spacing);
  let matrix = identity();
  for (const [a, b] of [
    [0, 1],
    [1, 2],
    [0, 2],
  ]) {
    const drawn = (angleOf() * Math.PI) / 180;
    const angle = a === thick || b === thick ? 0 : drawn;
    const turn = identity();
    [turn[a][a], turn[a][b], turn[b][a], turn[b][b]] = [
      Math.cos(angle),
      -Math.sin(angle),
      Math.sin(angle),
      Math.cos(angle),
    ];
    matrix = product(turn, matrix);
  }
  // Voxels that are no cubes: to millimetres, turned there, and back.
  return spacing ? mapAxes(matrix, (row, i) => mapAxes(row, (v, j) => v * (spacing[j] / spacing[i]))) : matrix;
}

type Row = [number, number, number];
type Matrix = [Row, Row, Row];

const identity = (): Matrix => [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const columns = (matrix: Matrix, change: (value: number, column: number) => number): Warp['matrix'] =>
  mapAxes(matrix, (row) => mapAxes(row, change));

const product = (a: Matrix, b: Matrix): Matrix =>
  mapAxes(a, (row) => mapAxes(b[0], (_, j) => row.reduce((sum, v, k) => sum + v * b[k][j], 0)));

/**
 * The patch that stands at `start` without the warp, warped about its centre: intensities trilinear, masks by the nearest
 * voxel, zero outside the scan.
 */
export function warpedPatch(
  source: PatchSource,
  patch: Sides,
  start: Sides,
  warp: Warp,
): { image: Float32Array; mask?: Uint8Array } {
  const half = mapAxes(patch, (n) => (n - 1) / 2);
  const moved = warp.bend ? furthest(warp.bend) : ([0, 0, 0] as const);
  const reach = mapAxes(
    warp.matrix,
    (row, axis) => Math.ceil(row.reduce((sum, v, j) => sum + Math.abs(v) * half[j], moved[axis])) + 1,
  );
  const centre = mapAxes(start, (s, axis) => s + half[axis]);
  const from = mapAxes(centre, (c, axis) => Math.floor(c) - reach[axis]);
  const box = mapAxes(reach, (r) => 2 * r + 2);
  const image = source.readImage(from, box);
  const mask = source.readMask?.(from, box);
  const channels = source.channels ?? 1;
  const [voxels, read] = [patch[0] * patch[1] * patch[2], box[0] * box[1] * box[2]];
  const into = new Float32Array(channels * voxels);
  const maskInto = mask && new Uint8Array(voxels);
  const middle = mapAxes(centre, (c, axis) => c - from[axis]);
  for (let channel = 0; channel < channels; channel++) {
    const [from, to] = [channel * read, channel * voxels];
    const maps = { image: image.subarray(from, from + read), into: into.subarray(to, to + voxels) };
    sample({ ...maps, ...(channel === 0 && { mask, maskInto }) }, box, middle, patch, warp);
  }
  return { image: into, ...(maskInto && { mask: maskInto }) };
}

/** One channel of a warped patch, and the mask beside it. `middle`: the patch's centre in the box that was read. */
function sample(
  {
    image,
    into,
    mask,
    maskInto,
  }: { image: Float32Array; into: Float32Array; mask?: Uint8Array; maskInto?: Uint8Array },
  box: Sides,
  [mx, my, mz]: Sides,
  patch: Sides,
  { matrix, gain, offset, bend }: Warp,
): void {
  const rows = bend && new BentRows(bend, patch);
  const [nx, ny, nz] = patch;
  const half = mapAxes(patch, (n) => (n - 1) / 2);
  const [sy, sz] = [box[0], box[0] * box[1]];
  const [rx, ry, rz] = matrix;
  const [stepX, stepY, stepZ] = [rx[0], ry[0], rz[0]];
  let o = 0;
  for (let k = 0; k < nz; k++) {
    const dz = k - half[2];
    for (let j = 0; j < ny; j++) {
      const dy = j - half[1];
      // Along a row the point moves by one column of the matrix.
      let x = mx + rx[0] * -half[0] + rx[1] * dy + rx[2] * dz;
      let y = my + ry[0] * -half[0] + ry[1] * dy + ry[2] * dz;
      let z = mz + rz[0] * -half[0] + rz[1] * dy + rz[2] * dz;
      const moved = rows?.at(j, k);
      for (let i = 0; i < nx; i++, o++) {
        const u = moved ? x + moved[0][i] : x;
        const v = moved ? y + moved[1][i] : y;
        const w = moved ? z + moved[2][i] : z;
        // Never negative: the box reaches further than any voxel is read. So these are floor(u), floor(v), floor(w).
        const x0 = u | 0;
        const y0 = v | 0;
        const z0 = w | 0;
        const fx = u - x0;
        const fy = v - y0;
        const fz = w - z0;
        const p = x0 + y0 * sy + z0 * sz;
        const q = p + sz;
        const a0 = image[p];
        const b0 = image[p + sy];
        const c0 = image[q];
        const d0 = image[q + sy];
        const a = a0 + fx * (image[p + 1] - a0);
        const b = b0 + fx * (image[p + sy + 1] - b0);
        const c = c0 + fx * (image[q + 1] - c0);
        const d = d0 + fx * (image[q + sy + 1] - d0);
        const near = a + fy * (b - a);
        const far = c + fy * (d - c);
        into[o] = (near + fz * (far - near)) * gain + offset;
        if (maskInto && mask) maskInto[o] = mask[p + (fx >= 0.5 ? 1 : 0) + (fy >= 0.5 ? sy : 0) + (fz >= 0.5 ? sz : 0)];
        x += stepX;
        y += stepY;
        z += stepZ;
      }
    }
  }
}

/** The voxel of the scan nearest to where a voxel of the warped patch is read. */
export const warpedVoxel = ({ matrix, bend }: Warp, patch: Sides, start: Sides, voxel: Sides): Sides => {
  const half = mapAxes(patch, (n) => (n - 1) / 2);
  const moved = bend && new BentRows(bend, patch).at(voxel[1], voxel[2]);
  return mapAxes(matrix, (row, axis) =>
    Math.round(
      start[axis] +
        half[axis] +
        row.reduce((sum, v, j) => sum + v * (voxel[j] - half[j]), moved ? moved[axis][voxel[0]] : 0),
    ),
  );
};
