/**
 * `work` at most once at a time: who asks while it goes on waits for that, and it is done once more afterwards, however many asked. So many
 * changes in a row make two loads, not many.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let going: Promise<void> | null = null;
  let again = false;
  return function ask(): Promise<void> {
    if (going) {
      again = true;
      return going;
    }
    going = work().finally(() => {
      going = null;
      if (!again) return;
      again = false;
      void ask();
    });
    return going;
  };
}
