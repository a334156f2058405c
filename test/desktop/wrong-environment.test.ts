/** What the environment asks for and cannot be had is said as the program starts, not at the first training. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../store/helpers.ts';
import { until } from '../waits.ts';
import { noBrowser } from './browser.ts';
import { control, windows } from './electron-stand-in.ts';
import { loadProgram } from './stand-in-program.ts';

test('stand-in: DECILE_THREADS that is no number of cores is said, and no window opens', {
  skip: noBrowser,
}, async (t) => {
  process.env.DECILE_THREADS = 'two';
  t.after(() => delete process.env.DECILE_THREADS);
  await loadProgram(temporaryFolder(t));
  await until(async () => control.quit, 'the end of the program');
  assert.deepEqual(control.errors, [
    'Decile cannot start: DECILE_THREADS must be a whole number of cores, 0 for all, got two.\n\nCorrect it, or leave it out to use all cores.',
  ]);
  assert.equal(windows.length, 0);
});
