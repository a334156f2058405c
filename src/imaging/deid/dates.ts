/** Days moved back and times of day, of values that are dates and times and nothing else. */

const DAY = /^(\d{4})[.]?(\d{2})[.]?(\d{2})$/;
const TIME = /^([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?$/;
const MOMENT = /^(\d{4})(\d{2})(\d{2})(\d{2,6}(?:\.\d{1,6})?)?([+-](?:0\d|1[0-4])[0-5]\d)?$/;

/**
 * The values of a DA, TM or DT, each day moved back; empty where a value is something else.
 * @returns null where none is left
 */
export function shiftedMoment(text: string, vr: string, days: number): string | null {
  const values = text.split('\\').map((value) => shifted(value.replace(/[\0 ]+$/, '').trimStart(), vr, days));
  return values.some((value) => value !== '') ? values.join('\\') : null;
}

function shifted(value: string, vr: string, days: number): string {
  // Times of day stay with a shifted date; alone they identify nobody.
  if (vr === 'TM') return TIME.test(value) ? value : '';
  if (vr !== 'DA' && vr !== 'DT') return '';
  const found = (vr === 'DA' ? DAY : MOMENT).exec(value);
  if (!found) return '';
  const [, year, month, day, time = '', zone = ''] = found;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // The 31st of February is none, and may be anything.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return '';
  if (time !== '' && !TIME.test(time)) return '';
  date.setUTCDate(date.getUTCDate() - days);
  return date.toISOString().slice(0, 10).replaceAll('-', '') + time + zone;
}
