/**
 * How long a GPU takes for what it was given, learnt from the times before. Dawn in Node asks a GPU without a pause whether it is done,
 * which keeps a core busy all the while: who sleeps for the most of that time leaves the core to others.
 */

/** Of the time that is expected. */
const SHARE = 0.75;
/** Timers are no finer; and below this there is little to save. */
const LEAST_MS = 4;
/** How much of a longer time than before is believed at once; a shorter one is believed whole. */
const BELIEF = 0.25;
const MOST_KNOWN = 256;

export class Patience {
  /** Milliseconds by the number of dispatches: steps of one shape have the same. */
  private readonly known = new Map<number, number>();

  /** Milliseconds that may be slept before the GPU is asked about so many dispatches. */
  sleepFor(dispatches: number): number {
    const sleep = Math.floor(SHARE * (this.known.get(dispatches) ?? 0));
    return sleep < LEAST_MS ? 0 : sleep;
  }

  /** They took so long in all, with what was slept. */
  took(dispatches: number, milliseconds: number): void {
    const before = this.known.get(dispatches);
    if (before === undefined && this.known.size >= MOST_KNOWN) this.known.clear();
    const believed = before === undefined || milliseconds < before ? 1 : BELIEF;
    this.known.set(dispatches, (before ?? 0) + believed * (milliseconds - (before ?? 0)));
  }
}
