/** Resampling a volume onto another grid: trilinear or the mean of what a coarser voxel covers for images, nearest for masks. */
import { axis, inverse3, multiply3, voxelToWorld, worldToVoxel } from './geometry.ts';
import { type Grid, spacingMm, type Volume, type VoxelArray, voxelIndex } from './volume.ts';

/** What lies around a volume. */
type Outside = number | 'edge';
type Mode = 'linear' | 'mean' | 'nearest';

/**
 * `volume` on the grid `target`. Linear and mean give Float32, nearest keeps the voxel type. Mean is linear where the target is as fine
 * as the volume; along axes on which it is coarser it weighs all that a voxel covers, on an oblique grid the eight neighbours alone.
 * A sample within half a voxel outside the outermost centres belongs to the edge voxel (it is inside the scan's
 * physical extent); farther out it gets `outsideValue`, or with `edge` the nearest voxel's value.
 * Cost: O(target voxels) with three small passes when the axes are parallel, eight reads a voxel otherwise.
 */
export function resample(
  volume: Volume,
  target: Grid,
  mode: 'linear' | 'mean',
  outsideValue?: Outside,
): Volume<Float32Array>;
export function resample<T extends VoxelArray>(
  volume: Volume<T>,
  target: Grid,
  mode: 'nearest',
  outsideValue?: Outside,
): Volume<T>;
export function resample(volume: Volume, target: Grid, mode: Mode, outsideValue?: Outside): Volume;
export function resample(volume: Volume, target: Grid, mode: Mode, outsideValue: Outside = 0): Volume {
  const { size, spacing, origin, direction } = target;
  const count = size[0] * size[1] * size[2];
  const data =
    mode !== 'nearest'
      ? new Float32Array(count)
      : new (volume.data.constructor as new (n: number) => VoxelArray)(count);
  const axes = parallelAxes(volume, target);
  if (axes && mode === 'nearest') nearestSeparable(volume, size, axes, data, outsideValue);
  else if (axes) weightedSeparable(volume, size, axes, mode === 'mean', data, outsideValue);
  else general(volume, target, mode, data, outsideValue);
  return { size, spacing, origin, direction, data };
}

/**
 * The grid of other voxel size over the same physical extent and direction. Extent runs from voxel edge to voxel
 * edge, so the first voxel's centre moves by half the difference of the voxel sizes; the voxel count is rounded and
 * the grid keeps the first edge, so that the last edge moves by less than one new voxel.
 */
export function gridWithSpacing(grid: Grid, spacing: number | readonly [number, number, number]): Grid {
  const wanted = typeof spacing === 'number' ? ([spacing, spacing, spacing] as const) : spacing;
  const size = grid.size.map((n, c) => Math.max(1, Math.round((n * grid.spacing[c]) / wanted[c])));
  const first = wanted.map((s, c) => (s - grid.spacing[c]) / 2 / grid.spacing[c]);
  return {
    size: size as unknown as Grid['size'],
    spacing: spacingMm(wanted[0], wanted[1], wanted[2]),
    origin: voxelToWorld(grid, voxelIndex(first[0], first[1], first[2])),
    direction: grid.direction,
  };
}

/** Along one source axis: which target axis runs along it, and source coordinate = start + step * target index. */
interface AxisMap {
  target: number;
  start: number;
  step: number;
}

/** The maps when each source axis is parallel (or antiparallel) to one target axis, else null. */
function parallelAxes(source: Grid, target: Grid): [AxisMap, AxisMap, AxisMap] | null {
  const inverse = inverse3(source.direction);
  const start = worldToVoxel(source, target.origin);
  const maps: AxisMap[] = [];
  for (let t = 0; t < 3; t++) {
    const along = multiply3(inverse, axis(target.direction, t as 0 | 1 | 2));
    const s = along.findIndex((v) => Math.abs(Math.abs(v) - 1) < 1e-6);
    // 1e-6 over 1,000 voxels is a thousandth of a voxel.
    if (s < 0 || along.some((v, c) => c !== s && Math.abs(v) > 1e-6) || maps[s]) return null;
    maps[s] = { target: t, start: start[s], step: (along[s] * target.spacing[t]) / source.spacing[s] };
  }
  return [maps[0], maps[1], maps[2]];
}

/** The nearest voxel, and whether the sample lies in the scan's extent, for one axis. */
function samplePoints(map: AxisMap, sourceSize: number, targetSize: number, outside: Outside) {
  const nearest = new Int32Array(targetSize);
  const inside = new Uint8Array(targetSize);
  for (let n = 0; n < targetSize; n++) {
    const raw = map.start + map.step * n;
    // Rounding noise must not push an edge sample outside.
    inside[n] = outside === 'edge' || (raw >= -0.5 - 1e-6 && raw <= sourceSize - 0.5 + 1e-6) ? 1 : 0;
    const x = Math.min(Math.max(raw, 0), sourceSize - 1);
    nearest[n] = Math.min(sourceSize - 1, Math.max(0, Math.floor(x + 0.5)));
  }
  return { nearest, inside };
}

/** Never written where all that is outside gets the edge's value. */
const fillOf = (outside: Outside): number => (outside === 'edge' ? 0 : outside);

function nearestSeparable(
  volume: Volume,
  size: Grid['size'],
  maps: [AxisMap, AxisMap, AxisMap],
  out: VoxelArray,
  outside: Outside,
): void {
  const points = maps.map((m, s) => samplePoints(m, volume.size[s], size[m.target], outside));
  const strides = [1, volume.size[0], volume.size[0] * volume.size[1]];
  // Per target axis: the source offset of each index, and whether it is inside.
  const offset: Int32Array[] = [];
  const inside: Uint8Array[] = [];
  maps.forEach((m, s) => {
    offset[m.target] = points[s].nearest.map((n) => n * strides[s]);
    inside[m.target] = points[s].inside;
  });
  const { data } = volume;
  const fill = fillOf(outside);
  let at = 0;
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const base = offset[2][k] + offset[1][j];
      const rowInside = inside[2][k] && inside[1][j];
      for (let i = 0; i < size[0]; i++) out[at++] = rowInside && inside[0][i] ? data[base + offset[0][i]] : fill;
    }
  }
}

/** What each sample along an axis is the mean of: `count` voxels from `first` on, their weights from `at` on, together 1. */
interface Taps {
  first: Int32Array;
  count: Int32Array;
  at: Int32Array;
  weights: Float64Array;
}

/**
 * By the length that each voxel shares with a sample: as wide as a source voxel, which is linear interpolation, or, covering, as wide as
 * the target's where that is wider, so that noise and stripes finer than that do not come through as something else.
 */
function tapsOf(map: AxisMap, sourceSize: number, targetSize: number, covering: boolean): Taps {
  const half = covering ? Math.max(1, Math.abs(map.step)) / 2 : 0.5;
  const [first, count, at] = [0, 1, 2].map(() => new Int32Array(targetSize));
  const weights: number[] = [];
  for (let n = 0; n < targetSize; n++) {
    const x = Math.min(Math.max(map.start + map.step * n, -0.5), sourceSize - 0.5);
    const from = Math.min(sourceSize - 1, Math.max(0, Math.floor(x - half + 0.5)));
    const to = Math.max(from, Math.min(sourceSize - 1, Math.ceil(x + half - 0.5)));
    const shared = Array.from({ length: to - from + 1 }, (_, i) =>
      Math.max(0, Math.min(from + i + 0.5, x + half) - Math.max(from + i - 0.5, x - half)),
    );
    const sum = shared.reduce((a, b) => a + b, 0);
    [first[n], count[n], at[n]] = [from, shared.length, weights.length];
    weights.push(...shared.map((w) => w / sum));
  }
  return { first, count, at, weights: Float64Array.from(weights) };
}

function weightedSeparable(
  volume: Volume,
  size: Grid['size'],
  maps: [AxisMap, AxisMap, AxisMap],
  covering: boolean,
  out: VoxelArray,
  outside: Outside,
): void {
  const points = maps.map((m, s) => samplePoints(m, volume.size[s], size[m.target], outside));
  const [tx, ty, tz] = maps.map((m, s) => tapsOf(m, volume.size[s], size[m.target], covering));
  const n = maps.map((m) => size[m.target]);
  const fill = fillOf(outside);
  const { data } = volume;
  const [sx, sy] = volume.size;
  const [nx, ny, nz] = n;
  // Slice by slice along the source's k, so that the in-plane results of one sample are all that is held beside the output.
  const planes = new Map<number, Float32Array>();
  const row = new Float32Array(nx * sy);
  const plane = (z: number): Float32Array => {
    let p = planes.get(z);
    if (p) return p;
    for (let y = 0; y < sy; y++) {
      const base = sx * (y + sy * z);
      for (let x = 0; x < nx; x++) {
        let [sum, from] = [0, base + tx.first[x]];
        for (let t = tx.at[x], end = t + tx.count[x]; t < end; t++) sum += data[from++] * tx.weights[t];
        row[x + nx * y] = sum;
      }
    }
    p = new Float32Array(nx * ny);
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) {
        let [sum, from] = [0, x + nx * ty.first[y]];
        for (let t = ty.at[y], end = t + ty.count[y]; t < end; t++, from += nx) sum += row[from] * ty.weights[t];
        p[x + nx * y] = sum;
      }
    planes.set(z, p);
    return p;
  };
  const strides: number[] = [];
  maps.forEach((m, s) => {
    strides[s] = [1, size[0], size[0] * size[1]][m.target];
  });
  const sums = new Float64Array(nx * ny);
  for (let z = 0; z < nz; z++) {
    const [first, count] = [tz.first[z], tz.count[z]];
    for (const key of planes.keys()) if (key < first || key >= first + count) planes.delete(key);
    sums.fill(0);
    for (let t = 0; t < count; t++) {
      const p = plane(first + t);
      const w = tz.weights[tz.at[z] + t];
      for (let i = 0; i < sums.length; i++) sums[i] += w * p[i];
    }
    for (let y = 0; y < ny; y++) {
      const inside = points[2].inside[z] && points[1].inside[y];
      const at = z * strides[2] + y * strides[1];
      for (let x = 0; x < nx; x++) out[at + x * strides[0]] = inside && points[0].inside[x] ? sums[x + nx * y] : fill;
    }
  }
}

function general(volume: Volume, target: Grid, mode: Mode, out: VoxelArray, outside: Outside): void {
  const [sx, sy, sz] = volume.size;
  const { data } = volume;
  const start = worldToVoxel(volume, target.origin);
  const inverse = inverse3(volume.direction);
  const step = ([0, 1, 2] as const).map((t) => {
    const along = multiply3(inverse, axis(target.direction, t));
    return along.map((v, s) => (v * target.spacing[t]) / volume.spacing[s]);
  });
  const fill = fillOf(outside);
  const within = (x: number, n: number) => outside === 'edge' || (x >= -0.5 - 1e-6 && x <= n - 0.5 + 1e-6);
  const clamp = (x: number, n: number) => Math.min(Math.max(x, 0), n - 1);
  let at = 0;
  for (let k = 0; k < target.size[2]; k++) {
    for (let j = 0; j < target.size[1]; j++) {
      for (let i = 0; i < target.size[0]; i++, at++) {
        let x = start[0] + i * step[0][0] + j * step[1][0] + k * step[2][0];
        let y = start[1] + i * step[0][1] + j * step[1][1] + k * step[2][1];
        let z = start[2] + i * step[0][2] + j * step[1][2] + k * step[2][2];
        if (!within(x, sx) || !within(y, sy) || !within(z, sz)) {
          out[at] = fill;
          continue;
        }
        x = clamp(x, sx);
        y = clamp(y, sy);
        z = clamp(z, sz);
        if (mode === 'nearest') {
          out[at] = data[Math.floor(x + 0.5) + sx * (Math.floor(y + 0.5) + sy * Math.floor(z + 0.5))];
          continue;
        }
        const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
        const [dx, dy, dz] = [x - x0, y - y0, z - z0];
        const ox = dx > 0 ? 1 : 0;
        const oy = dy > 0 ? sx : 0;
        const oz = dz > 0 ? sx * sy : 0;
        const b = x0 + sx * (y0 + sy * z0);
        const c00 = data[b] * (1 - dx) + data[b + ox] * dx;
        const c10 = data[b + oy] * (1 - dx) + data[b + oy + ox] * dx;
        const c01 = data[b + oz] * (1 - dx) + data[b + oz + ox] * dx;
        const c11 = data[b + oy + oz] * (1 - dx) + data[b + oy + oz + ox] * dx;
        out[at] = (c00 * (1 - dy) + c10 * dy) * (1 - dz) + (c01 * (1 - dy) + c11 * dy) * dz;
      }
    }
  }
}
