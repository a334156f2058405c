/** A project that is being left: its work is saved meanwhile, and what is clicked then counts. */
export class Leaving<Place> {
  /** Its name, while it is saved. */
  project = $state<string | null>(null);
  /** The screen that was chosen meanwhile. */
  chosen: Place | null = null;

  /** Waits for what leaves the project. */
  async wait<T>(project: string | null, work: () => Promise<T>): Promise<T> {
    this.project = project;
    this.chosen = null;
    try {
      return await work();
    } finally {
      this.project = null;
    }
  }

  note(place: Place): void {
    if (this.project !== null) this.chosen = place;
  }
}
