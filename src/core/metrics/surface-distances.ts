/** Distances between the surfaces of two masks: what ASD and HD95 are computed from. */
import { isPartlyDrawn, type LabelMap, type VoxelIndex, voxelFrom, voxelIndex } from '../volume.ts';
import { squaredDistances } from './distance-transform.ts';
import { checkSameSize } from './overlap.ts';

/** Distances in mm, one per surface voxel. */
export interface SurfaceDistances {
  /** From each surface voxel of the prediction to the nearest one of the reference. */
  readonly toReference: Float64Array;
  /** From each surface voxel of the reference to the nearest one of the prediction. */
  readonly toPrediction: Float64Array;
}

interface Box {
  readonly low: VoxelIndex;
  /** Voxels along i, j, k. */
  readonly size: readonly [number, number, number];
}

/**
 * Surface distances of one label, in both directions, with the spacing of the volume.
 * Surface = mask minus its 6-connected erosion; outside of the volume counts as background.
 * @returns null where the label is absent from either mask, or the reference has voxels that nobody drew: where its surface runs is not known
 * @throws `metrics/size-mismatch` where the sizes differ
 */
export function surfaceDistances(prediction: LabelMap, reference: LabelMap, label: number): SurfaceDistances | null {
  checkSameSize(prediction, reference);
  if (isPartlyDrawn(reference)) return null;
  const boxes = [boundingBox(prediction, label), boundingBox(reference, label)];
  if (boxes[0] === null || boxes[1] === null) return null;
  // Every surface voxel of both masks lies in this box, so distances inside it are those of the whole volume.
  const box = enclose(boxes[0], boxes[1]);
  const predictionSurface = surface(prediction, label, box);
  const referenceSurface = surface(reference, label, box);
  return {
    toReference: distancesAt(predictionSurface, squaredDistances(referenceSurface, box.size, reference.spacing)),
    toPrediction: distancesAt(referenceSurface, squaredDistances(predictionSurface, box.size, reference.spacing)),
  };
}

function distancesAt(points: Uint8Array, squared: Float32Array): Float64Array {
  let count = 0;
  for (const inside of points) count += inside;
  const distances = new Float64Array(count);
  for (let v = 0, n = 0; v < points.length; v++) if (points[v]) distances[n++] = Math.sqrt(squared[v]);
  return distances;
}

/** [k, j, i] of the box: 1 at voxels of the label that have a 6-neighbour outside of it. */
function surface(mask: LabelMap, label: number, box: Box): Uint8Array {
  const { data, size } = mask;
  const [ni, nj, nk] = size;
  const slice = ni * nj;
  const result = new Uint8Array(box.size[0] * box.size[1] * box.size[2]);
  let out = 0;
  for (let k = box.low[2]; k < box.low[2] + box.size[2]; k++) {
    for (let j = box.low[1]; j < box.low[1] + box.size[1]; j++) {
      const rowEdge = j === 0 || j === nj - 1 || k === 0 || k === nk - 1;
      for (let i = box.low[0]; i < box.low[0] + box.size[0]; i++, out++) {
        const v = i + ni * j + slice * k;
        if (data[v] !== label) continue;
        const inner =
          !rowEdge &&
          i > 0 &&
          i < ni - 1 &&
          data[v - 1] === label &&
          data[v + 1] === label &&
          data[v - ni] === label &&
          data[v + ni] === label &&
          data[v - slice] === label &&
          data[v + slice] === label;
        if (!inner) result[out] = 1;
      }
    }
  }
  return result;
}

function boundingBox(mask: LabelMap, label: number): Box | null {
  const { data, size } = mask;
  const low: [number, number, number] = [size[0], size[1], size[2]];
  const high: [number, number, number] = [-1, -1, -1];
  for (let k = 0, start = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++, start += size[0]) {
      let first = start;
      const end = start + size[0];
      while (first < end && data[first] !== label) first++;
      if (first === end) continue;
      let last = end - 1;
      while (data[last] !== label) last--;
      low[0] = Math.min(low[0], first - start);
      high[0] = Math.max(high[0], last - start);
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j);
      low[2] = Math.min(low[2], k);
      high[2] = k;
    }
  }
  return high[2] < 0
    ? null
    : { low: voxelFrom(low), size: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1] };
}

function enclose(a: Box, b: Box): Box {
  const axes = [0, 1, 2] as const;
  const low = axes.map((x) => Math.min(a.low[x], b.low[x]));
  const size = axes.map((x) => Math.max(a.low[x] + a.size[x], b.low[x] + b.size[x]) - low[x]);
  return { low: voxelIndex(low[0], low[1], low[2]), size: [size[0], size[1], size[2]] };
}
