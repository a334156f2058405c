/**
 * Random changes of intensity with the probabilities and ranges of nnU-Net v2 (Isensee et al., Nature Methods 2021), in its
 * order: noise, blur, brightness, contrast, low resolution, gamma of the inverted image, gamma. Beyond the paper.
 */
import type { Random } from '../random.ts';
import { brightness, contrast, gamma, gaussianBlur, gaussianNoise, lowResolution } from './intensity-changes.ts';
import type { Sides } from './patch-source.ts';

/** Share of patches that each change is made to. */
const SHARE = {
  noise: 0.1,
  blur: 0.2,
  brightness: 0.15,
  contrast: 0.15,
  lowResolution: 0.25,
  inverted: 0.1,
  gamma: 0.3,
};
/** Blur and low resolution take each channel of such a patch with this probability. */
const SHARE_OF_CHANNELS = 0.5;
/** Largest standard deviation of the noise, in standard deviations of the normalised scan. */
const NOISE = 0.1;
/** Standard deviation of the blur, voxels. */
const BLUR = [0.5, 1] as const;
const FACTOR = [0.75, 1.25] as const;
const GAMMA = [0.7, 1.5] as const;
const SCALE = [0.5, 1] as const;

/**
 * @param channels of one patch, normalised, x fastest; never written to
 * @param thick the axis along which low resolution is left out, because it is low as it is; null for none
 */
export function varyIntensities(
  channels: readonly Float32Array[],
  sides: Sides,
  thick: number | null,
  random: Random,
): Float32Array[] {
  let images = [...channels];
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * random.uniform();
  // As often below 1 as above it.
  const factor = ([low, high]: readonly [number, number]) => between(random.uniform() < 0.5 ? [low, 1] : [1, high]);
  const often = (share: number) => random.uniform() < share;
  const each = (change: (image: Float32Array) => Float32Array) => {
    images = images.map(change);
  };
  const some = (change: (image: Float32Array) => Float32Array) =>
    each((image) => (often(SHARE_OF_CHANNELS) ? change(image) : image));

  if (often(SHARE.noise)) {
    const deviation = between([0, NOISE]);
    each((image) => gaussianNoise(image, deviation, random));
  }
  if (often(SHARE.blur))
    some((image) =>
      gaussianBlur(
        image,
        sides,
        sides.map(() => between(BLUR)),
      ),
    );
  if (often(SHARE.brightness)) each((image) => brightness(image, factor(FACTOR)));
  if (often(SHARE.contrast)) each((image) => contrast(image, factor(FACTOR)));
  if (often(SHARE.lowResolution))
    some((image) => {
      const scale = between(SCALE);
      return lowResolution(
        image,
        sides,
        sides.map((_, axis) => (axis === thick ? 1 : scale)),
      );
    });
  if (often(SHARE.inverted)) each((image) => gamma(image, factor(GAMMA), true));
  if (often(SHARE.gamma)) each((image) => gamma(image, factor(GAMMA)));
  return images;
}
