/** From probabilities to a mask and its uncertainty, on the scan's own grid, slab by slab so that memory stays flat. */
import { gridOf, sameGrid, voxelToWorld } from '../geometry.ts';
import { resample } from '../resample.ts';
import { type Grid, type LabelMap, type Volume, voxelCount, voxelIndex } from '../volume.ts';
import { ownDice } from './expected-dice.ts';
import { rareWeights } from './rare-weights.ts';

export interface VoxelDecision {
  mask: LabelMap;
  /** Entropy of the probabilities, nats, in steps of 1/256 (so that files compress). */
  entropy: Volume<Float32Array>;
  meanEntropy: number;
  /** Mean entropy of each slice along k. */
  sliceEntropy: number[];
  /** Of each class after background, percent: see ownDice. */
  ownDice: number[];
}

const SLAB = 16;

/**
 * argmax (ties to the lower class, rare labels weighed by `rareWeights`) and -sum p ln p of each voxel.
 * @param probabilities one map a class on `from`, summing to 1
 * @param rare labels that patches from anywhere rarely hold, by value
 */
export function decide(
  probabilities: Float32Array[],
  from: Grid,
  to: Grid,
  rare: readonly number[] = [],
): VoxelDecision {
  const weights = rareWeights(probabilities, rare);
  const [nx, ny, nz] = to.size;
  const plane = nx * ny;
  const mask = new Uint8Array(voxelCount(to));
  const entropy = new Float32Array(mask.length);
  const sliceEntropy: number[] = [];
  const [inside, voxels, all] = [0, 1, 2].map(() => new Float64Array(probabilities.length));
  const same = sameGrid(from, to);
  for (let k = 0; k < nz; k += SLAB) {
    const depth = Math.min(SLAB, nz - k);
    const slab: Grid = { ...gridOf(to), size: [nx, ny, depth], origin: voxelToWorld(to, voxelIndex(0, 0, k)) };
    const maps = probabilities.map((data) =>
      // A grid of other spacing may end up to half of its voxels short of the scan's last ones.
      same ? data.subarray(k * plane, (k + depth) * plane) : resample({ ...from, data }, slab, 'linear', 'edge').data,
    );
    for (let z = 0; z < depth; z++) {
      let sum = 0;
      for (let i = z * plane; i < (z + 1) * plane; i++) {
        let best = 0;
        let total = 0;
        for (let c = 0; c < maps.length; c++) {
          total += maps[c][i];
          if (weights[c] * maps[c][i] > weights[best] * maps[best][i]) best = c;
        }
        let h = 0;
        for (const map of maps) {
          const p = map[i] / total;
          if (p > 0) h -= p * Math.log(p);
        }
        for (let c = 1; c < maps.length; c++) all[c] += maps[c][i] / total;
        voxels[best]++;
        inside[best] += maps[best][i] / total;
        const at = k * plane + i;
        mask[at] = best;
        entropy[at] = Math.round(h * 256) / 256;
        sum += h;
      }
      sliceEntropy.push(sum / plane);
    }
  }
  const meanEntropy = sliceEntropy.reduce((a, b) => a + b, 0) / sliceEntropy.length;
  return {
    mask: { ...gridOf(to), data: mask },
    entropy: { ...gridOf(to), data: entropy },
    meanEntropy,
    sliceEntropy,
    ownDice: probabilities.slice(1).map((_, n) => ownDice(inside[n + 1], voxels[n + 1], all[n + 1])),
  };
}
