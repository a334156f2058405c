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
 * @param like voxels whose type the result must have, as it stands in their place
 */
export function displayScan(
  { data }: Volume,
  percentiles: readonly [number, number],
  like?: DisplayArray,
): DisplayScan {
  if (isDrawn(data) && (!like || data.constructor === like.constructor)) {
    return { data, scale: 1, offset: 0 };
  }
  if (data instanceof Int8Array && !like) {
    return { data: Int16Array.from(data), scale: 1, offset: 0 };
  }
  const stored = like
    ? new (like.constructor as new (n: number) => DisplayArray)(data.length)
    : new Uint16Array(data.length);
  const shades = 2 ** (8 * stored.BYTES_PER_ELEMENT) - 1;
  const least = stored instanceof Int16Array ? -32768 : 0;
  const [low, high] = extremes(data);
  const span = Math.max(percentiles[1] - percentiles[0], Number.EPSILON);
  const offset = Math.max(low, percentiles[0] - MARGIN * span);
  const top = Math.min(high, percentiles[1] + MARGIN * span);
  const scale = shades / Math.max(top - offset, Number.EPSILON);
  for (let v = 0; v < data.length; v++) {
    // Not a number becomes 0 by itself; the half rounds down to the whole number below, as storing cuts towards 0.
    stored[v] = least + Math.floor(Math.min(shades, Math.max(0, (data[v] - offset) * scale + 0.5)));
  }
  return { data: stored, scale, offset: offset - least / scale };
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
