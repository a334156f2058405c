/** What brightness alone finds: the best Dice that any threshold, or any window, reaches for a label. */
const LOW = -1024;
const BINS = 2048;

/** Voxels of each brightness, by label. */
export class Brightness {
  private readonly counts: Float64Array[];

  constructor(labels: number) {
    this.counts = Array.from({ length: labels + 1 }, () => new Float64Array(BINS));
  }

  add(scan: Int16Array, mask: Uint8Array): void {
    for (let n = 0; n < scan.length; n++) this.counts[mask[n]][Math.min(BINS - 1, Math.max(0, scan[n] - LOW))]++;
  }

  /** Adds what another one counted. */
  include(other: Brightness): void {
    other.counts.forEach((counts, label) => {
      for (let b = 0; b < BINS; b++) this.counts[label][b] += counts[b];
    });
  }

  /** Largest Dice, in percent, of a label with all voxels from a threshold on, or up to one. */
  bestThreshold(label: number): number {
    const [own, all] = this.sums(label);
    let best = 0;
    for (let b = 0; b <= BINS; b++) best = Math.max(best, this.dice(own, all, b, BINS), this.dice(own, all, 0, b));
    return best;
  }

  /** The same with all voxels between two thresholds. */
  bestWindow(label: number): number {
    const [own, all] = this.sums(label);
    let best = 0;
    for (let a = 0; a < BINS; a++) for (let b = a + 1; b <= BINS; b++) best = Math.max(best, this.dice(own, all, a, b));
    return best;
  }

  private dice(own: Float64Array, all: Float64Array, from: number, to: number): number {
    const size = all[to] - all[from] + own[BINS];
    return size > 0 ? (200 * (own[to] - own[from])) / size : 0;
  }

  /** Voxels below each brightness: of the label, and of all. */
  private sums(label: number): [Float64Array, Float64Array] {
    const [own, all] = [new Float64Array(BINS + 1), new Float64Array(BINS + 1)];
    for (let b = 0; b < BINS; b++) {
      own[b + 1] = own[b] + this.counts[label][b];
      all[b + 1] = all[b] + this.counts.reduce((sum, counts) => sum + counts[b], 0);
    }
    return [own, all];
  }
}
