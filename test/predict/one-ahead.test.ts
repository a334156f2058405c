/** Windows follow one another without waiting for what the engine reads back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { slidingWindow } from '../../src/core/predict/sliding-window.ts';
import { decodeCheckpoint } from '../../src/core/train/checkpoint.ts';
import { predictorsOf } from '../../src/core/train/state.ts';
import { labelled } from '../train/helpers.ts';
import { kernels, run, SETTLED } from '../train/short-run.ts';

const [{ size, readImage }] = labelled;
const [weights] = predictorsOf(decodeCheckpoint((await run({ method: 'supervised', steps: 1 })).saved));
const image = readImage([0, 0, 0], size);
const predicted = (onWindow?: (done: number) => void) =>
  slidingWindow(
    image,
    size,
    weights,
    kernels,
    { patch: [...SETTLED.patch], stride: [8, 8, 8], network: 'unet' },
    onWindow,
  );

test('a window is under way before the one before it is read, and the maps are the same', async (t) => {
  const expected = await predicted();
  const events: string[] = [];
  const data = tf.Tensor.prototype.data;
  t.mock.method(tf.Tensor.prototype, 'data', async function (this: tf.Tensor) {
    events.push('asked');
    const values = await data.call(this);
    await new Promise((resolve) => setTimeout(resolve, 5));
    events.push('read');
    return values;
  });
  assert.deepEqual(await predicted(), expected);
  assert.ok(events.length >= 4, `${events.length / 2} windows`);
  assert.deepEqual(events.slice(0, 4), ['asked', 'asked', 'read', 'asked']);
  assert.deepEqual(events.slice(-2), ['read', 'read']);
});

test('a window that fails, or one that is stopped at, ends the prediction with its reason and leaves no tensors', async (t) => {
  const before = tf.memory().numTensors;
  await assert.rejects(
    predicted(() => {
      throw new Error('stopped');
    }),
    /stopped/,
  );
  assert.equal(tf.memory().numTensors, before);
  let asked = 0;
  const data = tf.Tensor.prototype.data;
  t.mock.method(tf.Tensor.prototype, 'data', async function (this: tf.Tensor) {
    if (++asked === 2) throw new Error('device lost');
    return data.call(this);
  });
  await assert.rejects(predicted(), /device lost/);
  assert.equal(tf.memory().numTensors, before);
});
