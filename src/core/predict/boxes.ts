/** Boxes of volumes, x fastest: read, written, added. */
import type { Sides } from '../train/patch-source.ts';

/** A box of a volume, or of each of several of one size that lie one after another; zero outside. */
export function boxOf<T extends Float32Array | Uint8Array>(from: T, size: Sides, start: Sides, box: Sides): T {
  const [voxels, cut] = [size[0] * size[1] * size[2], box[0] * box[1] * box[2]];
  const maps = from.length / voxels;
  const into = new (from.constructor as new (n: number) => T)(maps * cut);
  for (let map = 0; map < maps; map++)
    forRows(size, start, box, (source, target, length) => {
      const first = map * voxels + source;
      into.set(from.subarray(first, first + length), map * cut + target);
    });
  return into;
}

/** Writes a box into a volume; what lies outside the volume is left out. */
export function copyBox(from: Float32Array, into: Float32Array, size: Sides, start: Sides, box: Sides): void {
  forRows(size, start, box, (target, source, length) => into.set(from.subarray(source, source + length), target));
}

/** Adds maps of a box, one after another, to volumes of one size; what lies outside is left out. */
export function addBox(sums: Float32Array[], values: Float32Array, size: Sides, start: Sides, box: Sides): void {
  const plane = box[0] * box[1] * box[2];
  forRows(size, start, box, (to, from, length) => {
    for (let c = 0; c < sums.length; c++) {
      const sum = sums[c];
      for (let i = 0; i < length; i++) sum[to + i] += values[c * plane + from + i];
    }
  });
}

/** Calls back with (offset in the volume, offset in the box, length) for the part of each x row that lies inside. */
export function forRows(
  size: Sides,
  start: Sides,
  box: Sides,
  row: (volume: number, box: number, length: number) => void,
): void {
  const x0 = Math.max(0, -start[0]);
  const length = Math.min(box[0], size[0] - start[0]) - x0;
  if (length <= 0) return;
  for (let z = Math.max(0, -start[2]); z < box[2] && start[2] + z < size[2]; z++) {
    for (let y = Math.max(0, -start[1]); y < box[1] && start[1] + y < size[1]; y++) {
      row(start[0] + x0 + size[0] * (start[1] + y + size[1] * (start[2] + z)), x0 + box[0] * (y + box[1] * z), length);
    }
  }
}
