/** Counting labelled voxels. Most of a mask is empty, so four voxels are looked at at a time. */

import { NOT_DRAWN } from '../volume.ts';

/**
 * Voxels by label of `data` from one place to another: `counts[at + label]`, 256 entries, overwritten.
 * @param to exclusive
 */
export function countLabels(data: Uint8Array, from: number, to: number, counts: Uint32Array, at: number): void {
  counts.fill(0, at, at + 256);
  let v = from;
  for (; v < to && (data.byteOffset + v) % 4 !== 0; v++) counts[at + data[v]]++;
  const words = v < to ? new Uint32Array(data.buffer, data.byteOffset + v, (to - v) >> 2) : new Uint32Array(0);
  for (let w = 0; w < words.length; w++) {
    const four = words[w];
    if (four === 0) continue;
    counts[at + (four & 255)]++;
    counts[at + ((four >>> 8) & 255)]++;
    counts[at + ((four >>> 16) & 255)]++;
    counts[at + (four >>> 24)]++;
  }
  for (v += 4 * words.length; v < to; v++) counts[at + data[v]]++;
  let labelled = 0;
  for (let label = 1; label < 256; label++) labelled += counts[at + label];
  counts[at] = to - from - labelled;
}

/** Labelled voxels of each slice across k. */
export function labelledBySlice({ data, size }: { data: Uint8Array; size: readonly number[] }): number[] {
  const voxels = size[0] * size[1];
  const counts = new Uint32Array(256);
  return Array.from({ length: size[2] }, (_, k) => {
    countLabels(data, k * voxels, (k + 1) * voxels, counts, 0);
    return voxels - counts[0] - counts[NOT_DRAWN];
  });
}
