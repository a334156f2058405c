/** Structures that lie in another label, such as tumours in a kidney: found in the labelled scans and cut out, to be pasted elsewhere. */
import { mapAxes } from '../axes.ts';
import { componentsOf } from '../edit/components.ts';
import { boxOf } from '../predict/boxes.ts';
import { NOT_DRAWN } from '../volume.ts';
import { channelsOf, joined } from './channels.ts';
import type { PatchSource, Sides } from './patch-source.ts';
import { voxelAt } from './places.ts';

/** A label that lies in another one. */
export interface Inclusion {
  label: number;
  host: number;
}

/** A piece of a label, cut out of a labelled scan. */
export interface StructureObject extends Inclusion {
  /**
   * Its box. Channels: for each of the scan's how much brighter it is than the host around it, then one that is 1 in the object and
   * 0 elsewhere.
   */
  cut: PatchSource;
}

/** Labelled scans that are looked at. */
const SCANS = 32;
/** Pieces of a label in one scan that are cut out. */
const PIECES = 32;
/** A structure touches its host with this share of its surface, at least. */
const IN_HOST = 0.25;
/** Its host has less than this share of its own surface in common with it: neither is the other's wall. */
const HOST_FREE = 0.5;
/** It has at most this share of its host's voxels, in the middle one of the scans. */
const SMALLER = 0.5;
/** Fewer voxels are a slip of the brush. */
const LEAST_VOXELS = 8;
/** Longest side of an object, as a share of the patch's. */
const LONGEST = 2 / 3;
/** How far around an object its host's brightness is told, voxels. */
const MARGIN = 3;

/** Every such piece of the labelled scans; the same scans give the same ones. @param patch sides in voxels */
export function objectsOf(sources: readonly PatchSource[], patch: Sides, classes: number): StructureObject[] {
  // One label alone lies in nothing: its scans need not be read.
  const looked = classes > 2 ? spread(sources, SCANS) : [];
  const inclusions = inclusionsOf(looked, classes);
  if (inclusions.length === 0) return [];
  return looked.flatMap((source) => {
    const mask = maskOf(source);
    return inclusions.flatMap((inclusion) => cutFrom(source, mask, inclusion, patch));
  });
}

/** Evenly over the list, where it has more than so many. */
const spread = <T>(list: readonly T[], most: number): T[] => {
  const count = Math.min(most, list.length);
  return Array.from({ length: count }, (_, n) => list[Math.floor((n * list.length) / count)]);
};

interface Mask {
  size: Sides;
  data: Uint8Array;
}

const maskOf = ({ size, readMask }: PatchSource): Mask => ({
  size,
  data: readMask?.([0, 0, 0], size) ?? new Uint8Array(size[0] * size[1] * size[2]),
});

/** Labels whose surface is to a good part that of another, larger label, which has most of its own elsewhere. */
export function inclusionsOf(sources: readonly PatchSource[], classes: number): Inclusion[] {
  const faces = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const scans = sources.map((source) => {
    const mask = maskOf(source);
    countFaces(mask, faces);
    const voxels = new Array<number>(classes).fill(0);
    for (const label of mask.data) if (label < classes) voxels[label]++;
    return voxels;
  });
  const surface = faces.map((others) => others.reduce((sum, count) => sum + count, 0));
  const labels = Array.from({ length: classes - 1 }, (_, n) => n + 1);
  return labels.flatMap((label) => {
    const host = labels.reduce((best, other) => (faces[label][other] > faces[label][best] ? other : best));
    const common = faces[label][host];
    if (common === 0 || common < IN_HOST * surface[label] || common >= HOST_FREE * surface[host]) return [];
    const both = scans.filter((voxels) => voxels[label] > 0 && voxels[host] > 0);
    const shares = both.map((voxels) => voxels[label] / voxels[host]).sort((a, b) => a - b);
    return shares[shares.length >> 1] <= SMALLER ? [{ label, host }] : [];
  });
}

/** Adds the faces that two labels have in common, both ways; those of a label with itself are none. */
function countFaces({ size: [nx, ny, nz], data }: Mask, faces: number[][]): void {
  const meet = (a: number, b: number) => {
    if (a === b || a === NOT_DRAWN || b === NOT_DRAWN) return;
    faces[a][b]++;
    faces[b][a]++;
  };
  for (let z = 0, v = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, v++) {
        if (x > 0) meet(data[v], data[v - 1]);
        if (y > 0) meet(data[v], data[v - nx]);
        if (z > 0) meet(data[v], data[v - nx * ny]);
      }
    }
  }
}

interface Span {
  start: Sides;
  size: Sides;
}

/** Some of a label's pieces that fit a patch and that its host is seen beside. */
function cutFrom(source: PatchSource, mask: Mask, { label, host }: Inclusion, patch: Sides): StructureObject[] {
  const [around] = spansOf(mask.data, mask.size, (value) => (value === label ? 1 : 0));
  if (!around) return [];
  const near = { size: around.size, data: boxOf(mask.data, mask.size, around.start, around.size) };
  const { numbers, sizes } = componentsOf(near, label);
  const fitting = spansOf(numbers, near.size, (number) => number).flatMap((piece, n) => {
    const fits = sizes[n] >= LEAST_VOXELS && piece.size.every((side, axis) => side <= LONGEST * patch[axis]);
    return fits ? [{ piece, number: n + 1 }] : [];
  });
  return spread(fitting, PIECES).flatMap(({ piece, number }) => {
    const from = mapAxes(piece.start, (at) => at - MARGIN);
    const size = mapAxes(piece.size, (side) => side + 2 * MARGIN);
    const inside = boxOf(
      Uint8Array.from(numbers, (at) => Number(at === number)),
      near.size,
      from,
      size,
    );
    const start = mapAxes(from, (at, axis) => around.start[axis] + at);
    const contrasts = contrastsOf(source, { start, size }, inside, host);
    if (!contrasts) return [];
    return [{ label, host, cut: heldSource(source, size, [...contrasts, Float32Array.from(inside)]) }];
  });
}

/**
 * The object's brightness beyond its host's, channel by channel. Its outermost voxels hold some of what stands around it here, so
 * they and all outside have the mean of the others.
 * @returns null where no voxel of the host is near
 */
function contrastsOf(
  source: PatchSource,
  { start, size }: Span,
  inside: Uint8Array,
  host: number,
): Float32Array[] | null {
  const labels = source.readMask?.(start, size) as Uint8Array;
  if (!labels.includes(host)) return null;
  const inner = inside.map((value, v) => (value && !isOutermost(inside, size, v) ? 1 : 0));
  const told = inner.includes(1) ? inner : inside;
  return channelsOf(source.readImage(start, size), size).map((image) => {
    const around = meanWhere(image, (v) => labels[v] === host);
    const mean = meanWhere(image, (v) => told[v] === 1) - around;
    return image.map((value, v) => (told[v] ? value - around : mean));
  });
}

/** Whether a face of an object's voxel is on its surface. The object never reaches its box's border. */
const isOutermost = (inside: Uint8Array, [nx, ny]: Sides, v: number): boolean =>
  [1, nx, nx * ny].some((step) => !inside[v - step] || !inside[v + step]);

function meanWhere(image: Float32Array, counts: (v: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let v = 0; v < image.length; v++) {
    if (!counts(v)) continue;
    sum += image[v];
    count++;
  }
  return sum / Math.max(1, count);
}

/** The smallest box around the voxels of each number, from 1 on. @param numberOf a voxel's value; 0: of none */
function spansOf(data: Uint8Array | Uint32Array, size: Sides, numberOf: (value: number) => number): Span[] {
  const ends: { low: number[]; high: number[] }[] = [];
  for (let v = 0; v < data.length; v++) {
    const number = numberOf(data[v]);
    if (number === 0) continue;
    const at = voxelAt(v, size);
    ends[number - 1] ??= { low: [...at], high: [...at] };
    const { low, high } = ends[number - 1];
    at.forEach((c, axis) => {
      low[axis] = Math.min(low[axis], c);
      high[axis] = Math.max(high[axis], c);
    });
  }
  return ends.map(({ low, high }) => {
    const start = low as unknown as Sides;
    return { start, size: mapAxes(start, (c, axis) => high[axis] + 1 - c) };
  });
}

/** An image in memory as a source; zero outside of it. */
const heldSource = ({ name, spacing }: PatchSource, size: Sides, channels: readonly Float32Array[]): PatchSource => {
  const image = joined(channels);
  return {
    name,
    size,
    channels: channels.length,
    ...(spacing && { spacing }),
    readImage: (start, box) => boxOf(image, size, start, box),
  };
};
