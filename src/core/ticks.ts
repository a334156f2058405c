/** Round steps and ticks for the axes of charts. */

/** The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that makes at most about `wanted` steps of the span. */
export function niceStep(span: number, wanted = 4): number {
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
}

/** Ticks at round places that hold both ends between the first and the last. */
export function niceTicks(low: number, high: number): number[] {
  const step = niceStep(high - low || Math.abs(high) || 1);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}
