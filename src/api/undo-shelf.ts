/** Undo steps of the open project's cases, as the window encodes them: they outlive its screens and its page, not the project. */
export interface UndoShelf {
  put(mask: string, steps: Uint8Array): void;
  get(mask: string): Uint8Array | null;
  /** Another project is opened. */
  clear(): void;
}

/** The least recently kept go where all take more, bytes. */
const MOST_BYTES = 128 * 2 ** 20;

export function undoShelf(): UndoShelf {
  const kept = new Map<string, Uint8Array>();
  return {
    put(mask, steps) {
      kept.delete(mask);
      if (steps.length > 0) kept.set(mask, steps);
      let total = [...kept.values()].reduce((sum, { length }) => sum + length, 0);
      for (const [oldest, { length }] of kept) {
        if (total <= MOST_BYTES) break;
        kept.delete(oldest);
        total -= length;
      }
    },
    get: (mask) => kept.get(mask) ?? null,
    clear: () => kept.clear(),
  };
}
