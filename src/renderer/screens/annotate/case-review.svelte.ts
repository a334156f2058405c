/** Decisions on the open case and its slices, and what changed against the prediction. */
import type { Client, MaskChange, ReviewDecision, ScanDetail, SliceDecision } from '../../../shared/contract/index.ts';

/** What a decision needs of the screen. */
export interface ReviewHost {
  readonly client: Client;
  readonly phase: string;
  detail: ScanDetail | null;
  readonly position: { readonly crosshair: readonly [number, number, number]; goToK(k: number): void };
  /** Undo steps in force. */
  readonly steps: { readonly current: number };
  readonly saving: { flush(): Promise<void>; commit(): Promise<void> };
  /** Edits that are being worked out. */
  readonly unfinished: { decidable(): Promise<boolean> };
  refuse(error: unknown): void;
}

/** The next case comes after it. */
const endsCase = (decision: ReviewDecision, slices: unknown): boolean =>
  slices === undefined && (decision === 'accept' || decision === 'reject');

export class CaseReview {
  /** Slices with a decision of their own. */
  slices = $state.raw<SliceDecision[]>([]);
  changes = $state.raw<MaskChange[] | null>(null);
  /** Slices marked for a decision on a range, both included. */
  selection = $state.raw<[number, number] | null>(null);
  /** A decision is being kept, or there is no whole case to decide on. */
  readonly busy = $derived.by(() => this.keeping > 0 || this.screen.phase !== 'ready');
  /** No case is left after this one. */
  finished = $state(false);
  /** Decisions that are being kept, in the order in which they were made. */
  private keeping = $state(0);
  private kept: Promise<unknown> = Promise.resolve();
  /** One of them ends the case: nothing is decided on it any more. */
  private caseDecided = false;
  /** Undo steps that were in force when the case was opened or decided last. */
  private baseline = 0;
  private readonly screen: ReviewHost;

  constructor(screen: ReviewHost) {
    this.screen = screen;
  }

  enter(detail: ScanDetail): void {
    this.slices = detail.slices;
    this.changes = null;
    this.selection = null;
    this.finished = false;
    this.baseline = 0;
  }

  /** Nothing was drawn since the case was opened or decided: what is taken back next is the last decision. */
  get undoesDecision(): boolean {
    return this.finished || this.screen.steps.current <= this.baseline;
  }

  /** Goes one slice along k and marks it with those marked before; going back takes marks away. */
  mark(way: 1 | -1): void {
    const { position, detail } = this.screen;
    const k = position.crosshair[2];
    const next = k + way;
    if (!detail?.prediction || next < 0 || next >= detail.grid.size[2]) return;
    const marked = this.selection?.includes(k) ? this.selection : [k, k];
    const [from, to] = marked;
    const anchor = k === from ? to : from;
    this.selection = [Math.min(anchor, next), Math.max(anchor, next)];
    position.goToK(next);
  }

  /**
   * Decides the case or the selected slices; answers the next case, null where nothing was decided. One that is made while another is being kept
   * is kept after it.
   * @param reason why the case is rejected
   */
  async decide(
    decision: ReviewDecision,
    { wholeCase = true, reason }: { wholeCase?: boolean; reason?: string } = {},
  ): Promise<{ next: number | null } | null> {
    const { detail, phase, position } = this.screen;
    if (!detail || phase !== 'ready' || this.caseDecided) return null;
    const { selection } = this;
    const k = position.crosshair[2];
    const slices = wholeCase ? undefined : { from: selection?.[0] ?? k, to: selection?.[1] ?? k };
    this.keeping++;
    const ends = endsCase(decision, slices);
    this.caseDecided = ends;
    const own = this.kept.then(() => this.keep(detail, decision, { slices, selection, reason }));
    this.kept = own;
    try {
      return await own;
    } finally {
      this.keeping--;
      if (ends) this.caseDecided = false;
    }
  }

  private async keep(
    detail: ScanDetail,
    decision: ReviewDecision,
    { slices, selection, reason }: { slices?: { from: number; to: number }; selection: unknown; reason?: string },
  ): Promise<{ next: number | null } | null> {
    const { screen } = this;
    if (screen.detail?.id !== detail.id) return null;
    try {
      if (!(await screen.unfinished.decidable())) return null;
      await screen.saving.commit();
      const answer = await screen.client.call('review.decide', { scan: detail.id, decision, slices, reason });
      // Another case may have been opened meanwhile.
      const now = screen.detail;
      const same = now?.id === detail.id;
      if (same) {
        this.slices = answer.slices;
        // What was marked meanwhile is for the next decision.
        if (this.selection === selection) this.selection = null;
        screen.detail = { ...now, state: answer.state, slices: answer.slices };
      }
      if (!endsCase(decision, slices)) return null;
      if (same) this.baseline = screen.steps.current;
      return { next: answer.next };
    } catch (error) {
      screen.refuse(error);
      return null;
    }
  }

  /** Volumes and distances between the mask and the prediction, from the saved mask. */
  async loadChanges(): Promise<void> {
    const { screen } = this;
    const { detail } = screen;
    if (!detail?.prediction) return;
    try {
      await screen.saving.flush();
      const changes = await screen.client.call('review.changes', { scan: detail.id });
      if (screen.detail?.id === detail.id) this.changes = changes;
    } catch (error) {
      screen.refuse(error);
    }
  }
}
