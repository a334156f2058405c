import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { DEFAULT_OPTIONS, METHODS, type MethodName, type TrainingOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { decodeCheckpoint, networkOf } from '../../src/core/train/checkpoint.ts';
import { train } from '../../src/core/train/loop.ts';
import { labelled, unlabelled } from './helpers.ts';
import { engine, kernels, run, SETTLED } from './short-run.ts';

const RUNS: [string, Partial<TrainingOptions>][] = [
  ...METHODS.map((method): [string, Partial<TrainingOptions>] => [method, { method }]),
  ['cpcl with the V-Net', { method: 'cpcl', network: 'vnet' }],
  ['cpcl with strong warps and varied intensities', { method: 'cpcl', augmentation: 'strong', intensity: 'on' }],
  ['cpcl with patches around labels', { method: 'cpcl', foregroundShare: 0.5 }],
  // Nine steps: in the ninth the network is asked for classes, which draw unlabelled patches.
  [
    'cpcl with a planned network',
    { method: 'cpcl', network: 'planned', deepSupervision: 'on', foregroundShare: 0.5, steps: 9 },
  ],
  [
    'supervised by AdamW, with a moving average',
    { method: 'supervised', optimiser: 'adamw', predictWith: 'teacher', clipNorm: 1 },
  ],
  ['cpcl, unlabelled scans from half of the steps on', { method: 'cpcl', unlabelledFrom: 0.5 }],
  ['dan, unlabelled scans from half of the steps on', { method: 'dan', unlabelledFrom: 0.5 }],
  ['cpcl with a memory', { method: 'cpcl', prototypeMemory: 0.9 }],
  ['cpcl-mix with a memory', { method: 'cpcl-mix', prototypeMemory: 0.9 }],
  ['two networks in one run', { method: 'mean-teacher', ensemble: 2, unlabelledFrom: 0.5 }],
  ['cpcl with certainty weighting', { method: 'cpcl', certaintyWeighting: 'on' }],
];

for (const [name, given] of RUNS) {
  // An uninterrupted run and one in two parts answer both questions; what the program keeps for good is there after the first.
  let runs: Promise<Record<'whole' | 'first' | 'second', Awaited<ReturnType<typeof run>>> & { left: number }>;
  const played = () => {
    runs ??= (async () => {
      const whole = await run(given);
      const before = tf.memory().numTensors;
      const first = await run(given, undefined, 2);
      const second = await run(given, first.saved);
      return { whole, first, second, left: tf.memory().numTensors - before };
    })();
    return runs;
  };

  test(`${name} resumed from a checkpoint ends with the very bytes of an uninterrupted run (${engine})`, async () => {
    const { whole, first, second } = await played();
    assert.equal(first.outcome, 'cancelled');
    assert.deepEqual([...first.losses, ...second.losses], whole.losses);
    assert.ok(Buffer.from(second.saved).equals(Buffer.from(whole.saved)), 'the last checkpoints must be equal');
  });

  test(`${name} keeps no tensor from one step to the next, and none at the end (${engine})`, async () => {
    const { whole, left } = await played();
    assert.ok(
      whole.tensors.every((n) => n === whole.tensors[0]),
      `tensors after each step: ${whole.tensors}`,
    );
    assert.equal(left, 0);
  });
}

test(`until unlabelled scans have a part the steps are supervised-only with as many patches, term by term (${engine})`, async () => {
  const { labelledPerStep, unlabelledPerStep } = DEFAULT_OPTIONS;
  const alone = await run({ method: 'supervised', labelledPerStep: labelledPerStep + unlabelledPerStep });
  const later = await run({ method: 'cpcl', unlabelledFrom: 0.5, lambdaRamp: 0.001 });
  assert.deepEqual(later.losses.slice(0, 2), alone.losses.slice(0, 2));
  for (const losses of later.losses.slice(2))
    assert.deepEqual(Object.keys(losses), ['total', 'supervised', 'forward', 'backward']);
});

test(`a run that starts from other weights has them at its first step, its teacher too (${engine})`, async () => {
  const from = decodeCheckpoint((await run({ method: 'bcp' })).saved);
  let saved = new Uint8Array(0) as Uint8Array;
  await train({
    // A step of AdamW changes no weight by more than its rate.
    options: {
      ...resolveOptions({
        network: 'unet',
        width: 2,
        method: 'bcp',
        steps: 1,
        learningRate: 1e-6,
        weightDecay: 0,
        seed: 2,
      }),
      ...SETTLED,
    },
    ...{ classes: ['background', 'ball'], labelled, unlabelled, kernels, startFrom: from },
    hooks: {
      onCheckpoint: async (bytes) => {
        saved = bytes;
      },
    },
  });
  const [first, after] = [networkOf(from, 'student'), networkOf(decodeCheckpoint(saved), 'student')];
  const teacher = networkOf(decodeCheckpoint(saved), 'teacher');
  assert.deepEqual(Object.keys(after), Object.keys(first));
  for (const [name, { values }] of Object.entries(first))
    for (const found of [after, teacher])
      for (const [n, value] of Array.from(values).entries())
        assert.ok(Math.abs(Number(found[name].values[n]) - Number(value)) < 1e-5, `${name}, value ${n}`);
});

test(`without any unlabelled scan every step is supervised-only with as many patches (${engine})`, async () => {
  const { labelledPerStep, unlabelledPerStep } = DEFAULT_OPTIONS;
  const alone = await run({ method: 'supervised', labelledPerStep: labelledPerStep + unlabelledPerStep });
  for (const method of ['bcp', 'cpcl', 'dan'] as const)
    assert.deepEqual((await run({ method }, undefined, 4, [])).losses, alone.losses);
});

test(`a loss that is no number ends the run with its step, saves nothing and keeps no tensor (${engine})`, async () => {
  const before = tf.memory().numTensors;
  const broken = labelled.map((source) => ({ ...source, readImage: () => new Float32Array(16 ** 3).fill(Number.NaN) }));
  let saves = 0;
  await assert.rejects(
    train({
      options: {
        ...resolveOptions({ network: 'unet', method: 'supervised', width: 2, steps: 4, checkpointEvery: 1 }),
        ...SETTLED,
      },
      ...{ classes: ['background', 'ball'], labelled: broken, unlabelled: [], kernels },
      hooks: {
        onCheckpoint: async () => {
          saves++;
        },
      },
    }),
    { code: 'train/diverged', message: /got NaN at step 1\./ },
  );
  assert.equal(saves, 0);
  assert.equal(tf.memory().numTensors, before);
});

test(`a run that nobody listens to trains to its end (${engine})`, async () => {
  const ended = await train({
    options: { ...resolveOptions({ network: 'unet', method: 'supervised', width: 2, steps: 1 }), ...SETTLED },
    ...{ classes: ['background', 'ball'], labelled, unlabelled: [], kernels },
    hooks: { onCheckpoint: async () => {} },
  });
  assert.deepEqual(ended, { outcome: 'finished', step: 1 });
});

test(`every method sees the same labelled patches for one seed (${engine})`, async () => {
  const first = async (method: MethodName) =>
    (await run({ method, steps: 1, dropout: 0, unlabelledFrom: 0 })).losses[0].supervised;
  assert.equal(await first('cpcl'), await first('supervised'));
  assert.equal(await first('mean-teacher'), await first('supervised'));
});

test(`another seed trains on other patches (${engine})`, async () => {
  assert.notEqual(
    (await run({ steps: 1, seed: 1 })).losses[0].total,
    (await run({ steps: 1, seed: 2 })).losses[0].total,
  );
});

test(`training learns the balls: the supervised loss falls by a third in 30 steps (${engine})`, async () => {
  const { losses } = await run({ method: 'cpcl', steps: 30, learningRate: 0.05 });
  const mean = (part: Record<string, number>[]) => part.reduce((sum, l) => sum + l.supervised, 0) / part.length;
  assert.ok(
    mean(losses.slice(-5)) < (2 / 3) * mean(losses.slice(0, 5)),
    `${mean(losses.slice(0, 5))} -> ${mean(losses.slice(-5))}`,
  );
});
