/** The two-sided paired t-test, and Student's t distribution through the incomplete beta function. */
import { DecileError } from '../errors.ts';

export interface PairedTTest {
  /** Pairs in which both values exist. */
  readonly pairs: number;
  /** Mean of first - second. */
  readonly meanDifference: number;
  /** 95 % confidence interval of the mean difference, low then high. */
  readonly interval: readonly [number, number];
  readonly t: number;
  /** Two-sided probability of a difference at least this large when there is none. */
  readonly p: number;
}

/**
 * Paired t-test: t = mean(d) / (SD(d) / sqrt(n)) with d = first - second and n - 1 degrees of freedom, two-sided.
 * Pairs in which either value is null (a distance of an empty prediction) are left out.
 * @returns null where fewer than two pairs are left
 * @throws `metrics/unpaired` where the lists differ in length
 */
export function pairedTTest(first: readonly (number | null)[], second: readonly (number | null)[]): PairedTTest | null {
  if (first.length !== second.length) {
    throw new DecileError(
      'metrics/unpaired',
      `A paired test must have as many values on both sides, got ${first.length} and ${second.length}.`,
      'Compare two runs on the same cases.',
    );
  }
  const differences: number[] = [];
  for (let n = 0; n < first.length; n++) {
    const [a, b] = [first[n], second[n]];
    if (a !== null && b !== null) differences.push(a - b);
  }
  const pairs = differences.length;
  if (pairs < 2) return null;
  const mean = differences.reduce((sum, d) => sum + d, 0) / pairs;
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (pairs - 1);
  if (variance === 0) {
    // Equal differences: no spread to test against. No difference at all is certain agreement.
    const t = mean === 0 ? 0 : Math.sign(mean) * Number.POSITIVE_INFINITY;
    return { pairs, meanDifference: mean, interval: [mean, mean], t, p: mean === 0 ? 1 : 0 };
  }
  const error = Math.sqrt(variance / pairs);
  const t = mean / error;
  const reach = error * criticalT(0.05, pairs - 1);
  return { pairs, meanDifference: mean, interval: [mean - reach, mean + reach], t, p: twoSidedP(t, pairs - 1) };
}

/** P(|T| >= |t|) for Student's t: I_x(df/2, 1/2) with x = df / (df + t^2). */
export function twoSidedP(t: number, degreesOfFreedom: number): number {
  return incompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/** The t > 0 with P(|T| >= t) = p, 0 < p < 1, by halving. */
export function criticalT(p: number, degreesOfFreedom: number): number {
  let [low, high] = [0, 1];
  while (twoSidedP(high, degreesOfFreedom) > p) [low, high] = [high, 2 * high];
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (twoSidedP(middle, degreesOfFreedom) > p) low = middle;
    else high = middle;
  }
  return high;
}

/** The regularised incomplete beta function I_x(a, b), 0 <= x <= 1, a, b > 0 (NIST DLMF 8.17). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The continued fraction converges fast on one side of the mean only; the other follows from symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  return front * betaFraction(x, a, b);
}

/** DLMF 8.17.22 by the modified Lentz method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const change = c * d;
    result *= change;
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return result;
}

/** log of the gamma function for z > 0: Stirling's series (DLMF 5.11.1) after moving z above 10. */
function logGamma(z: number): number {
  let shift = 0;
  let x = z;
  while (x < 10) shift += Math.log(x++);
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
