/** Labels that patches rarely hold, in real trainer processes: the checkpoint names them, and prediction weighs them. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { oneChannel } from '../../src/core/model-channels.ts';
import { initNetwork } from '../../src/core/network/networks.ts';
import type { RareLabels } from '../../src/core/predict/rare-weights.ts';
import { Random } from '../../src/core/random.ts';
import { decodeCheckpoint, encodeNetwork } from '../../src/core/train/checkpoint.ts';
import type { Volume } from '../../src/core/volume.ts';
import { readMask, writeNifti } from '../../src/imaging/index.ts';
import { checkpointPath } from '../../src/trainer/worker/files.ts';
import { b, folder, grid, job, play } from './trainer-runs.ts';

test('a checkpoint names the labels that patches from anywhere rarely held', async () => {
  const large = { ...grid, size: [48, 48, 40] as [number, number, number] };
  const data = new Int16Array(48 * 48 * 40);
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [x, y, z] = [i % 48, Math.floor(i / 48) % 48, Math.floor(i / 2304)];
    mask[i] = x < 3 && y < 3 && z < 3 ? 2 : x > 8 ? 1 : 0;
    data[i] = 100 * mask[i] + Math.round(40 * Math.sin(i));
  }
  const [volumePath, maskPath] = [join(folder, 'corner.nii'), join(folder, 'corner.mask.nii.gz')];
  await writeNifti(volumePath, { ...large, data } as unknown as Volume);
  await writeNifti(maskPath, { ...large, data: mask } as unknown as Volume);
  const given = job('rare', { method: 'supervised', steps: 1, engine: 'simd', validateEvery: 100 });
  const labelled = [{ scan: 9, name: 'corner', volumePath, maskPath }];
  const classes = ['background', 'most', 'corner'];
  const { last } = await play({ ...given, classes, lists: { labelled, unlabelled: [], validation: [] } });
  assert.equal(last.type, 'finished', JSON.stringify(last));
  assert.deepEqual(decodeCheckpoint(readFileSync(checkpointPath(given.runFolder))).meta.rare, [2]);
});

test('prediction weighs the labels that the checkpoint names, unless it is told not to', async () => {
  const given = job('weighed');
  // A network that says 30, 40 and 30 % everywhere.
  await tf.setBackend('cpu');
  const weights = initNetwork('unet', { width: 1, inputChannels: 1, classes: 3 }, new Random(1));
  const tensors: Record<string, { shape: number[]; values: Float32Array }> = {};
  for (const [name, w] of Object.entries(weights)) {
    const values = (await w.data()) as Float32Array;
    tensors[name] = { shape: w.shape, values: name === 'out.weight' ? new Float32Array(values.length) : values };
  }
  tensors['out.bias'] = { shape: [3], values: Float32Array.from([0.3, 0.4, 0.3], Math.log) };
  const told = {
    step: 4,
    options: { ...given.options, network: 'unet' as const, voxel: [1, 1, 2] as const },
    classes: ['background', 'organ', 'tumour'],
    channels: oneChannel({ kind: 'mr' }),
  };
  const predicted = async (rare: number[] | null, rareLabels?: RareLabels) => {
    writeFileSync(checkpointPath(given.runFolder), encodeNetwork(tensors, { ...told, ...(rare && { rare }) } as never));
    const outputFolder = join(folder, 'weighed', 'masks');
    mkdirSync(outputFolder, { recursive: true });
    const { last } = await play({
      ...{ kind: 'predict', runFolder: given.runFolder, cases: [b], outputFolder, stride: 'auto', pieces: 'all' },
      ...{ engine: 'simd', ...(rareLabels && { rareLabels }) },
    } as const);
    assert.equal(last.type, 'finished', JSON.stringify(last));
    return [...new Set((await readMask(join(outputFolder, `${b.scan}.nii.gz`))).data)];
  };
  assert.deepEqual(await predicted([2]), [2]);
  assert.deepEqual(await predicted([2], 'argmax'), [1]);
  assert.deepEqual(await predicted(null), [1], 'of a run of an earlier version nothing is known');
});
