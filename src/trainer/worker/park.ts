/** A paused job waits. */
import type { Control, Report } from './dependencies.ts';

/**
 * Hears messages; where the job is paused it waits until it goes on or is cancelled.
 * @param save called before anybody is told of the pause: a paused job may be left and killed
 * @returns whether it waited
 */
export async function parkWhilePaused(
  control: Control,
  report: Report,
  step: number,
  save: () => Promise<void>,
): Promise<boolean> {
  await new Promise(setImmediate); // messages are heard between steps
  if (!control.paused || control.cancelled) return false;
  await save();
  report({ type: 'paused', step });
  await control.whileParked();
  if (!control.cancelled) report({ type: 'resumed', step });
  return true;
}
