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
import { channelsFirst } from '../network/channels.ts';
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
 */
export function prototypes(features: FeatureMap[], oneHot: tf.Tensor4D[], voxels: number[][]): Prototypes {
  const classes = oneHot[0].shape[0];
  const images = Array.from({ length: classes }, (_, c) => voxels.filter((n) => n[c] > 0).length);
  const terms = features.map((map, k) => {
    const [, d, h, w, c] = map.shape;
    const coarseMask = separable(
      oneHot[k],
      mapAxes(spatial(map), (n, axis) => transposed(linearMatrix(n, oneHot[k].shape[axis + 1]))),
    );
    const weight = voxels[k].map((n, cls) => (n > 0 ? 1 / (n * images[cls]) : 0));
    const pooled = tf.matMul(
      coarseMask.reshape([classes, d * h * w]) as tf.Tensor2D,
      map.reshape([d * h * w, c]) as tf.Tensor2D,
    );
    return tf.mul(pooled, tf.tensor2d(weight, [classes, 1]));
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
 * @param features one map, [1, d, h, w, C]
 * @param sides D, H, W of the prediction
 * @returns [classes, D, H, W]
 */
export function prototypeLogits(
  features: FeatureMap,
  { vectors, present }: Prototypes,
  alpha: number,
  sides: Sides,
): tf.Tensor4D {
  const [, d, h, w, c] = features.shape;
  const flat = features.reshape([d * h * w, c]) as tf.Tensor2D;
  const length = tf.sqrt(tf.sum(tf.square(vectors), 1, true).add(EPSILON));
  const unit = tf.div(vectors, tf.maximum(length, 1e-8)) as tf.Tensor2D;
  const products = tf.matMul(unit, flat, false, true).reshape([present.length, d, h, w]) as tf.Tensor4D;
  const numerator = separable(
    products,
    mapAxes(spatial(features), (n, axis) => linearMatrix(n, sides[axis])),
  );
  const logits = scaledRatio(numerator, upsampledNorm(features, sides), alpha);
  if (present.every(Boolean)) return logits;
  const absent = tf.tensor4d(
    present.map((p) => (p ? 0 : -1e4)),
    [present.length, 1, 1, 1],
  );
  return tf.add(logits, absent) as tf.Tensor4D;
}

/** y = alpha a / b of [K, D, H, W] and [1, D, H, W]: da = alpha dy / b, db = -sum_k(dy y) / b. */
function scaledRatio(a: tf.Tensor4D, b: tf.Tensor4D, alpha: number): tf.Tensor4D {
  const operation = tf.customGrad((a, b, save) => {
    const value = tf.div(a as tf.Tensor, tf.div(b as tf.Tensor, alpha));
    (save as unknown as tf.GradSaveFunc)([value, b as tf.Tensor]);
    return {
      value,
      gradFunc: (dy, [y, b]) => [
        tf.div(dy, tf.div(b, alpha)),
        tf.tidy(() => tf.neg(tf.div(tf.sum(tf.mul(dy as tf.Tensor, y), 0, true), b))),
      ],
    };
  });
  return operation(a, b) as tf.Tensor4D;
}

/**
 * |up(F)(v)|, [1, D, H, W], from the squared norms at the coarse nodes and midpoints. The gradient is written out, so that
 * of all maps in between only |up(F)|^2 is kept.
 */
function upsampledNorm(features: FeatureMap, sides: Sides): tf.Tensor4D {
  const midpoints = mapAxes(spatial(features), (n) => midpointMatrix(n));
  const quadratic = mapAxes(spatial(features), (n, axis) => quadraticMatrix(n, sides[axis]));
  const nodesOf = (map: FeatureMap) => alongAxes(channelsFirst(map), midpoints);
  const lengthOf = (squared: tf.Tensor) => tf.maximum(tf.sqrt(tf.relu(squared).add(EPSILON)), 1e-8);
  const operation = tf.customGrad((features, save) => {
    const squares = tf.sum(tf.square(nodesOf(features as FeatureMap)), 0, true) as tf.Tensor4D;
    const squared = alongAxes(squares, quadratic);
    (save as tf.GradSaveFunc)([squared, features as tf.Tensor]);
    return {
      value: lengthOf(squared),
      gradFunc: (dy, [squared, features]) => {
        const dSquared = tf.tidy(
          () => tf.mul(tf.div(tf.mul(dy as tf.Tensor, 0.5), lengthOf(squared)), tf.step(squared)) as tf.Tensor4D,
        );
        const dSquares = tf.mul(alongAxes(dSquared, backwards(quadratic)), 2);
        const dMap = alongAxes(tf.mul(nodesOf(features as FeatureMap), dSquares), backwards(midpoints));
        const [c, d, h, w] = dMap.shape;
        return tf.transpose(dMap.reshape([c, d * h * w])).reshape([1, d, h, w, c]);
      },
    };
  });
  return operation(features) as tf.Tensor4D;
}

const spatial = (map: FeatureMap): Sides => [map.shape[1], map.shape[2], map.shape[3]];
