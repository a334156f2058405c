/** The convolution with 3x3x3 or 1x3x3 and its weight gradient on addresses in the engine's memory: which form a shape takes. */
import type { SimdBackend } from './backend.ts';
import { convolveDirect, convolveWeightsDirect } from './plain-convolution.ts';
import type { MapShape, Taps } from './tasks.ts';
import { convolveWeightsWinograd, convolveWinograd } from './winograd.ts';
import { convolveWeightsWinogradDepth, convolveWinogradDepth } from './winograd-depth.ts';
import { convolveSmall, convolveWeightsSmall, smallTilesOf } from './winograd-small.ts';

/** Of fewer tiles the weights' transform costs about the products that it saves, and rounding tells most on the deepest maps. */
const LEAST_TILES = 20;
/** Of gradients, which bear more rounding than the maps that prototypes are made of. */
const LEAST_TILES_OF_GRADIENTS = 16;
/** Without the form in depth only with so few channels that the transformed weights stay in the cache. */
const FEW_CHANNELS = 64;
/** Below, in the weight gradient, the transforms of depth cost what its products save. */
const LEAST_CHANNELS_IN_DEPTH = 16;

/** Winograd's form in depth takes pairs of planes: for one plane, and for three, as many products as without. */
const inDepth = ({ d }: MapShape, taps: Taps): boolean => taps === 3 && d !== 1 && d !== 3;

/** Tiles of 4x4 outputs in all planes. */
const planeTiles = ({ d, h, w }: MapShape): number => d * Math.ceil(h / 4) * Math.ceil(w / 4);

/** Whether Winograd's form pays: vectors of channels, and enough tiles to be worth transforming the weights. */
function takesWinograd(s: MapShape, k: number, gradient: boolean, taps: Taps): boolean {
  const few = gradient && (inDepth(s, taps) || Math.max(s.c, k) <= FEW_CHANNELS);
  const least = few ? LEAST_TILES_OF_GRADIENTS : LEAST_TILES;
  return s.c % 4 === 0 && k >= 4 && planeTiles(s) >= least;
}

/** Of the smallest maps: tiles of 2x2x2 that are worth transforming the weights, and as many for weights past the cache. */
const LEAST_SMALL_TILES = 8;
const LEAST_SMALL_TILES_OF_MANY = 24;
const MANY_WEIGHTS = 128 * 128;
/** Voxels of the map in all its tiles. */
const LEAST_FILLED = 0.6;

/** Whether the form of the smallest maps pays where Winograd's larger tiles do not. */
function takesSmall(s: MapShape, k: number, taps: Taps, least: number): boolean {
  const tiles = smallTilesOf(s);
  const filled = (s.d * s.h * s.w) / (8 * tiles);
  return taps === 3 && s.c % 4 === 0 && k >= 4 && tiles >= least && filled >= LEAST_FILLED;
}

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
  const leastSmall = s.c * k > MANY_WEIGHTS ? LEAST_SMALL_TILES_OF_MANY : LEAST_SMALL_TILES;
  if (!takesWinograd(s, k, flip, taps)) {
    if (takesSmall(s, k, taps, leastSmall)) convolveSmall(backend, x, w, y, s, k, flip);
    else convolveDirect(backend, x, w, y, s, k, flip, taps);
  } else if (inDepth(s, taps)) convolveWinogradDepth(backend, x, w, y, s, k, flip);
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
  const large = takesWinograd(s, k, true, taps) && (planeTiles(s) >= LEAST_TILES || Math.max(s.c, k) <= FEW_CHANNELS);
  if (!large) {
    if (takesSmall(s, k, taps, LEAST_SMALL_TILES)) convolveWeightsSmall(backend, x, dy, dw, s, k);
    else convolveWeightsDirect(backend, x, dy, dw, s, k, taps);
  } else if (inDepth(s, taps) && Math.max(s.c, k) >= LEAST_CHANNELS_IN_DEPTH)
    convolveWeightsWinogradDepth(backend, x, dy, dw, s, k);
  else convolveWeightsWinograd(backend, x, dy, dw, s, k, taps);
}
