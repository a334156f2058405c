/** Puts every finished edit on disk at once: what it says is saved is on disk, what is not yet on disk it says. */

import type { Edit } from '../../core/edit/edit.ts';
import type { LabelMap } from '../../core/volume.ts';
import type { MaskBox } from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { ChangedVoxels } from './changed-voxels.ts';

export type SaveState =
  /** Every stroke is on disk; `at`: since when (ms), null while nothing was drawn. */
  | { kind: 'saved'; at: number | null }
  | { kind: 'saving' }
  /** The last try failed; it is tried again until it works. */
  | { kind: 'failed'; error: DecileError };

/** Waits between tries after a failure, ms. */
const RETRY = [500, 1000, 2000, 5000] as const;

export class Autosave {
  private readonly mask: LabelMap;
  private readonly send: (boxes: MaskBox[]) => Promise<unknown>;
  private readonly report: (state: SaveState) => void;
  /** What changed and is not on disk. */
  private waiting: ChangedVoxels;
  private running: Promise<void> | null = null;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private lastError: DecileError | null = null;

  constructor(mask: LabelMap, send: (boxes: MaskBox[]) => Promise<unknown>, report: (state: SaveState) => void) {
    this.mask = mask;
    this.waiting = new ChangedVoxels(mask.size);
    this.send = send;
    this.report = report;
  }

  get pending(): boolean {
    return !this.waiting.none || this.running !== null;
  }

  /**
   * Notes the voxels of an edit and starts to save them, with what else is done at once; strokes made meanwhile go together in the next
   * save.
   */
  note(edit: Pick<Edit, 'starts' | 'lengths'>): void {
    this.waiting.add(edit);
    if (this.waiting.none) return;
    if (this.failures === 0) this.report({ kind: 'saving' });
    if (!this.timer) this.start();
  }

  /** Resolves when everything is on disk; rejects with the error where a save fails. */
  async flush(): Promise<void> {
    while (this.pending) {
      if (this.timer) clearTimeout(this.timer);
      this.timer = null;
      const before = this.failures;
      this.start();
      await this.running;
      if (this.failures > before && this.lastError) throw this.lastError;
    }
  }

  /** Stops trying; what is not saved by now stays unsaved. */
  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = new ChangedVoxels(this.mask.size);
  }

  private start(): void {
    this.running ??= this.save().finally(() => {
      this.running = null;
      if (!this.waiting.none && !this.timer && this.failures === 0) this.start();
    });
  }

  private async save(): Promise<void> {
    // Steps that are done and undone at once, so that another lies under them, reach the disk as they end.
    await Promise.resolve();
    const voxels = this.waiting;
    if (voxels.none) return;
    this.waiting = new ChangedVoxels(this.mask.size);
    try {
      await this.send(voxels.cut(this.mask));
      this.failures = 0;
      this.lastError = null;
      this.report(this.waiting.none ? { kind: 'saved', at: Date.now() } : { kind: 'saving' });
    } catch (error) {
      this.waiting.merge(voxels);
      this.lastError = asDecileError(error);
      this.report({ kind: 'failed', error: this.lastError });
      const wait = RETRY[Math.min(this.failures, RETRY.length - 1)];
      this.failures++;
      this.timer = setTimeout(() => {
        this.timer = null;
        this.start();
      }, wait);
    }
  }
}

const asDecileError = (error: unknown): DecileError =>
  error instanceof DecileError
    ? error
    : new DecileError(
        'mask/not-saved',
        `A stroke must reach the disk, got ${error instanceof Error ? error.message : String(error)}.`,
        'Keep this window open: it tries again by itself.',
      );
