/** The worker that answers clicks on the open case: started by the first click, ended with the case or by Escape. */
import type { Preview } from '../../core/click/index.ts';
import type { Volume } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import type { ClickReply, ClickRequest, NumberedSeed } from './click-worker.ts';

export class ClickAnswers {
  private readonly scan: Volume;
  private worker: Worker | null = null;
  private ticket = 0;
  private waiting: { resolve(preview: Preview | null): void; reject(error: unknown): void } | null = null;

  constructor(scan: Volume) {
    this.scan = scan;
  }

  /** What is believed before any click; takes the array over. */
  begin(belief: Int8Array | null): void {
    this.send({ kind: 'belief', belief }, belief ? [belief.buffer as ArrayBuffer] : []);
  }

  /** The mask of these seeds; null where a later question or `stop` came first. */
  preview(seeds: readonly NumberedSeed[]): Promise<Preview | null> {
    this.waiting?.resolve(null);
    const ticket = ++this.ticket;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.send({ kind: 'preview', ticket, seeds });
    });
  }

  /** Gives up whatever is being worked out, at once. */
  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.waiting?.resolve(null);
    this.waiting = null;
  }

  private send(request: ClickRequest, transfer: Transferable[] = []): void {
    if (!this.worker) {
      this.worker = new Worker(new URL('./click-worker.ts', import.meta.url), { type: 'module' });
      this.worker.addEventListener('message', this.heard);
      this.worker.addEventListener('error', this.broke);
      const { size, spacing, origin, direction, data } = this.scan;
      this.worker.postMessage({
        kind: 'open',
        scan: { size, spacing, origin, direction, data },
      } satisfies ClickRequest);
    }
    this.worker.postMessage(request, transfer);
  }

  private readonly heard = ({ data }: MessageEvent<ClickReply>): void => {
    if (data.ticket !== this.ticket || !this.waiting) return;
    const { resolve, reject } = this.waiting;
    this.waiting = null;
    const { failure, preview } = data;
    if (failure) reject(new DecileError(failure.code as DecileError['code'], failure.message, failure.cure));
    else resolve(preview);
  };

  private readonly broke = (event: ErrorEvent): void => {
    const { waiting } = this;
    this.waiting = null;
    this.stop();
    waiting?.reject(new Error(event.message));
  };
}
