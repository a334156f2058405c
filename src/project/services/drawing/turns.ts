/** Work on one thing at a time: what is asked for meanwhile waits for its turn, in the order of asking. */
export interface Turns {
  /** Runs `work` when all that was asked for this key before has ended, well or not. */
  take<T>(key: number, work: () => Promise<T> | T): Promise<T>;
  /** Resolves when nothing is left to do, for any key. */
  idle(): Promise<void>;
}

export function turns(): Turns {
  const last = new Map<number, Promise<unknown>>();
  return {
    take(key, work) {
      const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
      const ended = mine.then(
        () => {},
        () => {},
      );
      last.set(key, ended);
      void ended.then(() => {
        if (last.get(key) === ended) last.delete(key);
      });
      return mine;
    },
    async idle() {
      while (last.size > 0) await Promise.all(last.values());
    },
  };
}
