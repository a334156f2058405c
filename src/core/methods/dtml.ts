import * as tf from '@tensorflow/tfjs';
import { deepSupervisedLoss } from '../loss/deep-supervision.ts';
import { diceLoss } from '../loss/dice.ts';
import { meanSquaredError } from '../loss/mean-squared.ts';
import { onDrawn } from '../loss/supervised.ts';
import { softmaxChannels } from '../network/channels.ts';
import { rampUp } from '../train/schedules.ts';
import type { Method } from './method.ts';

/** Slope of the smooth step from signed distance to mask. */
const SLOPE = 1500;

/**
 * Dual-task mutual learning: the student segments, a second network regresses signed distances d = tanh(output),
 * negative inside. With M = sigmoid(-1500 d) and S the student's probabilities, both of the foreground classes,
 *   L_con = mean((M - S)^2) over all patches, gradient to both networks
 *   student: L_s + w L_con     distance network: Dice(M, y) + w L_con     w(t) = exp(-5 (1 - t/T)^2)
 * The two losses share no other weight, so their sum, with L_con once, gives each network its own gradient.
 */
export const dtml: Method = {
  networks: { student: 'trained', distance: 'trained' },
  forwards: ({ labelled, unlabelled }) => ({
    labelled: { network: 'student', images: labelled.images, gradient: true, dropout: true },
    unlabelled: { network: 'student', images: unlabelled.images, gradient: true, dropout: true },
    labelledDistance: { network: 'distance', images: labelled.images, gradient: true, dropout: true },
    unlabelledDistance: { network: 'distance', images: unlabelled.images, gradient: true, dropout: true },
  }),
  loss({ labelled, unlabelled, labelledDistance, unlabelledDistance }, batch, { step, steps, options }) {
    const supervised = deepSupervisedLoss(labelled, batch.labelled.oneHot, options);
    const labelledMasks = labelledDistance.logits.map(masksOfDistances);
    const { oneHot } = batch.labelled;
    const distance = diceLoss(
      labelledMasks.map((M, k) => onDrawn(M, oneHot[k])),
      oneHot.map(foreground),
      options.diceClasses,
    );
    const masks = [...labelledMasks, ...unlabelledDistance.logits.map(masksOfDistances)];
    const segmented = [...labelled.logits, ...unlabelled.logits].map((logits) => foreground(softmaxChannels(logits)));
    const consistency = meanSquaredError(masks, segmented);
    const total = supervised.add(distance).add(consistency.mul(rampUp(step, steps, 1))) as tf.Scalar;
    return { total, terms: { supervised, distance, consistency } };
  },
};

/** [C, D, H, W] -> [C - 1, D, H, W], without the background. */
export const foreground = (map: tf.Tensor4D): tf.Tensor4D => tf.slice(map, [1, 0, 0, 0], [-1, -1, -1, -1]);

/** Outputs of the distance network [C, D, H, W] -> M = sigmoid(-1500 tanh(output)) of the foreground classes. */
export const masksOfDistances = (output: tf.Tensor4D): tf.Tensor4D =>
  tf.sigmoid(tf.mul(tf.tanh(foreground(output)), -SLOPE)) as tf.Tensor4D;
