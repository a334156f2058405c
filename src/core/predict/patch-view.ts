/** The prototype evolution (the paper's Fig. 6): what student, teacher and both prototype predictions say of two fixed patches. */
import * as tf from '@tensorflow/tfjs';
import { prototypeLogits, prototypes } from '../methods/prototypes.ts';
import { channelsFirst, classVoxels, oneHotArgMax, softmaxChannels } from '../network/channels.ts';
import type { FeatureMap, Kernels } from '../network/kernels.ts';
import { networkByName } from '../network/networks.ts';
import { Tape, type Weights } from '../network/tape.ts';
import type { TrainingOptions, WithPlan } from '../options.ts';
import { imageTensor, maskTensors } from '../train/batch.ts';
import type { Sides } from '../train/patches.ts';

/** Probability of "not background" of each voxel of the patch, x fastest; Y_l is 0 or 1. */
export interface PatchViews {
  Y_l: Float32Array;
  P_l: Float32Array;
  P_u: Float32Array;
  /** Absent while a prototype is missing. */
  P_u2l?: Float32Array;
  P_l2u?: Float32Array;
  /** 1 - cos between the unlabelled prototypes of background and the first label. */
  prototypeDistance?: number;
}

export async function patchViews(
  student: Weights,
  teacher: Weights,
  labelled: { image: Float32Array; mask: Uint8Array },
  unlabelled: { image: Float32Array },
  patch: Sides,
  classes: number,
  kernels: Kernels,
  { alpha, network, plan, prototypeFeatures }: TrainingOptions & WithPlan,
): Promise<PatchViews> {
  const read = (weights: Weights, image: Float32Array) => {
    const x = imageTensor(image, patch);
    const { logits, features } = networkByName(network, plan).forward(new Tape(kernels, weights, false), x, {
      features: prototypeFeatures,
      dropout: null,
    });
    const maps = tf.tidy(() => channelsFirst(logits));
    tf.dispose([x, logits]);
    return { logits: maps, features };
  };
  const l = read(student, labelled.image);
  const u = read(teacher, unlabelled.image);
  const Y = maskTensors([labelled.mask], patch, classes);
  const Y_u = tf.tidy(() => oneHotArgMax(u.logits));
  const voxelsU = await classVoxels(Y_u);
  const sides: Sides = [patch[2], patch[1], patch[0]];
  const foreground = (map: tf.Tensor4D) => tf.sub(1, map.slice([0], [1])).flatten();
  const maps = tf.tidy(() => {
    const p_l = prototypes([l.features as FeatureMap], Y.oneHot, Y.voxels);
    const p_u = prototypes([u.features as FeatureMap], [Y_u], [voxelsU]);
    const both = (present: boolean[]) => present[0] && present.slice(1).some(Boolean);
    const unit = tf.div(p_u.vectors, tf.norm(p_u.vectors, 2, 1, true).add(1e-8));
    return {
      P_l: foreground(softmaxChannels(l.logits)),
      P_u: foreground(softmaxChannels(u.logits)),
      ...(both(p_u.present)
        ? {
            P_u2l: foreground(softmaxChannels(prototypeLogits([l.features as FeatureMap], p_u, alpha, sides)[0])),
            distance: tf.sub(1, tf.sum(tf.mul(unit.slice([0], [1]), unit.slice([1], [1])))),
          }
        : {}),
      ...(both(p_l.present)
        ? { P_l2u: foreground(softmaxChannels(prototypeLogits([u.features as FeatureMap], p_l, alpha, sides)[0])) }
        : {}),
    } as Record<'P_l' | 'P_u', tf.Tensor> & Partial<Record<'P_u2l' | 'P_l2u' | 'distance', tf.Tensor>>;
  });
  const values = async (t?: tf.Tensor) => (t ? ((await t.data()) as Float32Array) : undefined);
  const views: PatchViews = {
    Y_l: Float32Array.from(labelled.mask, (v) => (v > 0 ? 1 : 0)),
    P_l: (await values(maps.P_l)) as Float32Array,
    P_u: (await values(maps.P_u)) as Float32Array,
    P_u2l: await values(maps.P_u2l),
    P_l2u: await values(maps.P_l2u),
    prototypeDistance: (await values(maps.distance))?.[0],
  };
  tf.dispose([Object.values(maps), l.logits, l.features, u.logits, u.features, Y.oneHot, Y_u]);
  return views;
}
