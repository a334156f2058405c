/** Which case Annotate and Review show: the one asked for, the first of the queue, the first suggested. */
import type { AppState } from '../../shell/app.svelte.ts';

export class OpenCase {
  phase = $state<'looking' | 'open' | 'nothing'>('looking');
  private readonly app: AppState;

  constructor(app: AppState) {
    this.app = app;
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
