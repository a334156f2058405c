/** Undo and redo of one case: at least 50 steps, more while they are small. */
import type { LabelMap } from '../volume.ts';
import { type Edit, editBytes, redoEdit, undoEdit } from './edit.ts';

/** Steps that are always kept, whatever their size. */
export const KEPT_STEPS = 50;
/** Further steps are kept up to this many bytes in all. */
const BYTES = 64 * 1024 * 1024;
const MOST_STEPS = 500;

export class History {
  private readonly done: Edit[] = [];
  private readonly undone: Edit[] = [];

  get canUndo(): boolean {
    return this.done.length > 0;
  }
  get canRedo(): boolean {
    return this.undone.length > 0;
  }
  /** Names of the steps, oldest first, and how many of them are in force. */
  get steps(): { names: string[]; current: number } {
    const names = [...this.done.map((e) => e.name), ...this.undone.map((e) => e.name).reverse()];
    return { names, current: this.current };
  }
  /** How many steps are in force. */
  get current(): number {
    return this.done.length;
  }

  push(edit: Edit): void {
    this.done.push(edit);
    this.undone.length = 0;
    let bytes = this.done.reduce((sum, e) => sum + editBytes(e), 0);
    while (this.done.length > MOST_STEPS || (this.done.length > KEPT_STEPS && bytes > BYTES)) {
      bytes -= editBytes(this.done.shift() as Edit);
    }
  }

  /** Takes back the last step; returns it, or null where there is none. */
  undo(mask: LabelMap): Edit | null {
    const edit = this.done.pop();
    if (!edit) return null;
    undoEdit(mask, edit);
    this.undone.push(edit);
    return edit;
  }

  redo(mask: LabelMap): Edit | null {
    const edit = this.undone.pop();
    if (!edit) return null;
    redoEdit(mask, edit);
    this.done.push(edit);
    return edit;
  }

  /** How many steps are in force before this one; null where it is not in the row any more. */
  placeOf(edit: Edit): number | null {
    const done = this.done.indexOf(edit);
    if (done >= 0) return done;
    const undone = this.undone.indexOf(edit);
    return undone < 0 ? null : this.done.length + this.undone.length - 1 - undone;
  }

  /** The step that `redo` would bring; null where there is none. */
  get next(): Edit | null {
    return this.undone.at(-1) ?? null;
  }

  /** Puts another step in the place of the next one; null takes it out of the row. */
  replaceNext(edit: Edit | null): void {
    this.undone.pop();
    if (edit) this.undone.push(edit);
  }

  /** Every step, those in force oldest first, and those that `redo` would bring, the next one last. */
  get kept(): { done: readonly Edit[]; undone: readonly Edit[] } {
    return { done: this.done, undone: this.undone };
  }

  /** Takes the steps of an earlier history of the same mask. */
  restore(done: readonly Edit[], undone: readonly Edit[]): void {
    this.clear();
    this.done.push(...done);
    this.undone.push(...undone);
  }

  clear(): void {
    this.done.length = 0;
    this.undone.length = 0;
  }
}
