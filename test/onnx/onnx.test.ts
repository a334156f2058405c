import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { ModelDescription } from '../../src/core/model/description.ts';
import { channelsFirst, softmaxChannels } from '../../src/core/network/channels.ts';
import type { FeatureMap } from '../../src/core/network/kernels.ts';
import { networkByName } from '../../src/core/network/networks.ts';
import { planNetwork } from '../../src/core/network/plan.ts';
import { Tape } from '../../src/core/network/tape.ts';
import type { SettledOptions } from '../../src/core/options.ts';
import { Random } from '../../src/core/random.ts';
import { imageTensor } from '../../src/core/train/batch.ts';
import { splitMembers } from '../../src/core/train/members.ts';
import type { Sides } from '../../src/core/train/patch-source.ts';
import { encodeOnnx } from '../../src/project/services/model/onnx-file.ts';
import { testKernels } from '../reference/engine.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { described, OPTIONS, randomNetwork } from '../services/model-runs.ts';
import { noPython, PYTHON } from './python.ts';

const noRuntime = noPython('onnxruntime', 'onnx');
const SCRIPT = fileURLToPath(new URL('run_onnx.py', import.meta.url));

interface Answer {
  difference: number;
  spread: number;
  input: [string, (string | number)[]];
  metadata: Record<string, string>;
}

const CLASSES = 3;
const normal = (length: number, random: Random) => Float32Array.from({ length }, () => random.normal());

const CASES: Record<string, { options: Partial<SettledOptions>; channels: number; sides: Sides }> = {
  unet: { options: { width: 2 }, channels: 1, sides: [32, 16, 48] },
  'unet of three channels': { options: { width: 2 }, channels: 3, sides: [16, 32, 16] },
  vnet: { options: { network: 'vnet', width: 2 }, channels: 1, sides: [32, 32, 16] },
  'ensemble of three': { options: { width: 2, ensemble: 3 }, channels: 1, sides: [16, 32, 16] },
  'planned for thick slices, with deep supervision': {
    options: {
      network: 'planned',
      deepSupervision: 'on',
      plan: planNetwork([1, 1, 5], [32, 48, 8], 2),
    },
    channels: 2,
    sides: [32, 48, 8],
  },
};

for (const [name, { options: change, channels, sides }] of Object.entries(CASES)) {
  test(`onnxruntime gives the probabilities of the ${name}, for a batch of two`, { skip: noRuntime }, async (t) => {
    const { kernels } = await testKernels();
    const options = { ...OPTIONS, ...change, patch: sides };
    const tensors = randomNetwork(options, CLASSES, 4, channels);
    const random = new Random(9);
    // Scales and shifts are 1 and 0 at first, and biases 0: a graph that left them out would not show.
    for (const [weight, { values }] of Object.entries(tensors))
      if (/\.(scale|shift|bias)$/.test(weight))
        for (let n = 0; n < values.length; n++) values[n] += 0.3 * random.normal();
    const members = splitMembers(tensors).map((member) =>
      Object.fromEntries(
        Object.entries(member).map(([weight, { shape, values }]) => [weight, tf.tensor(values, shape)]),
      ),
    );
    const images = [0, 1].map(() => normal(channels * sides[0] * sides[1] * sides[2], random));
    const { forward } = networkByName(options.network, options.plan);
    const expected = images.map((image) => {
      const x = imageTensor(image, sides);
      const probabilities = members.map((weights) => {
        const tape = new Tape(kernels, weights, false);
        const { logits } = forward(tape, x as FeatureMap, { features: 'bottleneck', dropout: null });
        return softmaxChannels(channelsFirst(logits));
      });
      return tf.addN(probabilities).div(members.length).dataSync() as Float32Array;
    });
    const folder = temporaryFolder(t);
    const file = (end: string, content: Uint8Array) => {
      writeFileSync(join(folder, end), content);
      return join(folder, end);
    };
    const description: ModelDescription = described(options, channels, CLASSES - 1);
    const model = file('m.onnx', encodeOnnx(description, tensors));
    const image = file('x.f32', Buffer.concat(images.map(({ buffer }) => Buffer.from(buffer))));
    const truth = file('y.f32', Buffer.concat(expected.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
    const shape = [2, channels, ...sides.toReversed()].join(',');
    const answer = JSON.parse(
      execFileSync(PYTHON, [SCRIPT, model, image, truth, shape], { encoding: 'utf8' }),
    ) as Answer;
    assert.ok(answer.difference < 1e-4, `difference ${answer.difference}`);
    assert.ok(answer.spread > 0.5, 'the probabilities differ from place to place');
    assert.deepEqual(answer.input, ['image', ['batch', channels, 'depth', 'height', 'width']]);
    assert.deepEqual(JSON.parse(answer.metadata.window), sides.toReversed());
    assert.deepEqual(JSON.parse(answer.metadata.decile_model), description);
  });
}
