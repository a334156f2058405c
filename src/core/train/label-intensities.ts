/** What a label is made of in HU, so that clipping does not take away what tells it from its surroundings. */

/** Lowest and highest HU that are told apart: all below and above count as these. */
const [LOWEST, HIGHEST] = [-1200, 4000];
/** Share of a label's voxels that may lie beyond each end: noise and metal (nnU-Net clips to the same percentiles, Isensee et al. 2021). */
const TAIL = 0.005;
/** A label that a range clips more of has lost what tells it from its surroundings. */
export const MOST = 0.5;
/** Ends of a range are multiples of it, HU: a label more rarely moves them, and scans that are prepared stay of use. */
const ROUND = 25;

/** A histogram a label, over as many scans as are added. */
export class LabelIntensities {
  private readonly counts: Float64Array[];

  /** @param classes with the background */
  constructor(classes: number) {
    this.counts = Array.from({ length: classes - 1 }, () => new Float64Array(HIGHEST - LOWEST + 1));
  }

  /**
   * @param image HU
   * @param mask on the same grid, 0 background, 1..C-1 labels; other values do not count
   */
  add(image: ArrayLike<number>, mask: Uint8Array): void {
    for (let v = 0; v < mask.length; v++) {
      const counts = this.counts[mask[v] - 1];
      if (!counts || Number.isNaN(image[v])) continue;
      counts[Math.min(HIGHEST, Math.max(LOWEST, Math.round(image[v]))) - LOWEST]++;
    }
  }

  /** The range, as much wider as the labels take that it clips most of, HU: those look like all else that is clipped. */
  widen(range: readonly [number, number]): [number, number] {
    const lost = this.clipped(range).flatMap((share, n) => (share > MOST ? [this.counts[n]] : []));
    const lows = lost.map((counts) => ROUND * Math.floor(quantile(counts, TAIL) / ROUND));
    const highs = lost.map((counts) => ROUND * Math.ceil(quantile(counts, 1 - TAIL) / ROUND));
    return [Math.min(range[0], ...lows), Math.max(range[1], ...highs)];
  }

  /** Share of each label's voxels that a range clips; 0 for a label without voxels. */
  clipped([low, high]: readonly [number, number]): number[] {
    return this.counts.map((counts) => {
      const all = sum(counts);
      const inside = counts.subarray(Math.max(0, Math.ceil(low) - LOWEST), Math.max(0, Math.floor(high) - LOWEST + 1));
      return all === 0 ? 0 : 1 - sum(inside) / all;
    });
  }
}

const sum = (counts: Float64Array): number => counts.reduce((a, b) => a + b, 0);

/** HU that a share of the voxels does not exceed. */
function quantile(counts: Float64Array, share: number): number {
  const wanted = share * sum(counts);
  let seen = 0;
  for (let n = 0; n < counts.length; n++) {
    seen += counts[n];
    if (seen >= wanted && counts[n] > 0) return n + LOWEST;
  }
  return HIGHEST;
}
