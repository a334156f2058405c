/** Expected against true Dice: does what a prediction says of itself tell the bad ones from the good? */
import { dice } from '../../src/core/metrics/dice.ts';
import { countOverlap } from '../../src/core/metrics/overlap.ts';
import { expectedDice, type Reviewed } from '../../src/core/predict/expected-dice.ts';
import type { Cohort } from './cohort.ts';
import { type Figure, meanOf, rounded } from './figures.ts';
import type { PredictedCase } from './model.ts';

/** Cases below which a correlation judges nothing. */
const FEWEST = 12;
/** A case below this Dice should be found early. */
const BAD = 80;

/**
 * Spearman correlation of the true Dice with the expected one, and with entropy and volume alone; mean absolute error;
 * how many of the cases lie in their 90 % interval, each calibrated on all others; bad ones among the first fifth of the queue.
 */
export function expectedFigures(cases: readonly PredictedCase[], cohort: Cohort): Figure {
  const pairs = cases.map((one) => truthAndOwn(one, cohort));
  const [own, truth] = [pairs.map((pair) => pair.own), pairs.map((pair) => pair.dice)];
  const intervals = pairs.map(({ own: value }, n) =>
    expectedDice(
      value,
      pairs.filter((_, other) => other !== n),
    ),
  );
  const judged = intervals.flatMap(({ low, high }, n) =>
    low === null || high === null ? [] : [{ low, high, dice: truth[n] }],
  );
  const bad = truth.filter((value) => value < BAD).length;
  const first = own.map((value, n) => [value, truth[n]]).sort((a, b) => a[0] - b[0]);
  const looked = first.slice(0, Math.ceil(cases.length / 5));
  return {
    figure: 'expected dice',
    cohort: cohort.name,
    spearman: correlation(own, truth),
    spearmanEntropy: correlation(
      cases.map(({ meanEntropy }) => -meanEntropy),
      truth,
    ),
    spearmanVolume: correlation(
      cases.map(({ prediction }) => volume(prediction.data)),
      truth,
    ),
    meanAbsoluteErrorRough: rounded(meanOf(own.map((value, n) => Math.abs(value - truth[n])))),
    meanAbsoluteError: judged.length
      ? rounded(meanOf(intervals.map(({ value }, n) => Math.abs(value - truth[n]))))
      : null,
    covered: judged.filter(({ low, high, dice: d }) => d >= low && d <= high).length,
    intervals: judged.length,
    below80: bad,
    below80InFirstFifth: looked.filter(([, value]) => value < BAD).length,
    cases: cases.length,
  };
}

/** Mean over the labels, percent: what the prediction says of itself, and what it is. */
export function truthAndOwn({ mask, prediction, ownDice }: PredictedCase, { labels }: Cohort): Reviewed {
  const each = Array.from({ length: labels }, (_, n) => dice(countOverlap(prediction, mask, n + 1)));
  return { own: meanOf(ownDice), dice: meanOf(each) };
}

const volume = (mask: Uint8Array): number => mask.reduce((n, value) => n + (value ? 1 : 0), 0);

/** Spearman's, ties at their mean rank; null where there are too few cases to judge. */
function correlation(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < FEWEST) return null;
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let n = 0; n < x.length; n++) {
    xy += (x[n] - mean) * (y[n] - mean);
    xx += (x[n] - mean) ** 2;
    yy += (y[n] - mean) ** 2;
  }
  return xx && yy ? rounded(xy / Math.sqrt(xx * yy)) : null;
}

const ranks = (values: readonly number[]): number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const same = values.filter((other) => other === value).length;
    return below + (same + 1) / 2;
  });

/** Whether the binomial 95 % interval of the coverage contains 90 %: two-sided p of the exact test. */
export function coverageP(covered: number, intervals: number): number | null {
  if (intervals < FEWEST) return null;
  const chance = (k: number) => {
    let log = 0;
    for (let n = 1; n <= k; n++) log += Math.log((intervals - k + n) / n);
    return Math.exp(log + k * Math.log(0.9) + (intervals - k) * Math.log(0.1));
  };
  const seen = chance(covered);
  let p = 0;
  for (let k = 0; k <= intervals; k++) if (chance(k) <= seen * (1 + 1e-9)) p += chance(k);
  return rounded(Math.min(1, p));
}
