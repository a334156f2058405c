/** The convolution and its weight gradient by Winograd's F(4x4, 3x3) in the plane, direct in depth. */
import type { SimdBackend } from './backend.ts';
import { groupsOf, type MapShape, SLAB_BYTES, SLABS, sidesOf, type Taps, withScratch } from './tasks.ts';

/** Transformed input of one task of the Winograd kernels should stay in a core's second-level cache. */
const TRANSFORMED_BYTES = 512 * 1024;
const POINTS = 36;
/** Planes of a task, where there are so many: two more than it puts out are transformed. */
const LEAST_PLANES = 4;
/** Where partial sums are larger than this, passing over them costs most: then a task has more planes. */
const LARGE_SUMS = 2 * 2 ** 20;
const GRADIENT_TRANSFORMED_BYTES = 2 * 2 ** 20;

/** Rows of tiles and planes of one Winograd task, and its transformed input. */
function winogradBlocks({ d, h, w, c }: MapShape, taps: Taps, transformedBytes = TRANSFORMED_BYTES) {
  const [tilesX, tilesY] = [Math.ceil(w / 4), Math.ceil(h / 4)];
  const perRow = tilesX * POINTS * c * 4;
  // Short rows of tiles are taken several at a time, so that groups of six tiles are full.
  const tileRows = Math.min(tilesY, Math.max(1, Math.floor(12 / tilesX)));
  const depth = Math.min(d, Math.max(LEAST_PLANES, Math.floor(transformedBytes / (perRow * tileRows)) - (taps - 1)));
  const slices = Math.ceil(d / depth);
  const planes = Math.ceil(d / slices);
  // Six tiles more: the last product reads past its end.
  const bytes = ((planes + taps - 1) * tileRows * tilesX + 6) * POINTS * c * 4;
  return { tileRows, planes, bytes, stretches: Math.ceil(d / planes) * Math.ceil(tilesY / tileRows) };
}

/** `convolve` by Winograd's form: 2.25 products a plane, output and channel. C is a multiple of 4. */
export function convolveWinograd(
  backend: SimdBackend,
  x: number,
  w: number,
  y: number,
  s: MapShape,
  k: number,
  flip: boolean,
  taps: Taps = 3,
): void {
  const { machine } = backend;
  const blocks = Math.ceil(k / 8);
  const { tileRows, planes, bytes, stretches } = winogradBlocks(s, taps);
  const groups = groupsOf(stretches, blocks, machine.threads);
  const scratchBytes = 1024 + 144 * s.c + 13824 + bytes;
  withScratch(
    backend,
    [blocks * POINTS * 32 * taps * s.c, machine.threads * 1024, machine.threads * scratchBytes],
    (weights, lines, scratch) => {
      const sides = flip ? [k, s.c] : [s.c, k];
      machine.runFor(9 * taps * s.c * k)('winogradWeights', w, weights, ...sides, Number(flip), lines, 1024, taps);
      machine.runFor(s.d * s.h * s.w * 9 * taps * s.c * k)(
        'winograd',
        x,
        weights,
        y,
        ...sidesOf(s, k),
        tileRows,
        planes,
        Math.ceil(blocks / groups),
        scratch,
        scratchBytes,
        taps,
      );
    },
  );
}

/** `convolveWeights` by Winograd's form. C is a multiple of 4. */
export function convolveWeightsWinograd(
  backend: SimdBackend,
  x: number,
  dy: number,
  dw: number,
  s: MapShape,
  k: number,
  taps: Taps = 3,
): void {
  const { machine } = backend;
  const blocks = Math.ceil(k / 8);
  const slabBytes = blocks * POINTS * 32 * taps * s.c;
  const limit = slabBytes > LARGE_SUMS ? GRADIENT_TRANSFORMED_BYTES : TRANSFORMED_BYTES;
  const { tileRows, planes, bytes, stretches } = winogradBlocks(s, taps, limit);
  const slabs = Math.min(stretches, 2 * SLABS, Math.max(2, Math.floor(SLAB_BYTES / slabBytes)));
  const groups = groupsOf(slabs, blocks, machine.threads);
  const perGroup = Math.ceil(blocks / groups);
  const tiles = planes * tileRows * Math.ceil(s.w / 4);
  const scratchBytes = 1024 + 144 * Math.max(s.c, 8 * perGroup) + bytes + POINTS * tiles * perGroup * 32;
  withScratch(backend, [slabs * slabBytes, machine.threads * scratchBytes], (partials, scratch) => {
    machine.runFor(s.d * s.h * s.w * 9 * taps * s.c * k)(
      'winogradGradient',
      x,
      dy,
      partials,
      ...sidesOf(s, k),
      tileRows,
      planes,
      slabs,
      perGroup,
      scratch,
      scratchBytes,
      bytes,
      taps,
    );
    machine.runFor(9 * taps * s.c * k * slabs)(
      'winogradGradientEnd',
      partials,
      dw,
      s.c,
      k,
      slabs,
      scratch,
      scratchBytes,
      taps,
    );
  });
}
