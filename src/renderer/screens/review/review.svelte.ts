/** Which case Annotate and Review show: the one asked for, the first of the queue, the first suggested. */
import type { AppState } from '../../shell/app.svelte.ts';

/** How long a decision's Undo stands. */
const UNDO_SECONDS = 10;

export class OpenCase {
  phase = $state<'looking' | 'open' | 'nothing'>('looking');
  private readonly app: AppState;
  /** Decisions of this session, the last one last. */
  private decided: { scan: number; place: 'annotate' | 'review'; message: number }[] = [];

  constructor(app: AppState) {
    this.app = app;
  }

  /** Says what was decided, with a way back for ten seconds; Ctrl+Z is one for as long as the screen is open. */
  decide(scan: number, label: string): void {
    const { app } = this;
    const place = app.place === 'review' ? 'review' : 'annotate';
    const name = app.scanName.replace(/, case \d+ of \d+$/, '');
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
    if (await app.attempt(() => app.client.call('review.undo', { scan }))) app.openCase(scan, place);
  }

  /** Finds a case for the place when none was chosen. */
  async find(place: 'annotate' | 'review'): Promise<void> {
    const { app } = this;
    if (app.scan !== null) {
      this.phase = 'open';
      return;
    }
    this.phase = 'looking';
    const found = await app.attempt(() => (place === 'review' ? this.firstToReview() : this.firstToDraw()));
    if (found === undefined || found === null) this.phase = 'nothing';
    else {
      app.scan = found;
      this.phase = 'open';
    }
  }

  private async firstToReview(): Promise<number | null> {
    return (await this.app.client.call('review.next', {})).next;
  }

  private async firstToDraw(): Promise<number | null> {
    const { client } = this.app;
    const rows = await client.call('scans.list');
    const drawing = rows.find((row) => row.state === 'drawing');
    if (drawing) return drawing.id;
    const [suggested] = await client.call('scans.suggest');
    return suggested?.scan ?? rows.find((row) => row.state === 'unlabelled')?.id ?? rows[0]?.id ?? null;
  }

  /** The name for the line on top. */
  async name(scan: number): Promise<void> {
    const rows = await this.app.attempt(() => this.app.client.call('scans.list'));
    const at = rows?.findIndex((row) => row.id === scan) ?? -1;
    if (rows && at >= 0 && this.app.scan === scan)
      this.app.scanName = `${rows[at].name}, case ${at + 1} of ${rows.length}`;
  }
}
