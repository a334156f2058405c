/** The convolution with 3x3x3 or 1x3x3 and its weight gradient on addresses in the engine's memory: which kernel, and how it is shared out. */
import type { SimdBackend } from './backend.ts';

/** Sides and channels of one map, [D, H, W, C]. */
export interface MapShape {
  d: number;
  h: number;
  w: number;
  c: number;
}

/** Planes that a kernel reads: 3 for 3x3x3, 1 for 1x3x3. */
export type Taps = 1 | 3;

/** Packed input rows of one task should stay in a core's second-level cache. */
const PACKED_BYTES = 128 * 1024;
/** Sets of partial sums of a weight gradient: fixed, so that results do not depend on the number of threads. */
const SLABS = 8;
/** All sets together should stay in the last cache. */
const SLAB_BYTES = 2 * 2 ** 20;
/** Packed rows of a weight gradient's task: each block of rows passes over all partial sums, so that there are few. */
const GRADIENT_PACKED_BYTES = 512 * 1024;

/** Rows of output computed from one packed block. */
function blockRows({ h, w, c }: MapShape, taps: Taps, packedBytes = PACKED_BYTES): number {
  const perRow = taps * (w + 2) * c * 4;
  return Math.max(1, Math.min(h, Math.floor(packedBytes / perRow) - 2));
}

/**
 * Groups that channel blocks are shared out in. Each transforms the input anew, so there are as few as keep all threads at
 * work four fifths of the time.
 */
function groupsOf(stretches: number, blocks: number, threads: number): number {
  for (let groups = 1; groups < blocks; groups++) {
    const tasks = stretches * groups;
    if (tasks / (threads * Math.ceil(tasks / threads)) >= 0.8) return groups;
  }
  return blocks;
}

/** Lays memory out for `run` and frees it afterwards, also after an error. */
export function withScratch<T>({ machine: { heap } }: SimdBackend, bytes: number[], run: (...at: number[]) => T): T {
  const blocks = bytes.map((size) => heap.allocate(size));
  try {
    return run(...blocks);
  } finally {
    for (const at of blocks) heap.release(at);
  }
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
  (takesWinograd(s, k, flip) ? convolveWinograd : convolveDirect)(backend, x, w, y, s, k, flip, taps);
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
      s.d,
      s.h,
      s.w,
      s.c,
      k,
      rows,
      Math.ceil(blocks / groups),
      scratch,
      packed,
      part,
      taps,
    );
  });
}

/** Transformed input of one task of the Winograd kernels should stay in a core's second-level cache. */
const TRANSFORMED_BYTES = 512 * 1024;
const POINTS = 36;
/** Planes of a task, where there are so many: two more than it puts out are transformed. */
const LEAST_PLANES = 4;
/** Where partial sums are larger than this, passing over them costs most: then a task has more planes. */
const LARGE_SUMS = 2 * 2 ** 20;
const GRADIENT_TRANSFORMED_BYTES = 2 * 2 ** 20;

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
        s.d,
        s.h,
        s.w,
        s.c,
        k,
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
      s.d,
      s.h,
      s.w,
      s.c,
      k,
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
      s.d,
      s.h,
      s.w,
      s.c,
      k,
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
