/** The 3x3x3 convolution and its weight gradient by Winograd's F(2x2x2, 3x3x3), for the smallest maps. */
import type { SimdBackend } from './backend.ts';
import { type MapShape, sidesOf, withScratch } from './tasks.ts';

const POINTS = 64;
/** Tiles whose products are computed together. */
const GROUP = 6;
/** A line of the cache more from point to point, so that points do not share their places in it. */
const LINE = 64;

/** Tiles of 2x2x2 outputs. */
export const smallTilesOf = ({ d, h, w }: MapShape): number => Math.ceil(d / 2) * Math.ceil(h / 2) * Math.ceil(w / 2);

/** y = x * w, or with `flip` dx = dy * flipped w: 8 products an output and channel where the plain form takes 27. C is a multiple of 4. */
export function convolveSmall(
  backend: SimdBackend,
  x: number,
  w: number,
  y: number,
  s: MapShape,
  k: number,
  flip: boolean,
): void {
  const { machine } = backend;
  const { d, h, w: width, c } = s;
  const [tiles, blocks] = [smallTilesOf(s), Math.ceil(k / 8)];
  const point = tiles * c * 4 + LINE;
  const scratchBytes = POINTS * GROUP * 32 + 1024;
  withScratch(
    backend,
    [POINTS * point + GROUP * c * 4, POINTS * blocks * (32 * c + LINE), machine.threads * scratchBytes],
    (transformed, weights, scratch) => {
      const sides = flip ? [k, c] : [c, k];
      machine.runFor(27 * c * k)('smallWeights', w, weights, ...sides, Number(flip), scratch, scratchBytes);
      const strides = [point, c * 4, 32, 16];
      machine.runFor(POINTS * tiles * c)(
        'smallTiles',
        x,
        transformed,
        d,
        h,
        width,
        c,
        0,
        ...strides,
        scratch,
        scratchBytes,
      );
      machine.runFor(POINTS * tiles * c * k)(
        'smallProducts',
        transformed,
        weights,
        y,
        ...sidesOf(s, k),
        point,
        scratch,
        scratchBytes,
      );
    },
  );
}

/** dw [27, C, K] from x of shape `s` and dy with k channels, by the transpose of that form. C is a multiple of 4. */
export function convolveWeightsSmall(
  backend: SimdBackend,
  x: number,
  dy: number,
  dw: number,
  s: MapShape,
  k: number,
): void {
  const { machine } = backend;
  const { d, h, w, c } = s;
  const [tiles, blocks] = [smallTilesOf(s), Math.ceil(k / 8)];
  const scratchBytes = POINTS * 128 + 1024;
  withScratch(
    backend,
    [POINTS * tiles * c * 4, POINTS * tiles * blocks * 32, machine.threads * scratchBytes],
    (transformed, slopes, scratch) => {
      const last = [scratch, scratchBytes];
      machine.runFor(POINTS * tiles * c)(
        'smallTiles',
        x,
        transformed,
        d,
        h,
        w,
        c,
        0,
        tiles * 16,
        16,
        2 * POINTS * tiles * 16,
        POINTS * tiles * 16,
        ...last,
      );
      if (k % 8 !== 0) machine.floats(slopes, POINTS * tiles * blocks * 8).fill(0);
      machine.runFor(POINTS * tiles * k)(
        'smallTiles',
        dy,
        slopes,
        d,
        h,
        w,
        k,
        1,
        tiles * 32,
        32,
        POINTS * tiles * 32,
        16,
        ...last,
      );
      machine.runFor(POINTS * tiles * c * k)('smallGradient', transformed, slopes, dw, c, k, tiles, ...last);
    },
  );
}
