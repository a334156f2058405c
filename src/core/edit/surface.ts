/** A smooth triangle surface of one label, for the 3D view: constrained elastic surface nets. */
import type { Direction, LabelMap } from '../volume.ts';
import { indexToWorld } from './planes.ts';
import { labelBox } from './shape.ts';

export interface Surface {
  /** x, y, z in LPS mm, three a vertex. */
  readonly positions: Float32Array;
  /** Unit normals pointing out of the label. */
  readonly normals: Float32Array;
  /** Three vertices a triangle, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
}

const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [n & 1, (n >> 1) & 1, (n >> 2) & 1] as const);
const EDGES = [
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
  [0, 2],
  [1, 3],
  [4, 6],
  [5, 7],
  [0, 4],
  [1, 5],
  [2, 6],
  [3, 7],
] as const;
/** A vertex may move this far from its cell's centre, in cells, so that thin parts survive the relaxing. */
const LEASH = 0.5;

/**
 * The surface of a label (Gibson, Constrained Elastic Surface Nets, 1998): one vertex in each cell of eight voxels that
 * the border crosses, joined over faces, then relaxed towards its neighbours within its own cell.
 * @param step samples every step-th voxel: 2 makes an eighth of the work
 * @returns null where the label is absent
 */
export function surfaceOf(mask: LabelMap, label: number, step = 1, relaxations = 8): Surface | null {
  const box = labelBox(mask, label);
  if (!box) return null;
  const count = box.size.map((n) => Math.ceil(n / step)) as [number, number, number];
  const [cx, cy, cz] = [count[0] + 1, count[1] + 1, count[2] + 1];
  const inside = sampleBox(mask, label, box.low, count, step);
  const [px, py] = [count[0] + 2, count[1] + 2];
  const cornerStep = CORNERS.map(([x, y, z]) => x + px * (y + py * z));
  const vertexOf = new Int32Array(cx * cy * cz).fill(-1);
  const points: number[] = [];
  const cells: number[] = [];
  for (let z = 0, cell = 0; z < cz; z++) {
    for (let y = 0; y < cy; y++) {
      for (let x = 0; x < cx; x++, cell++) {
        const at = x + px * (y + py * z);
        let sum = 0;
        for (let n = 0; n < 8; n++) sum += inside[at + cornerStep[n]];
        if (sum === 0 || sum === 8) continue;
        vertexOf[cell] = cells.length;
        cells.push(cell);
        pushVertex(points, inside, at, cornerStep, x, y, z);
      }
    }
  }
  const triangles = facesOf(inside, count, vertexOf, determinant(mask.direction) < 0);
  const positions = Float32Array.from(points);
  relax(positions, triangles, relaxations);
  const result = toWorld(mask, positions, box.low, step);
  return { positions: result, normals: normalsOf(result, triangles), triangles };
}

/** 1 inside the label, sampled every `step` voxels of the box, with a border of zeros. */
function sampleBox(
  mask: LabelMap,
  label: number,
  low: readonly [number, number, number],
  count: readonly [number, number, number],
  step: number,
): Uint8Array {
  const [px, py, pz] = count.map((n) => n + 2);
  const inside = new Uint8Array(px * py * pz);
  for (let z = 0; z < count[2]; z++) {
    for (let y = 0; y < count[1]; y++) {
      const row = mask.size[0] * (low[1] + y * step + mask.size[1] * (low[2] + z * step)) + low[0];
      const to = 1 + px * (y + 1 + py * (z + 1));
      for (let x = 0; x < count[0]; x++) if (mask.data[row + x * step] === label) inside[to + x] = 1;
    }
  }
  return inside;
}

/** The mean of the middles of the cell's edges that the border crosses, in samples. */
function pushVertex(
  points: number[],
  inside: Uint8Array,
  at: number,
  cornerStep: number[],
  x: number,
  y: number,
  z: number,
): void {
  let n = 0;
  let sx = 0;
  let sy = 0;
  let sz = 0;
  for (const [a, b] of EDGES) {
    if (inside[at + cornerStep[a]] === inside[at + cornerStep[b]]) continue;
    n++;
    sx += (CORNERS[a][0] + CORNERS[b][0]) / 2;
    sy += (CORNERS[a][1] + CORNERS[b][1]) / 2;
    sz += (CORNERS[a][2] + CORNERS[b][2]) / 2;
  }
  points.push(x + sx / n, y + sy / n, z + sz / n);
}

/** Two triangles for each pair of face neighbours of which one is inside. */
function facesOf(
  inside: Uint8Array,
  count: readonly [number, number, number],
  vertexOf: Int32Array,
  leftHanded: boolean,
): Uint32Array {
  const [cx, cy] = [count[0] + 1, count[1] + 1];
  const [px, py] = [count[0] + 2, count[1] + 2];
  const triangles: number[] = [];
  const cellStep = [1, cx, cx * cy];
  const sampleStep = [1, px, px * py];
  for (let z = 1; z <= count[2]; z++) {
    for (let y = 1; y <= count[1]; y++) {
      for (let x = 1; x <= count[0]; x++) {
        const at = x + px * (y + py * z);
        if (!inside[at]) continue;
        // The cell whose low corner is this sample.
        const cell = x + cx * (y + cy * z);
        for (let axis = 0; axis < 3; axis++) {
          const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
          for (const way of [1, -1]) {
            if (inside[at + way * sampleStep[axis]]) continue;
            const near = way === 1 ? cell : cell - cellStep[axis];
            const quad = [near - cellStep[u] - cellStep[v], near - cellStep[v], near, near - cellStep[u]].map(
              (c) => vertexOf[c],
            );
            const [a, b, c, d] = (way === 1) !== leftHanded ? quad : quad.reverse();
            triangles.push(a, b, c, a, c, d);
          }
        }
      }
    }
  }
  return Uint32Array.from(triangles);
}

const determinant = (d: Direction): number =>
  d[0] * (d[4] * d[8] - d[5] * d[7]) - d[1] * (d[3] * d[8] - d[5] * d[6]) + d[2] * (d[3] * d[7] - d[4] * d[6]);

function relax(positions: Float32Array, triangles: Uint32Array, iterations: number): void {
  const home = positions.slice();
  const sum = new Float32Array(positions.length);
  const degree = new Uint16Array(positions.length / 3);
  for (let n = 0; n < triangles.length; n++) degree[triangles[n]] += 2;
  for (let round = 0; round < iterations; round++) {
    sum.fill(0);
    for (let t = 0; t < triangles.length; t += 3) {
      for (let corner = 0; corner < 3; corner++) {
        const to = 3 * triangles[t + corner];
        const a = 3 * triangles[t + ((corner + 1) % 3)];
        const b = 3 * triangles[t + ((corner + 2) % 3)];
        for (let c = 0; c < 3; c++) sum[to + c] += positions[a + c] + positions[b + c];
      }
    }
    for (let p = 0; p < positions.length; p++) {
      const around = degree[Math.floor(p / 3)];
      if (!around) continue;
      const moved = (positions[p] + sum[p] / around) / 2;
      positions[p] = Math.min(home[p] + LEASH, Math.max(home[p] - LEASH, moved));
    }
  }
}

/** Samples to LPS mm; sample 1 of the padded box is voxel `low`. */
function toWorld(
  mask: LabelMap,
  positions: Float32Array,
  low: readonly [number, number, number],
  step: number,
): Float32Array {
  const world = new Float32Array(positions.length);
  for (let p = 0; p < positions.length; p += 3) {
    const index = [0, 1, 2].map((axis) => low[axis] + (positions[p + axis] - 1) * step) as [number, number, number];
    world.set(indexToWorld(mask, index), p);
  }
  return world;
}

function normalsOf(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const [ux, uy, uz] = [0, 1, 2].map((n) => positions[b + n] - positions[a + n]);
    const [vx, vy, vz] = [0, 1, 2].map((n) => positions[c + n] - positions[a + n]);
    const cross = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const vertex of [a, b, c]) for (let n = 0; n < 3; n++) normals[vertex + n] += cross[n];
  }
  for (let p = 0; p < normals.length; p += 3) {
    const length = Math.hypot(normals[p], normals[p + 1], normals[p + 2]) || 1;
    for (let n = 0; n < 3; n++) normals[p + n] /= length;
  }
  return normals;
}
