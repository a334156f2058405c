/** The convolution with 3x3x3 or 1x3x3 and its weight gradient on addresses in the engine's memory: which form a shape takes. */
import type { SimdBackend } from './backend.ts';
import { convolveDirect, convolveWeightsDirect } from './plain-convolution.ts';
import type { MapShape, Taps } from './tasks.ts';
import { convolveWeightsWinograd, convolveWinograd } from './winograd.ts';
import { convolveWinogradDepth } from './winograd-depth.ts';

/** Of fewer tiles the weights' transform costs about the products that it saves, and rounding tells most on the deepest maps. */
const LEAST_TILES = 20;
/** Of gradients, which bear more rounding than the maps that prototypes are made of; with few channels the transform stays in the cache. */
const LEAST_TILES_OF_GRADIENTS = 16;
const FEW_CHANNELS = 64;

/** Whether Winograd's form pays: vectors of channels, and enough tiles to be worth transforming the weights. */
function takesWinograd({ d, h, w, c }: MapShape, k: number, gradient: boolean): boolean {
  const least = gradient && Math.max(c, k) <= FEW_CHANNELS ? LEAST_TILES_OF_GRADIENTS : LEAST_TILES;
  return c % 4 === 0 && k >= 4 && d * Math.ceil(h / 4) * Math.ceil(w / 4) >= least;
}

/** Whether pairs of planes save products: one plane, and three, take as many or more. */
const fillsPairs = ({ d }: MapShape): boolean => d !== 1 && d !== 3;

/** y = x * w; with `flip` dx = dy * flipped w, where x is dy and `s` its shape. `k`: channels of the result. */
export function convolve(
  backend: SimdBackend,
  x: number,
  w: number,
  y: number,
  s: MapShape,
  k: number,
  flip: boolean,
  taps: Taps = 3,
): void {
  if (!takesWinograd(s, k, flip)) convolveDirect(backend, x, w, y, s, k, flip, taps);
  else if (taps === 3 && fillsPairs(s)) convolveWinogradDepth(backend, x, w, y, s, k, flip);
  else convolveWinograd(backend, x, w, y, s, k, flip, taps);
}

/** dw [9 taps, C, K] from x of shape `s` and dy with k channels. */
export function convolveWeights(
  backend: SimdBackend,
  x: number,
  dy: number,
  dw: number,
  s: MapShape,
  k: number,
  taps: Taps = 3,
): void {
  (takesWinograd(s, k, true) ? convolveWeightsWinograd : convolveWeightsDirect)(backend, x, dy, dw, s, k, taps);
}
