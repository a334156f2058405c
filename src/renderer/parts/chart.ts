/** Scales and paths of the line charts. */
import { niceStep } from '../../core/ticks.ts';

export interface Scale {
  /** Value to pixel. */
  (value: number): number;
  ticks: number[];
  invert(pixel: number): number;
}

export function linear(low: number, high: number, from: number, to: number, wanted = 4): Scale {
  const span = high - low || 1;
  const scale = (value: number) => from + ((value - low) / span) * (to - from);
  const step = niceStep(span, wanted);
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step)
    ticks.push(Number(tick.toPrecision(12)));
  return Object.assign(scale, { ticks, invert: (pixel: number) => low + ((pixel - from) / (to - from)) * span });
}

/** SVG path through the points; a missing value breaks the line. */
export function line(xs: readonly number[], ys: readonly (number | null)[], x: Scale, y: Scale): string {
  let path = '';
  let drawing = false;
  for (let n = 0; n < xs.length; n++) {
    const value = ys[n];
    if (value === null || value === undefined || !Number.isFinite(value)) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${x(xs[n]).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = true;
  }
  return path;
}

/** Exponential moving mean, drawn over the raw curve: a step's loss is noisy by nature. A step without the term stays a gap. */
export function smooth(values: readonly (number | null)[], weight = 0.9): (number | null)[] {
  let mean: number | null = null;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    mean = mean === null ? value : weight * mean + (1 - weight) * value;
    return mean;
  });
}

/** Index of the x nearest to a value; xs ascend. */
export function nearest(xs: readonly number[], value: number): number {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < value) low = middle;
    else high = middle;
  }
  return high >= 0 && Math.abs((xs[high] ?? Number.POSITIVE_INFINITY) - value) < Math.abs(xs[low] - value) ? high : low;
}
