/** Which scans to label first: spread over what the project holds, each with its reason. */
import { DecileError, type ErrorCode } from '../../../shared/errors.ts';
import type { Scan, Store } from '../../store/index.ts';
import { percentiles, readSlice, storedVolume } from '../drawing/stored-volume.ts';

/** One number per trait; traits are compared after division by their spread over the project. */
interface Trait {
  name: string;
  /** What is said when the scan has more, and less, of the trait than the others. */
  more: string;
  less: string;
}
const TRAITS: readonly Trait[] = [
  { name: 'slices', more: 'long scan', less: 'short scan' },
  { name: 'spacing', more: 'thick slices', less: 'thin slices' },
  { name: 'field', more: 'large field of view', less: 'small field of view' },
  { name: 'level', more: 'bright', less: 'dark' },
  { name: 'contrast', more: 'strong contrast', less: 'weak contrast' },
  { name: 'texture', more: 'noisy or richly textured', less: 'smooth' },
];

/** How many scans to name; a tenth of the project without either. */
export interface SuggestRequest {
  count?: number;
  /** Of all scans; those that are labelled already count towards it. */
  percent?: number;
  /** Scans whose voxels were looked at; those of an earlier time cost nothing. */
  onProgress?: (done: number, total: number, name: string) => void;
  signal?: AbortSignal;
}

export interface SuggestedScan {
  scan: number;
  name: string;
  reason: string;
  /** Distance to the nearest scan that is labelled or stands before it in the list, in spreads of the traits; null for the first of all. */
  distance: number | null;
}

export interface SuggestionReport {
  scans: number;
  labelled: number;
  suggestions: SuggestedScan[];
  /** Scans whose stored voxels cannot be read; they are never suggested. */
  unreadable: { name: string; code: ErrorCode }[];
}

const MOST = 40;

/** A tenth of the scans that are not labelled yet, at least one and at most forty. */
export const suggestedCount = (scans: number, labelled: number): number =>
  Math.max(0, Math.min(MOST, Math.max(1, Math.round(scans / 10)) - labelled));

/**
 * Ranks scans by what they add: each next one is the farthest, in the space of the traits, from all that are labelled
 * or ranked before it. The same project gives the same list.
 * @throws train/no-scans, option/invalid, suggest/cancelled
 */
export async function suggestScans(store: Store, request: SuggestRequest = {}): Promise<SuggestionReport> {
  const scans = store.scans.list().filter((scan) => scan.leftOut === '');
  if (scans.length === 0)
    throw new DecileError(
      'train/no-scans',
      'A project must hold scans before some can be suggested, got none.',
      'Import scans first.',
    );
  const references = store.masks.references();
  const count = countOf(request, scans.length, references.size);
  const report: SuggestionReport = { scans: scans.length, labelled: references.size, suggestions: [], unreadable: [] };
  if (count === 0) return report;
  const readable: { scan: Scan; traits: number[] }[] = [];
  for (const [done, scan] of scans.entries()) {
    if (request.signal?.aborted)
      throw new DecileError(
        'suggest/cancelled',
        `Scans must all be looked at to choose among them, got stopped after ${done} of ${scans.length}.`,
        'Ask again: what was looked at is remembered until the program ends.',
      );
    request.onProgress?.(done, scans.length, scan.name);
    try {
      readable.push({ scan, traits: await cachedTraits(store, scan) });
    } catch (error) {
      report.unreadable.push({ name: scan.name, code: error instanceof DecileError ? error.code : 'scan/unreadable' });
    }
  }
  request.onProgress?.(scans.length, scans.length, '');
  const points = standardise(readable.map(({ traits }) => traits));
  const labelled = readable.flatMap(({ scan }, n) => (references.has(scan.id) ? [n] : []));
  report.suggestions = spreadOut(points, labelled, count).map(({ at, first, distance }) => ({
    scan: readable[at].scan.id,
    name: readable[at].scan.name,
    reason: first ? 'most typical of all' : describe(points[at]),
    distance: first ? null : distance,
  }));
  return report;
}

function countOf({ count, percent }: SuggestRequest, scans: number, labelled: number): number {
  if (count !== undefined) {
    if (!Number.isInteger(count) || count < 1)
      throw new DecileError('option/invalid', `--count must be a whole number from 1, got ${count}.`, '');
    return count;
  }
  if (percent === undefined) return suggestedCount(scans, labelled);
  if (!(percent > 0 && percent <= 100))
    throw new DecileError('option/invalid', `--percent must be above 0 and at most 100, got ${percent}.`, '');
  return Math.max(0, Math.max(1, Math.round((percent / 100) * scans)) - labelled);
}

/**
 * Greedy k-centre: each next point is the one farthest from all taken so far. Without any taken, the first is the one
 * nearest to the middle. Ties go to the earlier point.
 */
export function spreadOut(
  points: readonly number[][],
  taken: readonly number[],
  count: number,
): { at: number; first: boolean; distance: number }[] {
  const nearest = points.map(() => Number.POSITIVE_INFINITY);
  const chosen: { at: number; first: boolean; distance: number }[] = [];
  const take = (at: number) => {
    points.forEach((point, n) => {
      nearest[n] = Math.min(nearest[n], squared(point, points[at]));
    });
  };
  for (const at of taken) take(at);
  const open = new Set(points.map((_, n) => n).filter((n) => !taken.includes(n)));
  while (chosen.length < count && open.size > 0) {
    const first = taken.length === 0 && chosen.length === 0;
    const worth = (n: number) => (first ? -squared(points[n], []) : nearest[n]);
    const at = [...open].reduce((best, n) => (worth(n) > worth(best) ? n : best));
    open.delete(at);
    chosen.push({ at, first, distance: Math.sqrt(nearest[at]) });
    take(at);
  }
  return chosen;
}

const squared = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, n) => sum + (x - (b[n] ?? 0)) ** 2, 0);

/** Each trait to mean 0 and deviation 1; a trait that all share counts nothing. */
function standardise(rows: readonly number[][]): number[][] {
  const columns = TRAITS.map((_, t) => {
    const values = rows.map((row) => row[t]);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    return { mean, scale: deviation > 1e-6 * Math.max(1, Math.abs(mean)) ? 1 / deviation : 0 };
  });
  return rows.map((row) => row.map((x, t) => (x - columns[t].mean) * columns[t].scale));
}

function describe(point: readonly number[]): string {
  const strong = point
    .map((value, t) => ({ value, trait: TRAITS[t] }))
    .filter(({ value }) => Math.abs(value) > 0.8)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, 2);
  return strong.length
    ? strong.map(({ value, trait }) => (value > 0 ? trait.more : trait.less)).join(', ')
    : 'fills a gap between the others';
}

const cache = new Map<string, number[]>();

async function cachedTraits(store: Store, scan: Scan): Promise<number[]> {
  const known = cache.get(scan.contentHash);
  if (known) return known;
  const made = await traitsOf(store, scan);
  cache.set(scan.contentHash, made);
  return made;
}

/** Read from the middle slice alone, so that a thousand scans take seconds. */
async function traitsOf(store: Store, scan: Scan): Promise<number[]> {
  const volume = await storedVolume(store.path(scan.volumeFile));
  const slice = await readSlice(volume, scan.size[2] >> 1);
  const [low, middle, high] = percentiles(slice, [0.05, 0.5, 0.95]);
  let steps = 0;
  for (let n = 1; n < slice.length; n++) steps += Math.abs(slice[n] - slice[n - 1]);
  return [
    scan.size[2],
    scan.spacing[2],
    scan.size[0] * scan.spacing[0],
    middle,
    high - low,
    steps / slice.length / Math.max(high - low, 1e-9),
  ];
}
