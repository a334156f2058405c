/** The convolution and its weight gradient in the plain form: 9 products a plane, output and channel. */
import type { SimdBackend } from './backend.ts';
import { type MapShape, SLAB_BYTES, SLABS, sidesOf, type Taps, withScratch } from './tasks.ts';

/** Packed input rows of one task should stay in a core's second-level cache. */
const PACKED_BYTES = 128 * 1024;
/** Packed rows of a weight gradient's task: each block of rows passes over all partial sums, so that there are few. */
const GRADIENT_PACKED_BYTES = 512 * 1024;

/** Rows of output computed from one packed block. */
function blockRows({ h, w, c }: MapShape, taps: Taps, packedBytes = PACKED_BYTES): number {
  const perRow = taps * (w + 2) * c * 4;
  return Math.max(1, Math.min(h, Math.floor(packedBytes / perRow) - 2));
}

/** `convolve` in the plain form: 9 products a plane, output and channel. */
export function convolveDirect(
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
  const rows = blockRows(s, taps);
  const part = s.c % 8 === 0 ? 8 : s.c % 4 === 0 ? 4 : 1;
  const packed = 192 + (taps * (rows + 2) * (s.w + 2) * s.c + 8 * part) * 4;
  const stretches = s.d * Math.ceil(s.h / rows);
  // Small maps have few blocks of rows; then the channels are shared out as well.
  const groups = Math.min(blocks, Math.ceil((4 * machine.threads) / stretches));
  withScratch(backend, [blocks * 9 * taps * s.c * 8 * 4, packed * machine.threads], (weights, scratch) => {
    machine.runFor(9 * taps * s.c * k)(
      'packWeights',
      w,
      weights,
      ...(flip ? [k, s.c] : [s.c, k]),
      Number(flip),
      part,
      taps,
    );
    machine.runFor(s.d * s.h * s.w * 9 * taps * s.c * k)(
      'convolve',
      x,
      weights,
      y,
      ...sidesOf(s, k),
      rows,
      Math.ceil(blocks / groups),
      scratch,
      packed,
      part,
      taps,
    );
  });
}

/** `convolveWeights` in the plain form. */
export function convolveWeightsDirect(
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
  const rows = blockRows(s, taps, GRADIENT_PACKED_BYTES);
  const packed = (taps * (rows + 2) * (s.w + 2) * s.c + rows * s.w * blocks * 8) * 4;
  const slabBytes = 9 * taps * s.c * blocks * 8 * 4;
  const slabs = Math.max(1, Math.min(SLABS, s.d * Math.ceil(s.h / rows), Math.floor(SLAB_BYTES / slabBytes)));
  const groups = Math.min(blocks, Math.ceil((4 * machine.threads) / slabs));
  withScratch(backend, [slabs * slabBytes, packed * machine.threads], (partials, scratch) => {
    const perGroup = Math.ceil(blocks / groups);
    machine.runFor(s.d * s.h * s.w * 9 * taps * s.c * k)(
      'convolveWeights',
      x,
      dy,
      partials,
      ...sidesOf(s, k),
      rows,
      slabs,
      perGroup,
      scratch,
      packed,
      taps,
    );
    machine.runFor(9 * taps * s.c * k * slabs)('sumSlabs', partials, dw, 9 * taps * s.c, k, blocks * 8, slabs);
  });
}
