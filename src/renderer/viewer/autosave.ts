/** Puts every finished edit on disk at once: what it says is saved is on disk, what is not yet on disk it says. */

import type { DirtyBox } from '../../core/edit/edit.ts';
import type { LabelMap } from '../../core/volume.ts';
import type { MaskBox } from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';

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
  /** Union of what changed and is not on disk, by slice. */
  private waiting = new Map<number, DirtyBox>();
  private running: Promise<void> | null = null;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private lastError: DecileError | null = null;

  constructor(mask: LabelMap, send: (boxes: MaskBox[]) => Promise<unknown>, report: (state: SaveState) => void) {
    this.mask = mask;
    this.send = send;
    this.report = report;
  }

  get pending(): boolean {
    return this.waiting.size > 0 || this.running !== null;
  }

  /** Notes changed boxes and starts to save them now; strokes made meanwhile go together in the next save. */
  note(boxes: readonly DirtyBox[]): void {
    for (const box of boxes) this.add(box);
    if (!this.waiting.size) return;
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
    this.waiting.clear();
  }

  private add(box: DirtyBox): void {
    const known = this.waiting.get(box.k);
    if (!known) {
      this.waiting.set(box.k, { ...box });
      return;
    }
    known.i0 = Math.min(known.i0, box.i0);
    known.i1 = Math.max(known.i1, box.i1);
    known.j0 = Math.min(known.j0, box.j0);
    known.j1 = Math.max(known.j1, box.j1);
  }

  private start(): void {
    this.running ??= this.save().finally(() => {
      this.running = null;
      if (this.waiting.size && !this.timer && this.failures === 0) this.start();
    });
  }

  private async save(): Promise<void> {
    const boxes = [...this.waiting.values()];
    if (!boxes.length) return;
    this.waiting = new Map();
    try {
      await this.send(boxes.map((box) => cut(this.mask, box)));
      this.failures = 0;
      this.lastError = null;
      this.report(this.waiting.size ? { kind: 'saving' } : { kind: 'saved', at: Date.now() });
    } catch (error) {
      for (const box of boxes) this.add(box);
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

/** The mask's present values in a box; a save always sends what is true now, so saves may merge and repeat. */
function cut(mask: LabelMap, { k, i0, i1, j0, j1 }: DirtyBox): MaskBox {
  const width = i1 - i0 + 1;
  const height = j1 - j0 + 1;
  const values = new Uint8Array(width * height);
  for (let b = 0; b < height; b++) {
    const row = mask.size[0] * (j0 + b + mask.size[1] * k) + i0;
    values.set(mask.data.subarray(row, row + width), b * width);
  }
  return { start: [i0, j0, k], size: [width, height, 1], values };
}

const asDecileError = (error: unknown): DecileError =>
  error instanceof DecileError
    ? error
    : new DecileError(
        'mask/not-saved',
        `A stroke must reach the disk, got ${error instanceof Error ? error.message : String(error)}.`,
        'Keep this window open: it tries again by itself.',
      );
