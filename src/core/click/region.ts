/** The box of a scan in which clicks are answered, and its coarser grid: what bounds time and memory. */
import type { Grid, Volume } from '../volume.ts';
import type { Seed } from './seeds.ts';

type Triple = readonly [number, number, number];

/** Voxels [low, high) along i, j, k. */
export interface Box {
  readonly low: Triple;
  readonly high: Triple;
}

/** A box, cut into nodes of step[0] x step[1] x step[2] voxels. */
export interface Region {
  readonly box: Box;
  readonly step: Triple;
  /** Nodes along i, j, k. */
  readonly size: Triple;
  /** mm from node to node. */
  readonly spacing: Triple;
}

/** Nodes that a region may have: what two cores answer within the time of one look. */
export const NODES = 160_000;
/** How far around the seeds a region reaches, mm. */
export const MARGIN = 48;

const along = (make: (axis: 0 | 1 | 2) => number): Triple => [make(0), make(1), make(2)];

/** The box around all voxels of the seeds, `margin` mm wider on each side, inside of the scan. */
export function boxAround(grid: Grid, seeds: readonly Seed[], margin: number): Box {
  const low = [...grid.size] as [number, number, number];
  const high: [number, number, number] = [0, 0, 0];
  const [ni, nj] = grid.size;
  for (const { voxels } of seeds) {
    for (const v of voxels) {
      const at = [v % ni, Math.floor(v / ni) % nj, Math.floor(v / (ni * nj))];
      for (let axis = 0; axis < 3; axis++) {
        if (at[axis] < low[axis]) low[axis] = at[axis];
        if (at[axis] + 1 > high[axis]) high[axis] = at[axis] + 1;
      }
    }
  }
  const reach = along((axis) => Math.ceil(margin / grid.spacing[axis]));
  return {
    low: along((axis) => Math.max(0, low[axis] - reach[axis])),
    high: along((axis) => Math.min(grid.size[axis], high[axis] + reach[axis])),
  };
}

/** Cuts a box into at most `most` nodes, as near to cubes as whole voxels allow. */
export function regionOf(grid: Grid, box: Box, most: number = NODES): Region {
  const length = along((axis) => box.high[axis] - box.low[axis]);
  const step: [number, number, number] = [1, 1, 1];
  const size = () => along((axis) => Math.ceil(length[axis] / step[axis]));
  for (let [a, b, c] = size(); a * b * c > most; [a, b, c] = size()) {
    // The axis whose nodes are shortest in mm takes the next voxel.
    let shortest = 0;
    for (const axis of [1, 2]) {
      if (step[axis] * grid.spacing[axis] < step[shortest] * grid.spacing[shortest]) shortest = axis;
    }
    step[shortest]++;
  }
  return { box, step, size: size(), spacing: along((axis) => step[axis] * grid.spacing[axis]) };
}

/** Radius of a ball as large as where a belief has the label, at least four voxels. @returns mm */
export function labelRadius(belief: Int8Array, { spacing }: Pick<Grid, 'spacing'>): number {
  let voxels = 0;
  for (let v = 0; v < belief.length; v++) if (belief[v] > 0) voxels++;
  const volume = voxels * spacing[0] * spacing[1] * spacing[2];
  return Math.max(4 * Math.min(...spacing), Math.cbrt((3 * volume) / (4 * Math.PI)));
}

/** By axis and node, from 0 at the faces of the box to 1 at `reach` mm from them; 1 all the way at faces that are the scan's. */
export function fadeOf(grid: Grid, { box, size, spacing }: Region, reach: number): Float32Array[] {
  return ([0, 1, 2] as const).map((axis) => {
    const open = [box.low[axis] > 0, box.high[axis] < grid.size[axis]];
    return Float32Array.from({ length: size[axis] }, (_, n) => {
      const low = open[0] ? (n * spacing[axis]) / reach : 1;
      const high = open[1] ? ((size[axis] - 1 - n) * spacing[axis]) / reach : 1;
      return Math.min(1, low, high);
    });
  });
}

/** Mean of the voxels of each node. @returns [k, j, i] of the region's nodes */
export function pool({ data, size: whole }: Pick<Volume, 'data' | 'size'>, { box, step, size }: Region): Float32Array {
  const sums = new Float32Array(size[0] * size[1] * size[2]);
  const counts = new Uint32Array(sums.length);
  for (let k = box.low[2]; k < box.high[2]; k++) {
    for (let j = box.low[1]; j < box.high[1]; j++) {
      const row = size[0] * (Math.floor((j - box.low[1]) / step[1]) + size[1] * Math.floor((k - box.low[2]) / step[2]));
      const from = whole[0] * (j + whole[1] * k);
      for (let i = box.low[0]; i < box.high[0]; i++) {
        const node = row + Math.floor((i - box.low[0]) / step[0]);
        sums[node] += data[from + i];
        counts[node]++;
      }
    }
  }
  for (let node = 0; node < sums.length; node++) sums[node] /= counts[node];
  return sums;
}

/** The node that a voxel lies in; -1 outside of the box. */
export function nodeOf(grid: Pick<Grid, 'size'>, { box, step, size }: Region, voxel: number): number {
  const [ni, nj] = grid.size;
  const at = [voxel % ni, Math.floor(voxel / ni) % nj, Math.floor(voxel / (ni * nj))];
  if (at.some((c, axis) => c < box.low[axis] || c >= box.high[axis])) return -1;
  const [i, j, k] = along((axis) => Math.floor((at[axis] - box.low[axis]) / step[axis]));
  return i + size[0] * (j + size[1] * k);
}

/** Position between node centres of a voxel along one axis, clamped to the outermost centres. */
const between = (n: number, step: number, nodes: number): number =>
  Math.min(nodes - 1, Math.max(0, (n + 0.5) / step - 0.5));

/** Values of the nodes at every voxel of the box, trilinear. @returns [k, j, i] of the box's voxels */
export function spread(values: Float32Array, { box, step, size }: Region): Float32Array {
  if (step[0] * step[1] * step[2] === 1) return values;
  const n = along((axis) => box.high[axis] - box.low[axis]);
  const places = ([0, 1, 2] as const).map((axis) => {
    const at = Array.from({ length: n[axis] }, (_, v) => between(v, step[axis], size[axis]));
    const low = Int32Array.from(at, (x) => Math.min(Math.floor(x), Math.max(0, size[axis] - 2)));
    return { low, weight: Float32Array.from(at, (x, v) => x - low[v]), up: size[axis] > 1 ? 1 : 0 };
  });
  const [pi, pj, pk] = places;
  const [sj, sk] = [size[0], size[0] * size[1]];
  const out = new Float32Array(n[0] * n[1] * n[2]);
  const row = new Float32Array(size[0]);
  let to = 0;
  for (let k = 0; k < n[2]; k++) {
    const [k0, wk] = [pk.low[k] * sk, pk.weight[k]];
    const k1 = k0 + pk.up * sk;
    for (let j = 0; j < n[1]; j++) {
      const [j0, wj] = [pj.low[j] * sj, pj.weight[j]];
      const j1 = j0 + pj.up * sj;
      for (let i = 0; i < row.length; i++) {
        const near = values[i + j0 + k0] * (1 - wj) + values[i + j1 + k0] * wj;
        const far = values[i + j0 + k1] * (1 - wj) + values[i + j1 + k1] * wj;
        row[i] = near * (1 - wk) + far * wk;
      }
      for (let i = 0; i < n[0]; i++, to++) {
        const at = pi.low[i];
        out[to] = row[at] * (1 - pi.weight[i]) + row[at + pi.up] * pi.weight[i];
      }
    }
  }
  return out;
}
