/** What clicks say of the model's error everywhere else: a Gaussian process over the log odds. */
import type { Region } from './region.ts';

type Triple = readonly [number, number, number];

/**
 * Standard deviations (log odds) of the error and of what a click says of it; the range is a share of the label's radius. Chosen on
 * every second one of left-atrium scans 041-070 (2.5 and 1.25 mm) and of the 41st to 70th hippocampus scan in the order of their
 * names; none of them is reported.
 */
const PRIOR = { deviation: 2.04, range: 0.36, noise: 0.8 };

/** One place of which something was said: the log odds of the label that it must have. */
export interface Observation {
  readonly node: number;
  readonly logOdds: number;
}

/**
 * e ~ GP(0, k), k(x, y) = 2.04^2 exp(-|x - y|^2 / 2 l^2), l = 0.36 R; the label is where the model's log odds z + e > 0. Observed are
 * e(c) = t - z(c) at the clicks, with noise; the answer is the mean of e given those: a click beside a border also says something of
 * the border around it, and clicks that disagree share what lies between (Rasmussen and Williams, 2006, eq. 2.25).
 */
export class ErrorField {
  private readonly region: Region;
  private readonly radius: number;
  private readonly fade: readonly Float32Array[];

  /**
   * @param radius R, mm, of a ball as large as the label
   * @param fade by axis and node, from 0 to 1: how much of the answer counts there
   */
  constructor(region: Region, radius: number, fade: readonly Float32Array[]) {
    this.region = region;
    this.radius = radius;
    this.fade = fade;
  }

  /** Mean of the error at every node. @param z the model's log odds by node @returns [k, j, i] */
  mean(observed: readonly Observation[], z: Float32Array): Float32Array {
    const { size } = this.region;
    const out = new Float32Array(size[0] * size[1] * size[2]);
    if (observed.length === 0) return out;
    const weights = this.weights(observed, z);
    const bells = observed.map(({ node }, n) => ({
      weight: weights[n] * PRIOR.deviation ** 2,
      along: this.bells(this.place(node), PRIOR.range * this.radius),
    }));
    const [fi, fj, fk] = this.fade;
    for (let k = 0, v = 0; k < size[2]; k++)
      for (let j = 0; j < size[1]; j++, v += size[0]) {
        const row = out.subarray(v, v + size[0]);
        for (const { weight, along } of bells) {
          const here = weight * along[1][j] * along[2][k];
          // A hundredth of a tenth of log odds: beliefs are kept in tenths.
          if (Math.abs(here) < 1e-3) continue;
          for (let i = 0; i < row.length; i++) row[i] += here * along[0][i];
        }
        const share = fj[j] * fk[k];
        for (let i = 0; i < row.length; i++) row[i] *= share * fi[i];
      }
    return out;
  }

  /** (K + noise^2 I)^-1 (t - z). */
  private weights(observed: readonly Observation[], z: Float32Array): Float64Array {
    const places = observed.map(({ node }) => this.place(node));
    const covariances = places.map((a, m) =>
      Float64Array.from(places, (b, n) => this.covariance(a, b) + (m === n ? PRIOR.noise ** 2 : 0)),
    );
    return solved(
      covariances,
      observed.map(({ node, logOdds }) => logOdds - z[node]),
    );
  }

  private covariance(a: Triple, b: Triple): number {
    const squared = a.reduce((sum, c, axis) => sum + (c - b[axis]) ** 2, 0);
    return PRIOR.deviation ** 2 * Math.exp(-squared / (2 * (PRIOR.range * this.radius) ** 2));
  }

  /** exp(-d^2 / 2 l^2) along each axis; their product is that of the distance. */
  private bells(at: Triple, range: number): readonly Float32Array[] {
    const { size, spacing } = this.region;
    return size.map((count, axis) =>
      Float32Array.from({ length: count }, (_, n) =>
        Math.exp(-((n * spacing[axis] - at[axis]) ** 2) / (2 * range ** 2)),
      ),
    );
  }

  /** mm. */
  private place(node: number): Triple {
    const { size, spacing } = this.region;
    const [ni, nj] = size;
    return [
      (node % ni) * spacing[0],
      (Math.floor(node / ni) % nj) * spacing[1],
      Math.floor(node / (ni * nj)) * spacing[2],
    ];
  }
}

/** x of A x = b for a symmetric positive definite A, by Cholesky's A = L L'. A is written to. */
function solved(a: readonly Float64Array[], b: readonly number[]): Float64Array {
  const x = Float64Array.from(b);
  const n = x.length;
  for (let r = 0; r < n; r++)
    for (let c = 0; c <= r; c++) {
      let sum = a[r][c];
      for (let m = 0; m < c; m++) sum -= a[r][m] * a[c][m];
      a[r][c] = r === c ? Math.sqrt(sum) : sum / a[c][c];
    }
  for (let r = 0; r < n; r++) {
    for (let m = 0; m < r; m++) x[r] -= a[r][m] * x[m];
    x[r] /= a[r][r];
  }
  for (let r = n - 1; r >= 0; r--) {
    for (let m = r + 1; m < n; m++) x[r] -= a[m][r] * x[m];
    x[r] /= a[r][r];
  }
  return x;
}
