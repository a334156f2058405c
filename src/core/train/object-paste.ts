/**
 * Structures pasted into labelled patches: a tumour of one scan, turned, mirrored, zoomed and of another contrast, somewhere in the
 * kidney of another (TumorCP; Yang et al., "TumorCP: A Simple but Effective Object-Level Data Augmentation for Tumor Segmentation",
 * MICCAI 2021). With few labelled scans there are few such structures, and most patches hold none. Beyond the paper.
 */
import { mapAxes } from '../axes.ts';
import { forRows } from '../predict/boxes.ts';
import type { Random } from '../random.ts';
import { channelsOf } from './channels.ts';
import type { MadePatch, Target } from './made-patch.ts';
import type { StructureObject } from './objects.ts';
import type { Sides } from './patch-source.ts';
import { voxelAt } from './places.ts';
import { planFreeWarp, warpedPatch } from './warp.ts';

/** Largest zoom, either way. */
const ZOOM = 1.6;
/** Smallest and largest factor of an object's contrast with its host. */
const CONTRAST = [0.6, 1.4] as const;
/** Share of the objects that are as much darker as they were brighter, or the other way round: not the paper's. */
const INVERTED = 0.5;
/** How far around its middle the host's brightness is told, at least, voxels. */
const REACH = 3;

/**
 * A patch with one object more, labels in turn by lot; the same patch where it shows nothing of the object's host. It replaces what was there
 * by as much as it covers of each voxel, and keeps its contrast to the host around it.
 * @param grid spacing of the patch, mm; that of the object's scan where it is absent
 */
export function withObject(
  patch: MadePatch & { target: Target },
  sides: Sides,
  objects: readonly StructureObject[],
  random: Random,
  grid?: Sides,
): MadePatch & { target: Target } {
  const { label, host, cut } = drawn(objects, random);
  const zoom = Math.exp(Math.log(ZOOM) * (2 * random.uniform() - 1));
  const warp = planFreeWarp(random, zoom, cut.spacing, grid);
  const factor = CONTRAST[0] + (CONTRAST[1] - CONTRAST[0]) * random.uniform();
  const contrast = random.uniform() < INVERTED ? -factor : factor;
  const nth = random.uniform();
  const count = patch.target.voxels[host];
  if (count === 0) return patch;
  const middle = nthOf(channelsOf(patch.target.oneHot, sides)[host], Math.floor(nth * count), sides);
  const box = boxOf(cut.size, zoom, cut.spacing, grid);
  const around = cut.size.map((n, axis) => Math.floor((n - box[axis]) / 2)) as unknown as Sides;
  const { image: pasted } = warpedPatch(cut, box, around, warp);
  return blended(patch, sides, { label, host, middle, box, contrast, channels: channelsOf(pasted, box) });
}

/** A label by lot, then one of its objects: a label with many pieces is pasted no more often than one with few. */
function drawn(objects: readonly StructureObject[], random: Random): StructureObject {
  const labels = [...new Set(objects.map(({ label }) => label))];
  const label = labels[random.integer(labels.length)];
  const own = objects.filter((object) => object.label === label);
  return own[random.integer(own.length)];
}

/** Sides that hold a zoomed object however it is turned. */
function boxOf(size: Sides, zoom: number, spacing: Sides = [1, 1, 1], grid: Sides = spacing): Sides {
  const diagonal = Math.hypot(...size.map((n, axis) => n * spacing[axis]));
  return mapAxes(grid, (mm) => Math.ceil((zoom * diagonal) / mm) + 2);
}

/** Place of the n-th voxel that is 1. */
function nthOf(map: Float32Array, n: number, sides: Sides): Sides {
  let v = -1;
  for (let left = n; left >= 0; left--) v = map.indexOf(1, v + 1);
  return voxelAt(v, sides);
}

interface Pasting {
  label: number;
  host: number;
  /** Where the box's middle comes to stand in the patch. */
  middle: Sides;
  box: Sides;
  contrast: number;
  /** Of the box: contrasts, then how much of each voxel the object covers. */
  channels: readonly Float32Array[];
}

function blended(
  { image, target }: MadePatch & { target: Target },
  sides: Sides,
  { label, host, middle, box, contrast, channels }: Pasting,
): MadePatch & { target: Target } {
  const covers = channels[channels.length - 1];
  const voxels = sides[0] * sides[1] * sides[2];
  const start = mapAxes(middle, (m, axis) => m - (box[axis] >> 1));
  const at: { to: number; from: number }[] = [];
  forOverlap(start, box, sides, (to, from) => {
    if (covers[from] > 0) at.push({ to, from });
  });
  const base = brightnessAround(channelsOf(image, sides), channelsOf(target.oneHot, sides)[host], middle, box, sides);
  const into = image.slice();
  const oneHot = target.oneHot.slice();
  const counts = [...target.voxels];
  for (const { to, from } of at) {
    const share = covers[from];
    for (let c = 0; c < channels.length - 1; c++) {
      const v = c * voxels + to;
      into[v] += share * (base[c] + contrast * channels[c][from] - into[v]);
    }
    if (share < 0.5) continue;
    for (let c = 0; c < counts.length; c++) {
      counts[c] -= oneHot[c * voxels + to];
      oneHot[c * voxels + to] = c === label ? 1 : 0;
    }
    counts[label]++;
  }
  return { image: into, target: { oneHot, voxels: counts } };
}

/** Voxels of a box that lie in the patch too: their indices there and in the box. */
const forOverlap = (start: Sides, box: Sides, sides: Sides, each: (to: number, from: number) => void): void =>
  forRows(sides, start, box, (to, from, length) => {
    for (let n = 0; n < length; n++) each(to + n, from + n);
  });

/** Mean of each channel over the host near the object. */
function brightnessAround(
  channels: readonly Float32Array[],
  map: Float32Array,
  middle: Sides,
  box: Sides,
  sides: Sides,
): number[] {
  const reach = mapAxes(box, (n) => 2 * Math.max(REACH, n >> 2));
  const sums = channels.map(() => 0);
  let count = 0;
  forOverlap(
    mapAxes(middle, (m, axis) => m - (reach[axis] >> 1)),
    mapAxes(reach, (n) => n + 1),
    sides,
    (v) => {
      if (map[v] !== 1) return;
      count++;
      channels.forEach((channel, c) => {
        sums[c] += channel[v];
      });
    },
  );
  return sums.map((sum) => sum / count);
}
