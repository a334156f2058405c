/** Which scans to label first: a tenth of them, spread over what the project holds, each with its reason. */
import type { Suggestion } from '../../shared/contract/index.ts';
import type { Scan, Store } from '../store/index.ts';
import type { Session } from './session.ts';
import { percentiles, readSlice, storedVolume } from './slices.ts';

/** One number per trait; traits are compared after division by their spread over the project. */
interface Traits {
  name: string;
  /** What is said when the scan has more, and less, of the trait than the others. */
  more: string;
  less: string;
}
const TRAITS: readonly Traits[] = [
  { name: 'slices', more: 'long scan', less: 'short scan' },
  { name: 'spacing', more: 'thick slices', less: 'thin slices' },
  { name: 'field', more: 'large field of view', less: 'small field of view' },
  { name: 'level', more: 'bright', less: 'dark' },
  { name: 'contrast', more: 'strong contrast', less: 'weak contrast' },
  { name: 'texture', more: 'noisy or richly textured', less: 'smooth' },
];

/** A tenth of the scans that are not labelled yet, at least one and at most forty. */
export const suggestedCount = (scans: number, labelled: number): number =>
  Math.max(0, Math.min(40, Math.max(1, Math.round(scans / 10)) - labelled));

export async function suggestScans(session: Session): Promise<Suggestion[]> {
  const store = session.store();
  const scans = store.scans.list();
  const references = store.masks.references();
  const count = suggestedCount(scans.length, references.size);
  if (count === 0) return [];
  const traits = await Promise.all(scans.map((scan) => cachedTraits(store, scan)));
  const points = standardise(traits);
  const labelled = scans.flatMap((scan, n) => (references.has(scan.id) ? [n] : []));
  const chosen = spreadOut(points, labelled, count);
  return chosen.map(({ at, first }) => ({
    scan: scans[at].id,
    name: scans[at].name,
    reason: first ? 'most typical of all' : describe(points[at]),
  }));
}

/**
 * Greedy k-centre: each next point is the one farthest from all taken so far. Without any taken, the first is the one
 * nearest to the middle.
 */
export function spreadOut(
  points: readonly number[][],
  taken: readonly number[],
  count: number,
): { at: number; first: boolean }[] {
  const distance = points.map(() => Number.POSITIVE_INFINITY);
  const chosen: { at: number; first: boolean }[] = [];
  const take = (at: number) => {
    points.forEach((point, n) => {
      distance[n] = Math.min(distance[n], squared(point, points[at]));
    });
  };
  for (const at of taken) take(at);
  const open = new Set(points.map((_, n) => n).filter((n) => !taken.includes(n)));
  while (chosen.length < count && open.size > 0) {
    const first = taken.length === 0 && chosen.length === 0;
    const worth = (n: number) => (first ? -squared(points[n], []) : distance[n]);
    const at = [...open].reduce((best, n) => (worth(n) > worth(best) ? n : best));
    open.delete(at);
    chosen.push({ at, first });
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

const cache = new Map<string, Promise<number[]>>();

function cachedTraits(store: Store, scan: Scan): Promise<number[]> {
  const known = cache.get(scan.contentHash);
  if (known) return known;
  const made = traitsOf(store, scan).catch(() => TRAITS.map(() => 0));
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
