/** Which predictions are most worth a look, and which of their slices. */

import { inSample, lot, withSample } from '../../../core/predict/sample.ts';
import type { CaseState, QueueEntry } from '../../../shared/contract/index.ts';
import { BAD_SCAN } from '../../../shared/review.ts';
import type { Scan, Store } from '../../store/index.ts';
import { caseStates } from './case-states.ts';
import { knownExpectations } from './expected.ts';

/** At most so many slices of a case are flagged; more would not be read. */
const MOST_FLAGGED = 8;
/** A flagged slice has at least this share of the case's highest slice entropy. */
const SHARE = 0.6;
/** Slices nearer than this to a flagged one are looked at with it. */
const APART = 3;
/** What an earlier rejection adds to the worth of a look. */
const REJECTED = 0.3;

/** Slices worth a look, most uncertain first: peaks of the entropy along k, apart from each other. */
export function flaggedSlices(entropy: readonly number[]): number[] {
  const order = entropy.map((_, k) => k).sort((a, b) => entropy[b] - entropy[a]);
  const highest = entropy[order[0]] ?? 0;
  const flagged: number[] = [];
  for (const k of order) {
    if (flagged.length === MOST_FLAGGED || !(entropy[k] > 0) || entropy[k] < SHARE * highest) break;
    if (flagged.every((other) => Math.abs(other - k) >= APART)) flagged.push(k);
  }
  return flagged;
}

/** How far `value` lies from the middle of `others`, in robust standard deviations (1.4826 MAD). */
export function robustDistance(value: number, others: readonly number[]): number {
  if (others.length < 3) return 0;
  const middle = median(others);
  const spread = 1.4826 * median(others.map((other) => Math.abs(other - middle)));
  return Math.abs(value - middle) / Math.max(spread, 0.05 * Math.abs(middle), 1e-9);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Predicted cases in the order in which they should be looked at: worth = 0.6 x rank among the predicted of what their expected Dice
 * lacks (of the mean entropy, where an older version predicted) + 0.4 x implausibility of the volume (robust distance from the project's other masks, 4 or more counts full);
 * an empty mask comes first. A case that was rejected before counts 0.3 more, since the same fault is likely; one whose
 * scan was called bad comes last. Every fifth place belongs to a random sample, on which expected Dice stands.
 */
export function reviewQueue(
  store: Store,
  scans: readonly Scan[] = store.scans.list(),
  states: ReadonlyMap<number, CaseState> = caseStates(store, scans),
): QueueEntry[] {
  const labels = store.labels.list();
  const references = store.masks.references();
  const [predictions, masks] = [store.predictions.newest(), store.masks.newest()];
  const open = scans.flatMap((scan) => {
    const [prediction, state] = [predictions.get(scan.id), states.get(scan.id)];
    if (!prediction || state !== 'predicted') return [];
    const newest = masks.get(scan.id)?.predicted;
    const mask = newest?.id === prediction.mask ? newest : store.masks.get(prediction.mask);
    return [{ scan, state, prediction, mask }];
  });
  const rejections = store.decisions.rejections();
  const { byScan } = knownExpectations(store);
  const known = open.every(({ scan }) => byScan.has(scan.id));
  const doubtOf = (scan: number, entropy: number) => (known ? 100 - (byScan.get(scan)?.value ?? 0) : entropy);
  const doubts = open.map(({ scan, prediction }) => doubtOf(scan.id, prediction.meanEntropy));
  const volume = (mask: { labels: { value: number; ml: number }[] }, value: number) =>
    mask.labels.find((label) => label.value === value)?.ml ?? 0;
  const pool = [...references.values(), ...open.map(({ mask }) => mask)];
  const volumes = labels.map((label) => pool.map((mask) => volume(mask, label.value)));
  const entries = open.map(({ scan, prediction, mask, state }): QueueEntry => {
    const doubt = doubtOf(scan.id, prediction.meanEntropy);
    const rank = doubts.length > 1 ? doubts.filter((other) => other < doubt).length / (doubts.length - 1) : 1;
    const reasons: string[] = [];
    let implausible = 0;
    labels.forEach((label, n) => {
      const ml = volume(mask, label.value);
      const distance = robustDistance(ml, volumes[n]);
      implausible = Math.max(implausible, Math.min(1, distance / 4));
      if (ml === 0) reasons.push(`no ${label.name} found`);
      else if (distance > 2.5)
        reasons.push(
          `${label.name} unusually ${ml > median(volumes[n]) ? 'large' : 'small'}: ${format(ml)} ml, typical ${format(median(volumes[n]))} ml`,
        );
    });
    if (rank >= 0.75) reasons.push(rank === 1 ? 'most uncertain of all' : 'more uncertain than most');
    const rejected = (rejections.get(scan.id) ?? []).map(({ reason }) => reason);
    if (rejected.length > 0) reasons.unshift(`rejected before${named(rejected)}`);
    const empty = mask.labels.length === 0;
    const flagged = flaggedSlices(prediction.sliceEntropy);
    return {
      scan: scan.id,
      name: scan.name,
      rank: 0,
      worth: rejected.includes(BAD_SCAN)
        ? 0
        : empty
          ? 1
          : Math.min(0.99, 0.6 * rank + 0.4 * implausible + (rejected.length > 0 ? REJECTED : 0)),
      reasons: reasons.length ? reasons : ['typical volume, no more uncertain than most'],
      flagged,
      slices: scan.size[2],
      state,
    };
  });
  const entropy = new Map(open.map(({ scan, prediction }) => [scan.id, prediction.meanEntropy]));
  entries.sort((a, b) => b.worth - a.worth || entropy.get(b.scan)! - entropy.get(a.scan)!);
  const runOf = new Map(open.map(({ scan, prediction }) => [scan.id, prediction.run]));
  const lotOf = ({ scan }: QueueEntry) => lot(runOf.get(scan) ?? 0, scan);
  const order = withSample(entries, ({ scan }) => inSample(runOf.get(scan) ?? 0, scan), lotOf);
  order.forEach((entry, at) => {
    entry.rank = at + 1;
  });
  return order;
}

/** The queue's next open case after one; the first when that one is the last or none is named, null when nothing is open. */
export function nextCase(store: Store, after?: number): number | null {
  const queue = reviewQueue(store);
  const at = queue.findIndex((entry) => entry.scan === after);
  const others = [...queue.slice(at + 1), ...queue.slice(0, Math.max(at, 0))];
  return others[0]?.scan ?? null;
}

/** `: missing part, too large` for the reasons that were given. */
function named(reasons: readonly string[]): string {
  const given = [...new Set(reasons.filter((reason) => reason !== ''))];
  return given.length > 0 ? `: ${given.join(', ')}` : '';
}

const format = (ml: number): string => (ml < 10 ? ml.toFixed(1) : ml.toFixed(0));
