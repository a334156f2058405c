/**
 * Box mixing (Bai et al., "Bidirectional Copy-Paste for Semi-Supervised Medical Image Segmentation", CVPR 2023): a cuboid of
 * one patch takes the place of the same cuboid of another. Images and masks are mixed alike.
 */

import * as tf from '@tensorflow/tfjs';
import { mapAxes } from '../axes.ts';
import type { FeatureMap } from '../network/kernels.ts';
import type { Random } from '../random.ts';

export type MapSides = readonly [d: number, h: number, w: number];

/** A cuboid of a patch, in voxels. */
export interface Box {
  start: MapSides;
  sides: MapSides;
}

/** Each side of the box, as a share of the patch's. */
const SHARE = 2 / 3;

/** A box of floor(2/3) of each side of a patch, at a uniformly drawn place inside it; three draws. */
export function drawBox(patch: MapSides, random: Random): Box {
  const sides = mapAxes(patch, (n) => Math.floor(n * SHARE));
  return { start: mapAxes(patch, (n, axis) => random.integer(n - sides[axis] + 1)), sides };
}

/** 1 in the box and 0 around it, [1, D, H, W]. */
export const boxMask = ({ start, sides }: Box, patch: MapSides): tf.Tensor4D =>
  tf.tidy(() => {
    const around = start.map((at, axis): [number, number] => [at, patch[axis] - at - sides[axis]]);
    return tf.pad(tf.ones([1, ...sides]), [[0, 0], ...around]) as tf.Tensor4D;
  });

/**
 * An engine's own op for `pasted`, where it has one. Inputs: into, from; attributes: a Box; result: the mixed map. It carries no
 * gradient: what is mixed are images and masks.
 */
export const PASTE_BOX = 'PasteBox';

/** The first map with the second one's box in it. Images are [1, D, H, W, channels], class maps [C, D, H, W]. */
export function pasted<T extends tf.Tensor>(into: T, from: T, { start, sides }: Box): T {
  if (!tf.getKernel(PASTE_BOX, tf.getBackend())) return pastedByOps(into, from, { start, sides });
  return tf.engine().runKernel(PASTE_BOX, { into, from }, { start: [...start], sides: [...sides] }) as T;
}

/** The same by ops that every engine has. */
export function pastedByOps<T extends tf.Tensor>(into: T, from: T, box: Box): T {
  return tf.tidy(() => {
    const inside = maskLike(into, box);
    return tf.add(tf.mul(into, tf.sub(1, inside)), tf.mul(from, inside)) as T;
  });
}

const maskLike = (map: tf.Tensor, box: Box): tf.Tensor => {
  const mask = boxMask(box, sidesOf(map));
  return map.rank === 5 ? mask.expandDims(-1) : mask;
};

/** D, H, W of an image or of a class map. */
export const sidesOf = (map: FeatureMap | tf.Tensor): MapSides => map.shape.slice(1, 4) as unknown as MapSides;

/** Each map with the box of the next one, the last with the first one's: of two, A in B and B in A. */
export const pastedRound = <T extends tf.Tensor>(maps: readonly T[], box: Box): T[] =>
  maps.map((map, k) => pasted(map, maps[(k + 1) % maps.length], box));

/**
 * Labelled and unlabelled maps mixed both ways, in n pairs, n the longer list's length and the shorter one told again from its
 * start: first each labelled map with its partner's box, then each unlabelled map with its partner's. One box for all: every voxel
 * of a pair is read once.
 * @returns 2 n maps
 */
export function mixedBothWays<T extends tf.Tensor>(labelled: readonly T[], unlabelled: readonly T[], box: Box): T[] {
  const pairs = Array.from({ length: Math.max(labelled.length, unlabelled.length) }, (_, k) => ({
    l: labelled[k % labelled.length],
    u: unlabelled[k % unlabelled.length],
  }));
  return [...pairs.map(({ l, u }) => pasted(l, u, box)), ...pairs.map(({ l, u }) => pasted(u, l, box))];
}

/** What mixed patches are to learn, 2 n maps each in the order of `mixedBothWays`, [C, D, H, W], 0 in all classes outside of their part. */
export interface MixedTargets {
  /** One-hot masks of the labelled part. */
  truth: tf.Tensor4D[];
  /** One-hot pseudo-masks of the unlabelled part. */
  pseudo: tf.Tensor4D[];
}

/** @param oneHot masks of the labelled patches; `pseudo` pseudo-masks of the unlabelled ones, [C, D, H, W] each */
export function mixedTargets(oneHot: tf.Tensor4D[], pseudo: tf.Tensor4D[], box: Box): MixedTargets {
  const nothing = tf.zerosLike(oneHot[0]);
  const blank = (maps: tf.Tensor4D[]) => maps.map(() => nothing);
  const targets = {
    truth: mixedBothWays(oneHot, blank(pseudo), box),
    pseudo: mixedBothWays(blank(oneHot), pseudo, box),
  };
  nothing.dispose();
  return targets;
}
