/** Which part of each scan a run with `--region auto` reads. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { oneChannel } from '../../src/core/model-channels.ts';
import type { SettledOptions } from '../../src/core/options.ts';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { encodeNetwork } from '../../src/core/train/checkpoint.ts';
import { coarseOptions } from '../../src/core/train/coarse-region.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import type { TrainingCase } from '../../src/shared/training.ts';
import { withRegions } from '../../src/trainer/worker/coarse-model.ts';
import type { TrainerFiles } from '../../src/trainer/worker/dependencies.ts';
import { prepareCase } from '../../src/trainer/worker/prepared-case.ts';
import { testKernels } from '../reference/engine.ts';
import { randomNetwork } from '../services/model-runs.ts';
import { temporaryFolder } from '../store/helpers.ts';

const GRID: Grid = {
  size: [16, 16, 16],
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
const image = Float32Array.from({ length: 16 ** 3 }, (_, v) => 1 + (v % 7));
const mask = Uint8Array.from(image, (_, v) => (v % 16 < 4 && Math.floor(v / 16) % 16 < 4 && v < 4 * 256 ? 1 : 0));

const filesReading = (onRead: () => void) =>
  ({
    readVolume: async () => {
      onRead();
      return { volume: { ...GRID, data: image } };
    },
    readMask: async () => ({ ...GRID, data: mask }),
  }) as unknown as TrainerFiles;
const options: SettledOptions = {
  ...resolveOptions({ steps: 2000 }),
  patch: [16, 16, 16],
  spacing: 'native',
  orientation: 'stored',
  voxel: [1, 1, 1],
};
const channels = oneChannel({ kind: 'mr' });
/** A scan with its mask, whose files need only be there. */
function caseIn(folder: string, name: string, scan: number): TrainingCase {
  const [volumePath, maskPath] = [join(folder, `${name}.nii`), join(folder, `${name}.mask.nii`)];
  for (const path of [volumePath, maskPath]) writeFileSync(path, path);
  return { scan, name, volumePath, maskPath };
}

test('training reads around what is drawn; of a scan that is held out what a prediction would read', async (t) => {
  const { kernels } = await testKernels();
  const folder = temporaryFolder(t);
  const cache = join(folder, 'cache');
  const files = filesReading(() => {});
  const item = caseIn(folder, 'a', 1);
  const { maskPath: _, ...scan } = item;
  const labelled = [await prepareCase(item, cache, options, channels, 2, files)];
  // A coarse model that sees something everywhere.
  const coarse = coarseOptions(options, labelled);
  const weights = randomNetwork(coarse, 2);
  weights['out.bias'].values.set([-100, 100]);
  const told = { step: 1, options: coarse, classes: ['background', 'any label'], channels };
  writeFileSync(join(folder, 'region.safetensors'), encodeNetwork(weights, told));
  const bounded = await withRegions(
    { labelled, unlabelled: [], validation: labelled },
    {
      ...{ runFolder: folder, cache, options, channels, kernels, files, report: () => {} },
      control: { cancelled: false, whileParked: async () => {} } as never,
      scanOf: () => scan,
    },
  );
  assert.ok(bounded);
  const [{ body }] = bounded.labelled;
  assert.deepEqual(body, { start: [0, 0, 0], size: [6, 6, 6] }, 'the drawn cube with its margin');
  assert.deepEqual(bounded.validation[0].body, { start: [0, 0, 0], size: [16, 16, 16] });
});

test('cancelled while scans are made coarse, the coarse model reads no further one', async (t) => {
  const { kernels } = await testKernels();
  const folder = temporaryFolder(t);
  const control = { cancelled: false, whileParked: async () => {} };
  let reads = 0;
  const files = filesReading(() => reads++);
  const items = ['a', 'b', 'c'].map((name, n) => caseIn(folder, name, n + 1));
  const cache = join(folder, 'cache');
  const labelled = await Promise.all(items.map((item) => prepareCase(item, cache, options, channels, 2, files)));
  reads = 0;
  const first = filesReading(() => {
    reads++;
    // What a message does, once the event loop turns.
    setImmediate(() => {
      control.cancelled = true;
    });
  });
  const bounded = await withRegions(
    { labelled, unlabelled: [], validation: [] },
    {
      ...{ runFolder: folder, cache, options, channels, kernels, files: first, report: () => {} },
      control: control as never,
      scanOf: ({ scan }) => items[scan - 1],
    },
  );
  assert.equal(bounded, null);
  assert.equal(reads, 1);
});
