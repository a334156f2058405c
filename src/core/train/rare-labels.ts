/** Labels that patches from anywhere rarely hold, and how many patches are then drawn around labels where nobody said. */
import { Random } from '../random.ts';
import type { PatchSource, Places, Sides } from './patch-source.ts';
import { planCrop } from './patches.ts';

/** Labelled scans that are tried, patches of each, and voxels of a class that a patch is looked at for. */
const [SCANS, PATCHES, VOXELS] = [16, 64, 256];
/** A class that fewer patches from anywhere hold is rarely learnt from. */
const RARE = 1 / 3;
/** nnU-Net's share (Isensee et al. 2021). */
const SHARE = 0.33;

/**
 * Share of the patches from anywhere that hold each class, over the labelled scans that have it; null for background, and for a class
 * that none has. The same scans give the same shares.
 * @param patch sides in voxels
 */
export function shownByChance(sources: readonly PatchSource[], patch: Sides, classes: number): (number | null)[] {
  const random = new Random(0);
  const tried = sources.slice(0, SCANS).map((source) => ({
    places: source.places,
    starts: Array.from(
      { length: PATCHES },
      () => planCrop(source.size, patch, random, 'none', source.spacing, null, source.body).start,
    ),
  }));
  return Array.from({ length: classes }, (_, label) => {
    const having = tried.filter(({ places }) => label > 0 && (places?.counts[label] ?? 0) > 0);
    if (having.length === 0) return null;
    const shown = having.map(({ places, starts }) => {
      const voxels = someOf(places as Places, label);
      return starts.filter((start) => voxels.some((voxel) => isWithin(voxel, start, patch))).length / starts.length;
    });
    return shown.reduce((sum, share) => sum + share, 0) / shown.length;
  });
}

/** Labels that fewer than a third of the patches from anywhere hold, by value. @param patch sides in voxels */
export const rareLabels = (sources: readonly PatchSource[], patch: Sides, classes: number): number[] =>
  shownByChance(sources, patch, classes).flatMap((share, label) => (share !== null && share < RARE ? [label] : []));

/** Share of the patches to draw around a voxel of a label: none where those from anywhere hold every class often, else a third. */
export const foregroundShareFor = (sources: readonly PatchSource[], patch: Sides, classes: number): number =>
  rareLabels(sources, patch, classes).length > 0 ? SHARE : 0;

/** Evenly spread over those that are known. */
function someOf(places: Places, label: number): Sides[] {
  const known = places.counts[label];
  const count = Math.min(VOXELS, known);
  return Array.from({ length: count }, (_, n) => places.at(label, Math.floor((n * known) / count)));
}

const isWithin = (voxel: Sides, start: Sides, sides: Sides): boolean =>
  voxel.every((at, axis) => at >= start[axis] && at < start[axis] + sides[axis]);
