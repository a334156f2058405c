/** Places of slices along their normal, mm, ascending: even, repeated, between one another. */

/** Positions closer than this are one place, mm. */
export const SAME_PLACE = 0.01;

/** One distance throughout, to 2 % or 0.05 mm. */
export const isEven = (at: readonly number[]): boolean => {
  const step = (at[at.length - 1] - at[0]) / (at.length - 1);
  return at.every((z, k) => Math.abs(z - at[0] - k * step) < Math.max(0.05, 0.02 * step));
};

/**
 * One sentence where the parts of a series lie between one another and would be one even stack together, else ''.
 * @param what they differ in
 */
export function splitNotice(parts: readonly (readonly number[])[], what: string): string {
  const all = parts.flat().sort((a, b) => a - b);
  const step = (all[all.length - 1] - all[0]) / (all.length - 1);
  const repeated = all.some((z, n) => n > 0 && z - all[n - 1] < SAME_PLACE);
  if (all.length < 4 || repeated || !isEven(all)) return '';
  const holes = parts.some((at) => at.some((z, n) => n > 0 && z - at[n - 1] > 1.5 * step));
  if (!holes) return '';
  return `The series was split into ${parts.length} scans that differ in ${what}; their slices lie between one another, and together would be one stack of ${all.length} slices ${+step.toFixed(3)} mm apart. Check whether they are one scan.`;
}
