/** Images of several channels, one after another. */
import type { Random } from '../random.ts';
import type { Sides } from './patch-source.ts';

/** Each channel of an image of these sides; views, not copies. */
export const channelsOf = (image: Float32Array, [x, y, z]: Sides): Float32Array[] =>
  Array.from({ length: image.length / (x * y * z) }, (_, c) => image.subarray(c * x * y * z, (c + 1) * x * y * z));

/** The inverse; a single channel stays what it is. */
export function joined(channels: readonly Float32Array[]): Float32Array {
  if (channels.length === 1) return channels[0];
  const image = new Float32Array(channels.reduce((sum, { length }) => sum + length, 0));
  channels.reduce((at, channel) => {
    image.set(channel, at);
    return at + channel.length;
  }, 0);
  return image;
}

/**
 * The image with each channel set to 0 (the mean of a normalised scan) by this chance, one always left: so that a scan that
 * lacks a channel can be read. One channel alone is never left out, and nothing is drawn for it.
 */
export function withoutSome(image: Float32Array, sides: Sides, share: number, random: Random): Float32Array {
  const count = channelsOf(image, sides).length;
  if (share === 0 || count === 1) return image;
  const left = Array.from({ length: count }, () => random.uniform() >= share);
  if (!left.some(Boolean)) left[random.integer(count)] = true;
  if (left.every(Boolean)) return image;
  const kept = image.slice();
  channelsOf(kept, sides).forEach((channel, c) => {
    if (!left[c]) channel.fill(0);
  });
  return kept;
}
