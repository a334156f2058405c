/** Ctrl-C, `kill` and a vanished launcher, as one signal. */
import { EXIT } from './output.ts';

/** Within this time a second signal is the same Ctrl-C, seen twice: by the terminal's group and by a launcher's forward. */
const SAME_MS = 700;

/**
 * Calls `onStop` at the first interruption; a later one ends the process at once (what was saved stays).
 * @returns the function that ends the watch
 */
export function onInterrupt(onStop: () => void): () => void {
  let first = 0;
  const stop = () => {
    const now = Date.now();
    if (first === 0) {
      first = now;
      onStop();
    } else if (now - first > SAME_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  // The launcher (bin/decile.mjs) holds a channel open: when it is killed, nobody waits for the result any more.
  process.on('disconnect', stop);
  process.channel?.unref();
  return () => {
    for (const signal of signals) process.off(signal, stop);
    process.off('disconnect', stop);
  };
}
