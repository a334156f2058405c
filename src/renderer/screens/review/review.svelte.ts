/** Which case Annotate and Review show: the one asked for, or the first of the list; and the ways from case to case. */
import type { AppState } from '../../shell/app.svelte.ts';
import type { Step } from '../annotate/actions.ts';
import { WorkList, type WorkPlace } from './work-list.svelte.ts';

/** How long a decision's Undo stands. */
const UNDO_SECONDS = 10;

export class OpenCase {
  phase = $state<'looking' | 'open' | 'nothing'>('looking');
  readonly list: WorkList;
  private readonly app: AppState;
  /** Decisions of this session, the last one last. */
  private decided: { scan: number; place: WorkPlace; message: number }[] = [];

  constructor(app: AppState) {
    this.app = app;
    this.list = new WorkList(app);
  }

  private get place(): WorkPlace {
    return this.list.place;
  }

  /** Says what was decided, with a way back for ten seconds; Ctrl+Z is one for as long as the screen is open. */
  decide(scan: number, label: string): void {
    const { app, place } = this;
    // Another case may be open by now.
    const name = this.list.nameOf(scan)?.name ?? app.scanName;
    this.list.noteDecision(scan);
    const message = app.tell({
      kind: 'info',
      text: `${name} is ${label}.`,
      seconds: UNDO_SECONDS,
      action: { label: 'Undo', run: () => void this.takeBack(scan) },
    });
    this.decided.push({ scan, place, message });
  }

  /** Takes the last decision back; false where there is none. */
  undo(): boolean {
    const last = this.decided.at(-1);
    if (last) void this.takeBack(last.scan);
    return last !== undefined;
  }

  private async takeBack(scan: number): Promise<void> {
    const { app } = this;
    const at = this.decided.findLastIndex((one) => one.scan === scan);
    if (at < 0) return;
    const [{ place, message }] = this.decided.splice(at, 1);
    app.dismiss(message);
    if (!(await app.attempt(() => app.client.call('review.undo', { scan })))) return;
    this.list.forgetDecision(scan);
    app.openCase(scan, place);
  }

  /** Finds a case for the place when none was chosen. */
  async find(place: WorkPlace): Promise<void> {
    const { app, list } = this;
    if (app.scan !== null) {
      this.phase = 'open';
      return;
    }
    this.phase = 'looking';
    const found = await app.attempt(async () => {
      if (place === 'review') return (await app.client.call('review.next', {})).next;
      await list.load();
      return (list.firstToDraw ?? list.rows[0])?.id ?? null;
    });
    if (this.place !== place || app.scan !== null) return;
    if (found === undefined || found === null) this.phase = 'nothing';
    else {
      app.scan = found;
      this.phase = 'open';
    }
  }

  open(scan: number): void {
    this.app.slice = null;
    this.app.scan = scan;
  }

  /** To the case beside the open one, or to the scan most worth drawing. */
  step(to: Step): void {
    const { app, list } = this;
    if (to === 'suggested') {
      const next = list.nextToDraw(this.place === 'annotate' ? app.scan : null);
      if (next) app.openCase(next.id, 'annotate');
      else app.tell({ kind: 'info', text: 'No other scan is left to draw.' });
      return;
    }
    const found = list.beside(app.scan, to === 'next' ? 1 : -1);
    if (found !== null) this.open(found);
    else
      app.tell({
        kind: 'info',
        text: `The list of cases ${list.filter} has none ${to === 'next' ? 'after' : 'before'} this one.`,
      });
  }
}
