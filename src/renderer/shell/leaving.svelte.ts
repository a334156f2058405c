/** A project that is being left: its work is saved meanwhile, and what is clicked then counts. */
import type { UnfinishedEdits } from './unfinished-edits.ts';

export class Leaving<Place> {
  /** Edits of the open case, or of the one that was left last, that are still being worked out. */
  unfinished = $state.raw<UnfinishedEdits | null>(null);
  /** Its name, while it is saved. */
  project = $state<string | null>(null);
  /** The screen that was chosen meanwhile. */
  chosen: Place | null = null;

  /** The edit that something was left with and that is shown around the screens; null: none. */
  get finishing(): UnfinishedEdits | null {
    return this.unfinished?.left || this.project !== null ? this.unfinished : null;
  }

  /** Waits for what leaves the project, once every edit of it came to its end. */
  async wait<T>(project: string | null, work: () => Promise<T>): Promise<T> {
    this.project = project;
    this.chosen = null;
    try {
      await this.unfinished?.settled();
      return await work();
    } finally {
      this.project = null;
    }
  }

  note(place: Place): void {
    if (this.project !== null) this.chosen = place;
  }
}
