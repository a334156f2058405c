/** The 3x3x3 convolution by Winograd's F(2x4x4, 3x3x3): in depth as well as in the plane. */
import type { SimdBackend } from './backend.ts';
import { groupsOf, type MapShape, SLAB_BYTES, SLABS, sidesOf, withScratch } from './tasks.ts';

const POINTS = 36;
/** A line of the cache more from point to point, so that points do not share their places in it. */
const LINE = 64;
/** Tiles whose products are computed together (ROWS of assembly/winograd.as). */
const GROUP = 12;
/** Four planes of a task's tiles, and as much again, should stay in a core's second-level cache. */
const RING_BYTES = 448 * 1024;

/** Rows of tiles and planes of one task. Rows are shared out evenly; planes where there are too few strips for the threads. */
function depthBlocks({ d, h, w, c }: MapShape, threads: number) {
  const [tilesX, tilesY] = [Math.ceil(w / 4), Math.ceil(h / 4)];
  const most = Math.min(GROUP, Math.floor(RING_BYTES / (4 * POINTS * c * 4)));
  const strips = Math.ceil(tilesY / Math.max(1, Math.floor(most / tilesX)));
  const tileRows = Math.ceil(tilesY / strips);
  const slices = strips >= 2 * threads ? 1 : Math.min(Math.ceil(d / 8), Math.ceil((2 * threads) / strips));
  const planes = 2 * Math.ceil(d / 2 / slices);
  return { tileRows, planes, tiles: tileRows * tilesX, stretches: strips * Math.ceil(d / planes) };
}

/**
 * y = x * w, or with `flip` dx = dy * flipped w, by Winograd's form in depth as well: 4.5 products an output and channel where the plain
 * form takes 27. C is a multiple of 4.
 */
export function convolveWinogradDepth(
  backend: SimdBackend,
  x: number,
  w: number,
  y: number,
  s: MapShape,
  k: number,
  flip: boolean,
): void {
  const { machine } = backend;
  const blocks = Math.ceil(k / 8);
  const { tileRows, planes, tiles, stretches } = depthBlocks(s, machine.threads);
  const groups = groupsOf(stretches, blocks, machine.threads);
  const products = 2 * POINTS * GROUP * 32;
  const group = POINTS * (4 * GROUP * s.c * 4 + LINE);
  const scratchBytes = 1024 + 144 * s.c + products + 4 * tiles * POINTS * s.c * 4 + group;
  withScratch(
    backend,
    [blocks * POINTS * (4 * 32 * s.c + 2 * LINE), machine.threads * 4096, machine.threads * scratchBytes],
    (weights, lines, scratch) => {
      const sides = flip ? [k, s.c] : [s.c, k];
      machine.runFor(27 * s.c * k)('winogradDepthWeights', w, weights, ...sides, Number(flip), lines, 4096);
      machine.runFor(s.d * s.h * s.w * 27 * s.c * k)(
        'winogradDepth',
        x,
        weights,
        y,
        ...sidesOf(s, k),
        tileRows,
        planes,
        Math.ceil(blocks / groups),
        scratch,
        scratchBytes,
      );
    },
  );
}

/** What one block of a weight gradient holds of transformed x and dy should stay in a core's second-level cache. */
const BLOCK_BYTES = 384 * 1024;
/** Pairs of tiles of a block at least: each passes over all partial sums. */
const LEAST_PAIRS = 32;

/** Rows of tiles and planes (even) of one block of the weight gradient with `channels` of dy. */
function gradientBlocks({ d, h, w, c }: MapShape, channels: number) {
  const [tilesX, tilesY] = [Math.ceil(w / 4), Math.ceil(h / 4)];
  const even = 2 * Math.ceil(d / 2);
  const perPlane = POINTS * (c + channels) * 4;
  const tilePlanes = Math.max(2 * LEAST_PAIRS, Math.floor(BLOCK_BYTES / perPlane));
  // Blocks are long in depth, where neighbours transform two planes twice.
  const tileRows = Math.max(1, Math.min(tilesY, Math.floor(tilePlanes / (even * tilesX))));
  const slices = Math.ceil(even / Math.max(2, Math.floor(tilePlanes / (tileRows * tilesX))));
  const planes = 2 * Math.ceil(even / 2 / slices);
  return { tileRows, planes, stretches: Math.ceil(d / planes) * Math.ceil(tilesY / tileRows) };
}

/** dw [27, C, K] from x of shape `s` and dy with k channels, by the transpose of that form. C is a multiple of 4. */
export function convolveWeightsWinogradDepth(
  backend: SimdBackend,
  x: number,
  dy: number,
  dw: number,
  s: MapShape,
  k: number,
): void {
  const { machine } = backend;
  const blocks = Math.ceil(k / 8);
  const slabBytes = blocks * POINTS * 4 * (32 * s.c + LINE);
  const { tileRows, planes, stretches } = gradientBlocks(s, 8 * blocks);
  const slabs = Math.min(stretches, 2 * SLABS, Math.max(2, Math.floor(SLAB_BYTES / slabBytes)));
  const groups = groupsOf(slabs, blocks, machine.threads);
  const perGroup = Math.ceil(blocks / groups);
  const tiles = tileRows * Math.ceil(s.w / 4);
  const transformed = POINTS * 4 * tiles * (s.c * (planes + 2) + 8 * perGroup * planes);
  const points = 16 * (2 * tiles * planes * (s.c + 8 * perGroup) + 128);
  const scratchBytes = 4096 + 144 * Math.max(s.c, 8 * perGroup) + transformed + points;
  withScratch(backend, [slabs * slabBytes, machine.threads * scratchBytes], (partials, scratch) => {
    machine.runFor(s.d * s.h * s.w * 27 * s.c * k)(
      'winogradDepthGradient',
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
    );
    machine.runFor(36 * s.c * k * slabs)(
      'winogradDepthGradientEnd',
      partials,
      dw,
      s.c,
      k,
      slabs,
      scratch,
      scratchBytes,
    );
  });
}
