/** How good a prediction is likely to be, before anybody has looked at it. */

/** Reviewed cases below which there is no 90 % interval: the ninth of nine residuals is the first that covers 90 %. */
export const LEAST_REVIEWED = 9;
const COVERAGE = 0.9;
/** Reviewed cases from which on their median difference moves a value; an interval needs more. */
export const LEAST_CORRECTING = 3;

/** What a prediction says of itself (percent), and what a review made of it. */
export interface Reviewed {
  readonly own: number;
  readonly dice: number;
}

export interface ExpectedDice {
  /** Percent. */
  readonly value: number;
  /** 90 % interval, percent; null below LEAST_REVIEWED reviewed cases. */
  readonly low: number | null;
  readonly high: number | null;
  /** No interval, and a value that few reviews have corrected, or none. */
  readonly rough: boolean;
  /** Reviewed cases that it stands on. */
  readonly reviewed: number;
  /** Labelled scans that it stands on, as short trainings predict them that have not seen them. */
  readonly calibrated: number;
}

/**
 * Dice that a prediction would have if its probabilities were right: with M the voxels that were given class c,
 * 100 * 2 sum_M p_c / (|M| + sum p_c); 0 where M is empty.
 * @param inside sum of p_c over M; @param voxels |M|; @param all sum of p_c
 */
export const ownDice = (inside: number, voxels: number, all: number): number =>
  voxels > 0 ? (200 * inside) / (voxels + all) : 0;

/**
 * The expected Dice from a prediction's own, by split conformal prediction on n reviewed cases with differences d = dice - own:
 * value = own + median d. From 19 cases on the interval is own + the k-th smallest to own + the k-th largest d, k = the whole
 * part of 0.05 (n + 1); from 9 on own plus or minus the ceil(0.9 (n + 1))-th smallest |d|. Each covers at least 90 % of new cases
 * that are like the reviewed ones (Vovk et al., Algorithmic Learning in a Random World, 2005). Below 9 there is no interval, and the
 * value is own + median d of at least 3 cases, of the same run or else of an earlier one; with neither it is own. Everything keeps to 0..100.
 * Nine reviewed cases stand alone; fewer have the calibration of their run beside them.
 * @param calibration of the same run: labelled scans as short trainings predict them that have not seen them
 * @param earlier reviewed predictions, and calibration, of an earlier run
 */
export function expectedDice(
  own: number,
  reviewed: readonly Reviewed[],
  { calibration = [], earlier = [] }: { calibration?: readonly Reviewed[]; earlier?: readonly Reviewed[] } = {},
): ExpectedDice {
  const calibrated = reviewed.length < LEAST_REVIEWED ? calibration.length : 0;
  const known = calibrated > 0 ? [...reviewed, ...calibration] : reviewed;
  const n = known.length;
  const basis = { reviewed: reviewed.length, calibrated };
  const within = (value: number) => Math.min(100, Math.max(0, value));
  if (n < LEAST_REVIEWED) {
    const moving = [known, earlier].find(({ length }) => length >= LEAST_CORRECTING);
    const value = within(own + (moving ? median(moving.map(differenceOf)) : 0));
    return { value, low: null, high: null, rough: true, ...basis };
  }
  const differences = known.map(differenceOf).sort((a, b) => a - b);
  const k = Math.floor(((1 - COVERAGE) / 2) * (n + 1) + 1e-9);
  const sizes = differences.map((d) => Math.abs(d)).sort((a, b) => a - b);
  const half = sizes[Math.ceil(COVERAGE * (n + 1) - 1e-9) - 1];
  const [low, high] = k > 0 ? [differences[k - 1], differences[n - k]] : [-half, half];
  const value = within(own + median(differences));
  return { value, low: within(own + low), high: within(own + high), rough: false, ...basis };
}

const differenceOf = ({ dice, own }: Reviewed): number => dice - own;

/** `91, 86 to 95`, or `91, rough`: for a column that says what it is. */
export const expectedFigures = ({ value, low, high }: ExpectedDice): string =>
  low === null || high === null
    ? `${Math.round(value)}, rough`
    : `${Math.round(value)}, ${Math.round(low)} to ${Math.round(high)}`;

/** `expected 91, 86 to 95`, or `expected 91, rough`. */
export const expectedWords = (expected: ExpectedDice): string => `expected ${expectedFigures(expected)}`;

/** What a report says under the expected Dice of the cases that nobody decided on. @param left `leftToReview` */
export const expectedRemark = (left: number): string =>
  `What each prediction says of itself, corrected by what reviews made of others; with the 90 % interval, or rough where fewer than ${LEAST_REVIEWED} were reviewed. ${
    left === 0
      ? '95 % of all cases are expected at 90 Dice or better.'
      : `${left} ${left === 1 ? 'case is' : 'cases are'} left to review until 95 % of all are expected at 90 Dice or better.`
  }`;

/** `3 reviewed cases of this run and 8 labelled scans`, or that there is neither. */
export function basisWords({ reviewed, calibrated }: Pick<ExpectedDice, 'reviewed' | 'calibrated'>): string {
  const counted = (count: number, one: string) => (count > 0 ? [`${count} ${one}${count === 1 ? '' : 's'}`] : []);
  const cases = counted(reviewed, 'reviewed case').map((words) => `${words} of this run`);
  const known = [...cases, ...counted(calibrated, 'labelled scan')];
  return known.length > 0 ? known.join(' and ') : 'nothing but the predictions themselves';
}

/**
 * Cases to review until `share` of all are expected at `goal` or better; a reviewed one is. The worst come first.
 * @param open expected Dice of the cases that nobody decided
 */
export function leftToReview(open: readonly number[], decided: number, goal = 90, share = 0.95): number {
  const good = open.filter((value) => value >= goal).length;
  const needed = Math.ceil(share * (open.length + decided) - 1e-9) - decided - good;
  return Math.max(0, needed);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
