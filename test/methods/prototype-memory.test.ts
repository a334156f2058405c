import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { cpcl } from '../../src/core/methods/cpcl.ts';
import { type MemoryState, PrototypeMemory } from '../../src/core/methods/prototype-memory.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { testKernels } from '../reference/engine.ts';
import { noise } from '../reference/golden.ts';
import { contextOf } from '../train/helpers.ts';

await testKernels();

const of = (rows: number[][], present: boolean[]) => ({ vectors: tf.tensor2d(rows), present });

test('a class is remembered by the moving average of its prototypes, from its first one on; sides apart', async () => {
  const state: MemoryState = {};
  const memory = new PrototypeMemory(0.75, state);
  await memory.remember(
    'labelled',
    of(
      [
        [1, 2],
        [0, 0],
      ],
      [true, false],
    ),
  );
  assert.deepEqual(state, { labelled: [[1, 2], null] });
  await memory.remember(
    'labelled',
    of(
      [
        [5, 2],
        [8, 4],
      ],
      [true, true],
    ),
  );
  await memory.remember(
    'labelled',
    of(
      [
        [0, 0],
        [0, 0],
      ],
      [false, false],
    ),
  );
  assert.deepEqual(state, {
    labelled: [
      [0.75 * 1 + 0.25 * 5, 2],
      [8, 4],
    ],
  });
});

test('what is remembered stands in for absent classes alone; a class never seen stays absent', () => {
  const memory = new PrototypeMemory(0.9, { labelled: [[9, 9], [3, 4], null] });
  const given = of(
    [
      [1, 2],
      [0, 0],
      [0, 0],
    ],
    [true, false, false],
  );
  const { vectors, present } = memory.filled('labelled', given);
  assert.deepEqual([...vectors.dataSync()], [1, 2, 3, 4, 0, 0]);
  assert.deepEqual(present, [true, true, false]);
  assert.deepEqual(memory.filled('unlabelled', given).present, given.present);
});

test('CPCL makes both processes of a step without the class when it saw the class before, and says it skips them otherwise', async () => {
  const outputs = (foreground: boolean) => {
    const said = [1, 1, 1, 1].map((v, i) => (foreground && i > 1 ? -v : v));
    const output = {
      logits: [tf.tensor4d([...said, ...said.map((v) => -v)], [2, 1, 1, 4])],
      features: [tf.tensor5d(noise(12, 3, 1, 1.2), [1, 1, 1, 4, 3])],
    };
    return { labelled: output, unlabelled: output };
  };
  const batch = (foreground: boolean) => {
    const mask = [0, 0, Number(foreground), Number(foreground)];
    const oneHot = [tf.tensor4d([...mask.map((v) => 1 - v), ...mask], [2, 1, 1, 4])];
    const count = foreground ? 2 : 0;
    return { labelled: { images: [], oneHot, voxels: [[4 - count, count]] }, unlabelled: { images: [] } };
  };
  const skipped = async (foreground: boolean, memory?: PrototypeMemory) => {
    const context = contextOf(resolveOptions({ steps: 2000 }), { memory });
    const before = tf.memory().numTensors;
    const read = outputs(foreground);
    const given = batch(foreground);
    const constants = await cpcl.constants?.(read, given, context);
    assert.equal(tf.memory().numTensors, before + 3 + 1, 'maps, mask and pseudo-mask alone are left');
    return cpcl.loss(read, given, context, constants as never).skipped;
  };
  const memory = new PrototypeMemory(0.9, {});
  assert.deepEqual(await skipped(false, memory), ['forward', 'backward']);
  assert.deepEqual(await skipped(true, memory), []);
  assert.deepEqual(await skipped(false, memory), []);
  assert.deepEqual(await skipped(false), ['forward', 'backward']);
});
