/** Patches that go through a network together: which do, what they ask for, and how many fit into memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { Forward } from '../../src/core/methods/method.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { initNetwork, networkByName } from '../../src/core/network/networks.ts';
import { portableKernels } from '../../src/core/network/portable-kernels.ts';
import { Tape } from '../../src/core/network/tape.ts';
import { NETWORKS } from '../../src/core/options.ts';
import { Random } from '../../src/core/random.ts';
import { planFor } from '../../src/core/train/planned-patch.ts';
import { patchesTogether, stepBytes } from '../../src/core/train/step-bytes.ts';
import { groupsOf } from '../../src/core/train/together.ts';

await tf.setBackend('cpu');

const image = (side: number) => ({ shape: [1, side, side, side, 1] }) as FeatureMap;
const pass = (network: string, dropout: boolean, sides: number[]): Forward => ({
  ...{ network, dropout, gradient: network === 'student' },
  images: sides.map(image),
});

test('neighbours that one network reads alike go together, as many as may', () => {
  const forwards = {
    target: pass('teacher', false, [16, 16]),
    labelled: pass('student', true, [16, 16]),
    unlabelled: pass('student', true, [16, 16]),
    noisy: pass('student', false, [16]),
    large: pass('student', false, [32]),
  };
  const roles = (most: number) =>
    groupsOf(forwards, () => most).map((group) => group.map(({ role }) => role).join(' '));
  const alone = ['target', 'target', 'labelled', 'labelled', 'unlabelled', 'unlabelled', 'noisy', 'large'];
  assert.deepEqual(roles(9), ['target target', 'labelled labelled unlabelled unlabelled', 'noisy', 'large']);
  assert.deepEqual(roles(3), ['target target', 'labelled labelled unlabelled', 'unlabelled', 'noisy', 'large']);
  assert.deepEqual(roles(1), alone);
});

for (const name of NETWORKS)
  test(`the network ${name} asks for the dropout masks that it told of, and no map is larger than it said`, () => {
    const plan = planFor([1, 1, 2], [32, 32, 16], 2);
    const network = networkByName(name, plan);
    tf.tidy(() => {
      const weights = initNetwork(name, { width: 2, inputChannels: 1, classes: 3 }, new Random(1), plan);
      const x = tf.ones([1, 16, 32, 32, 1]) as FeatureMap;
      const { masks, largest } = network.patchShapes(weights, x.shape);
      const asked: number[][] = [];
      const dropout = (shape: readonly number[]) => {
        asked.push([...shape]);
        return tf.ones(shape as FeatureMap['shape']) as FeatureMap;
      };
      let most = 0;
      const seen = new Proxy(portableKernels, {
        get(kernels, name: keyof typeof portableKernels) {
          const kernel = kernels[name];
          if (typeof kernel !== 'function') return kernel;
          return (...given: unknown[]) => {
            const result = (kernel as (...given: unknown[]) => unknown)(...given);
            for (const map of [...given, result]) if (map instanceof tf.Tensor) most = Math.max(most, map.size);
            return result;
          };
        },
      });
      network.forward(new Tape(seen, weights, false), x, { features: 'bottleneck', dropout });
      assert.deepEqual(asked, masks);
      assert.ok(most <= largest, `${most} values, ${largest} told`);
    });
  });

test('as many patches go together as the room holds, and one by one where anything is computed again', () => {
  const load = { width: 16, gradientImages: 4, images: 4 };
  const patch = [64, 64, 32];
  const bytes = (together: number) => stepBytes(patch, load, undefined, together);
  assert.deepEqual(
    [bytes(1) - 1, bytes(1), bytes(2), bytes(3) + 1, bytes(9)].map((room) => patchesTogether(patch, load, room)),
    [1, 1, 2, 3, 4],
  );
  assert.equal(patchesTogether(patch, load, bytes(9), 'maps'), 1);
});
