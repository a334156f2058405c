/** A scan's voxels in a type that Cornerstone3D draws, and the way from the scan's units to what is stored. */
import type { Volume, VoxelArray } from '../../core/volume.ts';
import type { Window } from './window.ts';

/** Element types that Cornerstone3D draws. */
export type DisplayArray = Uint8Array | Uint16Array | Int16Array;

export interface DisplayScan {
  readonly data: DisplayArray;
  /** stored = (value - offset) * scale */
  readonly scale: number;
  readonly offset: number;
}

/** Shades kept on either side of the middle 98 %, in spans of it. */
const MARGIN = 4;

/**
 * 8 and 16-bit integers are shared; everything else is brought to 16 bits, since Cornerstone3D rounds the values it
 * draws to whole numbers and an MR of 0 to 1 would be black and white.
 * @param percentiles The scan's 1st and 99th, its units
 */
export function displayScan({ data }: Volume, percentiles: readonly [number, number]): DisplayScan {
  if (isDrawn(data)) {
    return { data, scale: 1, offset: 0 };
  }
  if (data instanceof Int8Array) {
    return { data: Int16Array.from(data), scale: 1, offset: 0 };
  }
  const [low, high] = extremes(data);
  const span = Math.max(percentiles[1] - percentiles[0], Number.EPSILON);
  const offset = Math.max(low, percentiles[0] - MARGIN * span);
  const top = Math.min(high, percentiles[1] + MARGIN * span);
  const scale = 65535 / Math.max(top - offset, Number.EPSILON);
  const stored = new Uint16Array(data.length);
  for (let v = 0; v < data.length; v++) {
    // Not a number becomes 0 by itself; the half rounds, since storing cuts off.
    stored[v] = Math.min(65535, Math.max(0, (data[v] - offset) * scale + 0.5));
  }
  return { data: stored, scale, offset };
}

/** Whether a type is drawn as it is, without a look at the whole volume. */
export const isDrawn = (data: VoxelArray): data is DisplayArray =>
  data instanceof Uint8Array || data instanceof Int16Array || data instanceof Uint16Array;

/** The window in stored values. */
export function storedWindow(
  { scale, offset }: DisplayScan,
  { level, width }: Window,
): { lower: number; upper: number } {
  const middle = (level - offset) * scale;
  const half = Math.max((width * scale) / 2, 0.5);
  return { lower: middle - half, upper: middle + half };
}

function extremes(data: ArrayLike<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let v = 0; v < data.length; v++) {
    const value = data[v];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}
