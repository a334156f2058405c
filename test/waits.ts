/** Waits for what comes, not for a time: a busy machine makes a test longer and decides nothing. */
import assert from 'node:assert/strict';

const PAUSE = 50;
const PATIENCE_SECONDS = 240;
const pause = () => new Promise((done) => setTimeout(done, PAUSE));

/** Asks until it holds. `what` it waits for may tell what is there instead. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string | (() => string | Promise<string>),
  seconds = PATIENCE_SECONDS,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() >= end) assert.fail(`${typeof what === 'string' ? what : await what()}: not after ${seconds} s`);
    await pause();
  }
}

/** Reads until it is what it should be; fails with the difference. */
export async function becomes<T>(read: () => T | Promise<T>, expected: T, what?: string): Promise<void> {
  const end = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const value = await read();
    try {
      assert.deepEqual(value, expected);
      return;
    } catch (error) {
      // A message of its own would take the difference's place.
      if (Date.now() >= end) assert.fail(`${what ?? 'it never was'}: ${(error as Error).message}`);
    }
    await pause();
  }
}

/** Reads until it has been the same for three readings: something that moves has come to rest. */
export async function rests<T>(read: () => T | Promise<T>): Promise<T> {
  let [last, alike] = [await read(), 0];
  while (alike < 3) {
    await pause();
    const value = await read();
    alike = JSON.stringify(value) === JSON.stringify(last) ? alike + 1 : 0;
    last = value;
  }
  return last;
}
