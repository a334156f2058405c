/** Differences that have a reason: rules in a file, each with a check that the reason holds. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { gridFromAffineRAS, voxelToWorld } from '../../src/core/geometry.ts';
import { type Volume, voxelFrom } from '../../src/core/volume.ts';
import type { Frame } from '../../src/imaging/dicom/frame.ts';
import { globMatcher } from '../../src/imaging/names.ts';
import { align, differenceOf, sameFirstSlice } from './compare.ts';
import type { Image } from './dcm2niix.ts';

type Check = (facts: Facts & { ours: Volume }) => boolean;

/** True where one of their volumes is ours after something was done to its stored values. */
const equalAfter = ({ ours, theirs }: Parameters<Check>[0], change: (stored: number) => number): boolean =>
  theirs.some((image) => differenceOf(ours, image, change) === null);

/** How a rule makes sure that a difference is the one that it explains. */
const CHECKS = {
  /** Equal once the sign of their values is taken from the highest stored bit (PS3.5 8.1.1). */
  signExtended: (facts) => equalAfter(facts, signOf(facts.frames)),
  /** Equal once their values are looked up in the modality LUT of the images. */
  modalityLut: (facts) => {
    const lut = facts.frames[0]?.lut;
    return lut !== undefined && equalAfter(facts, (stored) => lut.values[clamp(stored - lut.first, lut.values.length)]);
  },
  /** The first slice is one of theirs, voxel for voxel. */
  firstSlice: ({ ours, theirs }) => sameFirstSlice(ours, theirs),
  /** A single slice: as theirs, but for the distance to its neighbours, which it has none of. */
  singleSlice: ({ ours, theirs, frames }) =>
    ours.size[2] === 1 && (sameFirstSlice(ours, theirs) || sameFirstSlice(ours, theirs, signOf(frames))),
  /** Voxels are equal, and our slices lie nearer to the positions that the headers state. */
  closerPositions: ({ ours, theirs, frames }) =>
    ours.size[2] > 2 &&
    theirs.some((image) => {
      const aligned = align(ours, image);
      if (!aligned) return false;
      const moved = { ...gridFromAffineRAS(ours.size, aligned.affine), data: ours.data };
      return differenceOf(moved, image) === null && 2 * farthest(ours, frames) < farthest(moved, frames);
    }),
} satisfies Record<string, Check>;

/** The sign from the highest stored bit. */
function signOf([frame]: readonly Frame[]): (stored: number) => number {
  const shift = 32 - (frame?.signed ? frame.bitsStored : 32);
  return (stored) => (stored << shift) >> shift;
}

const clamp = (n: number, length: number): number => Math.min(length - 1, Math.max(0, n));

const ruleSchema = z.strictObject({
  /** What differs. */
  difference: z.enum(['axes', 'size', 'affine', 'voxels', 'nothing-written', 'more-written', 'mask']),
  /** Regular expression that one of our notices must match. */
  notice: z.string().optional(),
  /** Glob on the path of the first file, from the folder on. */
  path: z.string().optional(),
  check: z.enum([...(Object.keys(CHECKS) as (keyof typeof CHECKS)[]), 'overlays', 'none']),
  reason: z.string().min(10),
});
export type Rule = z.infer<typeof ruleSchema>;

export interface Facts {
  /** The volume that differs. */
  ours?: Volume;
  /** Their volumes that are none of ours. */
  theirs: readonly Image[];
  frames: readonly Frame[];
}

/** @param own a user's file, whose rules come beside ours */
export function readRules(own?: string): Rule[] {
  const files = [new URL('./known.json', import.meta.url), ...(own === undefined ? [] : [own])];
  return files.flatMap((file) => z.array(ruleSchema).parse(JSON.parse(readFileSync(file, 'utf8'))));
}

/** The reason of the first rule that explains the difference, or null. */
export function reasonFor(
  rules: readonly Rule[],
  difference: Rule['difference'],
  path: string,
  notices: readonly string[] = [],
  facts?: Facts,
): string | null {
  const rule = rules.find(
    (r) =>
      r.difference === difference &&
      (r.path === undefined || globMatcher(r.path)(path)) &&
      (r.notice === undefined || notices.some((text) => new RegExp(r.notice!).test(text))) &&
      holds(r.check, facts),
  );
  return rule?.reason ?? null;
}

function holds(check: Rule['check'], facts: Facts | undefined): boolean {
  if (check === 'none') return true;
  // What they write beside is an overlay of the image as a file of its own.
  if (check === 'overlays') return facts?.theirs.every(({ name }) => /_ROI\d+/.test(name)) ?? false;
  return facts?.ours !== undefined && CHECKS[check]({ ...facts, ours: facts.ours });
}

/** The largest distance of a slice's first voxel from the position that its header states, mm. */
function farthest(volume: Pick<Volume, 'size' | 'spacing' | 'origin' | 'direction'>, frames: readonly Frame[]): number {
  const corners = frames.map((_, k) => voxelToWorld(volume, voxelFrom([0, 0, k])));
  const off = (order: readonly Frame[]) =>
    Math.max(
      ...order.map(({ position }, k) => Math.hypot(...corners[k].map((x, c) => x - (position?.[c] ?? Number.NaN)))),
    );
  return Math.min(off(frames), off(frames.toReversed()));
}
