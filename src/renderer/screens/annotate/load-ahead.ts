/** Fetches the next case of the queue while this one is looked at, so that it opens at once. */
import type { Client, ScanDetail } from '../../../shared/contract/index.ts';
import { type LoadedCase, loadCase } from '../../viewer/case-loader.ts';

export class LoadAhead {
  private readonly client: Client;
  private ahead: { scan: number; loaded: Promise<LoadedCase>; abort: AbortController } | null = null;

  constructor(client: Client) {
    this.client = client;
  }

  /** Starts on what follows a case (`known`, or what the queue says), unless it is no longer the open one by then. */
  async start(after: number, known: number | null, stillOpen: () => boolean): Promise<void> {
    try {
      const next = known ?? (await this.client.call('review.next', { after })).next;
      if (next === null || next === after || !stillOpen()) return;
      this.abort();
      const abort = new AbortController();
      const loaded = loadCase(this.client, next, { signal: abort.signal });
      // Whoever opens the case sees the error; here it would only be noise.
      loaded.catch(() => {});
      this.ahead = { scan: next, loaded, abort };
    } catch {
      // Loading ahead is a convenience: opening the case itself reports what is wrong.
    }
  }

  /**
   * The case, where it is the one that was fetched, and its newest mask still has that version; any other is given up.
   * Rejects with what fetching it did.
   */
  async take(scan: number, version: number): Promise<LoadedCase | null> {
    const { ahead } = this;
    this.ahead = null;
    if (ahead?.scan !== scan) {
      ahead?.abort.abort();
      return null;
    }
    const loaded = await ahead.loaded;
    return newestVersion(loaded.detail) === version ? loaded : null;
  }

  abort(): void {
    this.ahead?.abort.abort();
    this.ahead = null;
  }
}

const newestVersion = ({ versions }: ScanDetail): number => Math.max(0, ...versions.map(({ version }) => version));
