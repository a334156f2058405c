/**
 * Prototypes and the predictions they make, without ever building the upsampled feature map.
 *
 * up(F) = U F is linear in the coarse map F, so (method section 4)
 *   pooling            sum_v up(F)(v) m(v)   = F^T (U^T m)
 *   cosine numerator   up(F)(v) . p          = (U (F p))(v)
 *   norm               |up(F)(v)|^2          is quadratic along each axis inside a coarse cell, so its values at the
 *                                            coarse nodes and midpoints give it everywhere (Lagrange, exact).
 */

import * as tf from '@tensorflow/tfjs';
import { mapAxes } from '../axes.ts';
import {
  alongAxes,
  backwards,
  linearMatrix,
  midpointMatrix,
  quadraticMatrix,
  separable,
  transposed,
} from '../network/interpolation.ts';
import type { FeatureMap } from '../network/kernels.ts';

type Sides = readonly [number, number, number];

/** [classes, C]; `present[c]` is false where no image of the sub-batch holds class c (that row is 0). */
export interface Prototypes {
  vectors: tf.Tensor2D;
  present: boolean[];
}

const EPSILON = 1e-12;

/**
 * Masked average pooling, equations 3, 4 and 8: the mean over images of each class's mean feature. An image without
 * the class is left out of that class's mean.
 * @param features K maps, each [1, d, h, w, C]
 * @param oneHot K masks, each [classes, D, H, W]
 * @param voxels voxels[k][c], how many voxels of image k are of class c
 * @param together all images in one map, for engines that take several at once; else image by image
 */
export function prototypes(
  features: FeatureMap[],
  oneHot: tf.Tensor4D[],
  voxels: number[][],
  together = false,
): Prototypes {
  const classes = oneHot[0].shape[0];
  const images = Array.from({ length: classes }, (_, c) => voxels.filter((n) => n[c] > 0).length);
  const terms = groupsOf(features, together).map(({ maps, first }) => {
    const [K, d, h, w, c] = maps.shape;
    const masks = K === 1 ? oneHot[first] : (tf.concat(oneHot) as tf.Tensor4D);
    const coarse = separable(
      masks,
      mapAxes(spatial(maps), (n, axis) => transposed(linearMatrix(n, masks.shape[axis + 1]))),
    );
    const weights = voxels
      .slice(first, first + K)
      .map((counts) => counts.map((n, cls) => (n > 0 ? 1 / (n * images[cls]) : 0)));
    const pooled = tf.matMul(coarse.reshape([K, classes, d * h * w]), maps.reshape([K, d * h * w, c]));
    const weighted = tf.mul(pooled, tf.tensor3d(weights.flat(), [K, classes, 1]));
    return K === 1 ? weighted.reshape([classes, c]) : tf.sum(weighted, 0);
  });
  return { vectors: tf.addN(terms) as tf.Tensor2D, present: images.map((n) => n > 0) };
}

/** As `prototypes`, for use outside of a loss: keeps no other tensor than the vectors. */
export function prototypesApart(...given: Parameters<typeof prototypes>): Prototypes {
  let present: boolean[] = [];
  const vectors = tf.tidy(() => {
    const made = prototypes(...given);
    present = made.present;
    return made.vectors;
  });
  return { vectors, present };
}

/**
 * The logits alpha * cos(up(F)(v), p(c)) of equations 5 and 9 (-alpha * d up to a constant that softmax ignores).
 * Absent classes get -1e4: they leave the softmax.
 * @param features K maps, each [1, d, h, w, C]
 * @param sides D, H, W of the prediction
 * @param together as of `prototypes`
 * @returns K maps, each [classes, D, H, W]
 */
export function prototypeLogits(
  features: FeatureMap[],
  prototypes: Prototypes,
  alpha: number,
  sides: Sides,
  together = false,
): tf.Tensor4D[] {
  return groupsOf(features, together).flatMap(({ maps }) => groupLogits(maps, prototypes, alpha, sides));
}

/** @param maps [K, d, h, w, C] */
function groupLogits(maps: FeatureMap, { vectors, present }: Prototypes, alpha: number, sides: Sides): tf.Tensor4D[] {
  const [K, d, h, w, c] = maps.shape;
  const classes = present.length;
  const products = tf.matMul(repeated(ofUnitLength(vectors), K), maps.reshape([K, d * h * w, c]), false, true);
  const numerator = separable(
    products.reshape([K * classes, d, h, w]) as tf.Tensor4D,
    mapAxes(spatial(maps), (n, axis) => linearMatrix(n, sides[axis])),
  );
  const ratio = scaledRatio(numerator.reshape([K, classes, ...sides]), upsampledNorm(maps, sides), alpha);
  const logits = present.every(Boolean)
    ? ratio
    : tf.add(
        ratio,
        tf.tensor4d(
          present.map((p) => (p ? 0 : -1e4)),
          [classes, 1, 1, 1],
        ),
      );
  return K === 1 ? [logits.reshape([classes, ...sides])] : (tf.unstack(logits) as tf.Tensor4D[]);
}

/** [classes, C] -> [K, classes, C]: the library's own gradient of a repeated map takes it apart and adds piece by piece. */
function repeated(vectors: tf.Tensor2D, K: number): tf.Tensor3D {
  if (K === 1) return vectors.expandDims(0) as tf.Tensor3D;
  const operation = tf.customGrad((...inputs) => ({
    value: tf.tile((inputs[0] as tf.Tensor).expandDims(0), [K, 1, 1]),
    gradFunc: (dy) => tf.sum(dy as tf.Tensor, 0),
  }));
  return operation(vectors) as tf.Tensor3D;
}

/** v / |v| of each row, |v|^2 = sum v^2 + 1e-12. */
const ofUnitLength = (vectors: tf.Tensor2D): tf.Tensor2D =>
  tf.div(vectors, tf.sqrt(tf.sum(tf.square(vectors), 1, true).add(EPSILON)));

/** y = alpha a / b of [K, classes, D, H, W] and [K, 1, D, H, W]: da = alpha dy / b, db = -sum(dy y) / b over the classes. */
function scaledRatio(a: tf.Tensor, b: tf.Tensor, alpha: number): tf.Tensor {
  const operation = tf.customGrad((a, b, save) => {
    const value = tf.div(a as tf.Tensor, tf.div(b as tf.Tensor, alpha));
    (save as unknown as tf.GradSaveFunc)([value, b as tf.Tensor]);
    return {
      value,
      gradFunc: (dy, [y, b]) => [
        tf.div(dy, tf.div(b, alpha)),
        tf.tidy(() => tf.neg(tf.div(tf.sum(tf.mul(dy as tf.Tensor, y), 1, true), b))),
      ],
    };
  });
  return operation(a, b);
}

/**
 * |up(F)(v)|, [K, 1, D, H, W], from the squared norms at the coarse nodes and midpoints. The gradient is written out, so that
 * of all maps in between only |up(F)|^2 is kept: d|up(F)|^2 = dy / (2 |up(F)|), and the squares at the nodes give 2 back.
 * @param features [K, d, h, w, C]
 */
function upsampledNorm(features: FeatureMap, sides: Sides): tf.Tensor {
  const [K, d, h, w, c] = features.shape;
  const midpoints = mapAxes(spatial(features), (n) => midpointMatrix(n));
  const quadratic = mapAxes(spatial(features), (n, axis) => quadraticMatrix(n, sides[axis]));
  const nodes = mapAxes(spatial(features), (n) => 2 * n - 1);
  /** [K, C, nodes] */
  const nodesOf = (maps: tf.Tensor) => {
    const first = tf.transpose(maps.reshape([K, d * h * w, c]), [0, 2, 1]).reshape([K * c, d, h, w]);
    return alongAxes(first as tf.Tensor4D, midpoints).reshape([K, c, ...nodes]);
  };
  const operation = tf.customGrad((features, save) => {
    const squares = tf.sum(tf.square(nodesOf(features as tf.Tensor)), 1) as tf.Tensor4D;
    const squared = alongAxes(squares, quadratic);
    const value = tf.sqrt(tf.relu(squared).add(EPSILON));
    (save as unknown as tf.GradSaveFunc)([squared, value, features as tf.Tensor]);
    return {
      value: value.reshape([K, 1, ...sides]),
      gradFunc: (dy, [squared, value, features]) => {
        const dSquared = tf.tidy(() => {
          const ratio = tf.div((dy as tf.Tensor).reshape(value.shape), value);
          return tf.mul(ratio, tf.step(squared)) as tf.Tensor4D;
        });
        const dSquares = alongAxes(dSquared, backwards(quadratic)).reshape([K, 1, ...nodes]);
        const dNodes = tf.mul(nodesOf(features), dSquares).reshape([K * c, ...nodes]) as tf.Tensor4D;
        const dMaps = alongAxes(dNodes, backwards(midpoints));
        return tf.transpose(dMaps.reshape([K, c, d * h * w]), [0, 2, 1]).reshape([K, d, h, w, c]);
      },
    };
  });
  return operation(features);
}

/** K maps [1, d, h, w, C] as one, [K, d, h, w, C], or each for itself; `first` counts images. */
const groupsOf = (features: FeatureMap[], together: boolean): { maps: FeatureMap; first: number }[] =>
  together && features.length > 1
    ? [{ maps: tf.concat(features), first: 0 }]
    : features.map((maps, first) => ({ maps, first }));

const spatial = (map: FeatureMap): Sides => [map.shape[1], map.shape[2], map.shape[3]];
