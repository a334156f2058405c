/** How long something takes, as people say it. */

const MINUTE = 60;
const HOUR = 3600;

/** `45 s`, `12 min`, `1 h 20 min`; `an unknown time` for what is no number. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'an unknown time';
  if (seconds < 1.5 * MINUTE) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (seconds < 1.5 * HOUR) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ''}`;
}

/** The same within a sentence: `45 seconds`, `12 minutes`, `1.3 hours`. */
export function durationInWords(seconds: number): string {
  if (seconds < 1.5 * MINUTE) return `${Math.max(1, Math.round(seconds))} seconds`;
  if (seconds < 1.5 * HOUR) return `${Math.round(seconds / MINUTE)} minutes`;
  const hours = seconds / HOUR;
  return `${hours.toFixed(hours < 10 ? 1 : 0)} hours`;
}
