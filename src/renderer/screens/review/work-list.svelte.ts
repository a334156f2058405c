/** The docked list of Annotate and Review: which cases are to be done, in which order, and why in that order. */
import type { QueueEntry, ScanRow, Suggestion } from '../../../shared/contract/index.ts';
import { coalesced } from '../../parts/coalesced.ts';
import type { AppState } from '../../shell/app.svelte.ts';

export type WorkPlace = 'annotate' | 'review';
export const WORK_FILTERS = ['to draw', 'to review', 'accepted', 'corrected', 'rejected', 'all'] as const;
export type WorkFilter = (typeof WORK_FILTERS)[number];

export interface WorkCase {
  readonly row: ScanRow;
  /** Why the case stands where it stands; empty where the order says nothing. */
  readonly reason: string;
  /** Decided since the list was opened; it stays where it was. */
  readonly done: boolean;
}

/** What is open of each place. */
const OPEN = { annotate: 'to draw', review: 'to review' } as const satisfies Record<WorkPlace, WorkFilter>;

const isDrawn = ({ state }: ScanRow): boolean => state === 'labelled' || state === 'reviewed';

export class WorkList {
  rows = $state.raw<readonly ScanRow[]>([]);
  loaded = $state(false);
  private queue = $state.raw<readonly QueueEntry[]>([]);
  /** Order of the review list. Each decision changes the ranks of the others: the list must not move under the hand. */
  private order = $state.raw<readonly number[]>([]);
  private suggestions = $state.raw<readonly Suggestion[]>([]);
  /** Decided since the list was opened. */
  private decided = $state.raw<ReadonlySet<number>>(new Set());
  private readonly app: AppState;
  readonly load = coalesced(() => this.fetch());

  readonly place = $derived.by((): WorkPlace => (this.app.place === 'review' ? 'review' : 'annotate'));
  /** What is shown; what is open where the kept word is none. */
  readonly filter = $derived.by(
    (): WorkFilter => WORK_FILTERS.find((one) => one === this.app.workFilters[this.place]) ?? OPEN[this.place],
  );
  readonly counts = $derived.by(
    () =>
      Object.fromEntries(WORK_FILTERS.map((filter) => [filter, this.left(filter).length])) as Record<
        WorkFilter,
        number
      >,
  );
  readonly shown = $derived(this.of(this.filter));
  /** `3 of 30 drawn`, `2 of 9 reviewed`. */
  readonly progress = $derived.by(() => {
    if (this.place === 'annotate') {
      const counted = this.rows.filter((row) => row.leftOut === undefined || isDrawn(row));
      return `${counted.filter(isDrawn).length} of ${counted.length} drawn`;
    }
    const predicted = this.rows.filter((row) => row.masks.predicted !== undefined && row.state !== 'labelled');
    return `${predicted.filter((row) => row.state !== 'predicted').length} of ${predicted.length} reviewed`;
  });

  constructor(app: AppState) {
    this.app = app;
  }

  /** Follows the project until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.app.client.on('scans', () => void this.load());
  }

  show(filter: WorkFilter): void {
    this.app.workFilters = { ...this.app.workFilters, [this.place]: filter };
  }

  /** Sorts the review list anew, as long as nobody has begun to go through it. */
  sortAgain(): void {
    if (this.decided.size === 0) this.order = this.queue.map(({ scan }) => scan);
  }

  private async fetch(): Promise<void> {
    const { client } = this.app;
    await this.app.attempt(async () => {
      const [rows, queue] = await Promise.all([client.call('scans.list'), client.call('review.queue')]);
      const sorted = queue.map(({ scan }) => scan);
      const added = sorted.filter((scan) => !this.order.includes(scan));
      // Whoever has begun to go through it finds what came meanwhile at its end.
      if (added.length > 0) this.order = this.decided.size === 0 ? sorted : [...this.order, ...added];
      [this.rows, this.queue, this.loaded] = [rows, queue, true];
      // Looks into every scan the first time; the list need not wait for it.
      this.suggestions = await client.call('scans.suggest');
    });
  }

  /** Cases of a filter, in the order in which they are worth doing. */
  private of(filter: WorkFilter): WorkCase[] {
    const isDone = ({ id, state }: ScanRow) => filter === OPEN.review && this.decided.has(id) && state !== 'predicted';
    const plain = (rows: readonly ScanRow[]) =>
      rows.map((row) => ({ row, reason: this.reasonOf(row), done: isDone(row) }));
    switch (filter) {
      case 'to draw':
        return plain(this.toDraw());
      case 'to review': {
        const rows = new Map(this.rows.map((row) => [row.id, row]));
        const listed = this.order.flatMap((scan) => rows.get(scan) ?? []);
        return plain(listed.filter(({ id, state }) => state === 'predicted' || this.decided.has(id)));
      }
      case 'accepted':
      case 'corrected':
      case 'rejected':
        return plain(this.rows.filter(({ review }) => review === filter));
      case 'all':
        return plain(this.rows);
    }
  }

  /** Of a filter, those that are not done. */
  private left(filter: WorkFilter): WorkCase[] {
    return this.of(filter).filter(({ done }) => !done);
  }

  /** Begun ones, then those suggested, then what nothing was made for, then predicted ones by their place in the queue. */
  private toDraw(): ScanRow[] {
    const suggested = new Map(this.suggestions.map(({ scan }, at) => [scan, at]));
    const turn = (row: ScanRow): number => {
      if (row.state === 'drawing') return 0;
      const at = suggested.get(row.id);
      if (at !== undefined) return 1 + at;
      return row.state === 'unlabelled' ? 1e6 : 2e6 + (row.rank ?? 0);
    };
    return this.rows
      .filter((row) => row.leftOut === undefined && !isDrawn(row) && row.state !== 'rejected')
      .sort((a, b) => turn(a) - turn(b));
  }

  private reasonOf(row: ScanRow): string {
    const suggested = this.suggestions.find(({ scan }) => scan === row.id)?.reason;
    if (row.leftOut) return `left out: ${row.leftOut}`;
    if (row.state === 'drawing') return 'drawing begun';
    if (this.place === 'annotate' && suggested) return suggested;
    if (row.state === 'predicted') return this.queue.find(({ scan }) => scan === row.id)?.reasons.join('; ') ?? '';
    return row.review === 'unreviewed' ? (suggested ?? '') : row.review;
  }

  /** The name of a case, and where it stands among what is left to do: `2 of 7 to review`. */
  nameOf(scan: number): { name: string; place: string } | null {
    const row = this.rows.find(({ id }) => id === scan);
    if (!row) return null;
    const open = this.left(OPEN[this.place]);
    const at = open.findIndex((one) => one.row.id === scan);
    const place =
      at >= 0 ? `${at + 1} of ${open.length} ${OPEN[this.place]}` : (row.leftOut && 'left out') || row.state;
    return { name: row.name, place };
  }

  /** The case before or after one in the list as it is shown; null at its ends. */
  beside(scan: number | null, way: 1 | -1): number | null {
    const ids = this.shown.map(({ row }) => row.id);
    const at = scan === null ? -1 : ids.indexOf(scan);
    if (at >= 0) return ids[at + way] ?? null;
    // A case that the filter does not show: on to the first that is left, back to the last.
    return (way === 1 ? (this.shown.find(({ done }) => !done)?.row.id ?? ids[0]) : ids.at(-1)) ?? null;
  }

  /** The open case after one in the review list, from its start again behind the end; null where none is left. */
  nextToReview(scan: number): number | null {
    const ids = this.of(OPEN.review);
    const at = ids.findIndex(({ row }) => row.id === scan);
    return [...ids.slice(at + 1), ...ids.slice(0, Math.max(at, 0))].find(({ done }) => !done)?.row.id ?? null;
  }

  /** The scan most worth drawing next, other than this one. */
  nextToDraw(scan: number | null): ScanRow | null {
    const open = this.toDraw();
    const begun = new Set(open.filter(({ state }) => state === 'drawing').map(({ id }) => id));
    return open.find(({ id }) => id !== scan && !begun.has(id)) ?? open.find(({ id }) => id !== scan) ?? null;
  }

  /** The scan to draw on where none was chosen: one that was begun, or the one most worth it. */
  get firstToDraw(): ScanRow | null {
    return this.toDraw()[0] ?? null;
  }

  noteDecision(scan: number): void {
    this.decided = new Set([...this.decided, scan]);
  }
  forgetDecision(scan: number): void {
    this.decided = new Set([...this.decided].filter((id) => id !== scan));
  }
}
