/** The random sample of predictions that is reviewed whatever they are worth: what the worst ones say holds for the worst alone. */

/** One of so many places of the queue belongs to the sample. */
export const SAMPLE_EVERY = 5;

/**
 * A number from 0 to 1 that a scan has in a run, the same each time and unlike its neighbours': FNV-1a of both ids, then
 * the finaliser of MurmurHash3.
 */
export function lot(run: number, scan: number): number {
  let hash = 0x811c9dc5;
  for (const id of [run, scan])
    for (let byte = 0; byte < 4; byte++) hash = Math.imul(hash ^ ((id >>> (8 * byte)) & 255), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Whether lots drew the scan for the sample of its run. */
export const inSample = (run: number, scan: number): boolean => lot(run, scan) < 1 / SAMPLE_EVERY;

/**
 * The order with a member of the sample at every fifth place, as far as there are any: by lot, the others in their order. Members
 * that stand before their turn by worth stay where they are.
 */
export function withSample<T>(order: readonly T[], sampled: (item: T) => boolean, lotOf: (item: T) => number): T[] {
  const waiting = order.filter(sampled).sort((a, b) => lotOf(a) - lotOf(b));
  const left = new Set(order);
  const made: T[] = [];
  while (left.size > 0) {
    const turn = made.length % SAMPLE_EVERY === SAMPLE_EVERY - 1;
    const next = turn ? waiting.find((item) => left.has(item)) : undefined;
    const [first] = left;
    made.push(next ?? first);
    left.delete(next ?? first);
  }
  return made;
}
