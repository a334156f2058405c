import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeCheckpoint, encodeNetwork, networkOf } from '../../src/core/train/checkpoint.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { readMask } from '../../src/imaging/index.ts';
import { maskOf, scanOf, temporaryFolder, writeVolumes } from '../services/helpers.ts';
import { SMALL } from './cohort.ts';
import { decile } from './run.ts';

const GRID: Grid = {
  size: [48, 40, 32],
  spacing: spacingMm(2, 2, 2),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

/** A bright cube of 8 voxels a side in a large field of noise, elsewhere in each scan. */
async function field(folder: string): Promise<string> {
  const corners = [
    [4, 4, 4],
    [34, 26, 20],
    [20, 6, 18],
    [8, 24, 6],
  ];
  const masks = corners.map((from) =>
    maskOf(
      1,
      from,
      from.map((v) => v + 8),
      GRID,
    ),
  );
  const scans = masks.map((mask, n) => {
    const scan = scanOf(n, GRID);
    mask.data.forEach((value, at) => {
      scan.data[at] = Math.abs(scan.data[at] % 50) + 20 + 600 * value;
    });
    return scan;
  });
  const named = <T>(list: T[]) => Object.fromEntries(list.map((one, n) => [`s${n + 1}.nii.gz`, one]));
  await writeVolumes(join(folder, 'scans'), named(scans));
  await writeVolumes(join(folder, 'masks'), named(masks.slice(0, 3)));
  return folder;
}

/** A project `p` of such scans, and its commands, which must not fail. */
async function cubes(t: TestContext) {
  const cwd = await field(temporaryFolder(t));
  const run = async (...args: string[]) => {
    const ran = await decile(args, { cwd });
    assert.equal(ran.status, 0, ran.stderr);
    return ran;
  };
  await run('new', 'p', '--label', 'cube', '--preset', 'mr');
  await run('import', 'p', 'scans', '--labels', 'masks');
  return { cwd, run };
}

test('a coarse model finds the region, the fine one predicts inside it; without a find the whole scan is read', async (t) => {
  const { cwd, run } = await cubes(t);
  const options = [
    '--region',
    'auto',
    '--method',
    'supervised',
    '--steps',
    '60',
    '--engine',
    'simd',
    ...SMALL,
    '--width',
    '4',
  ];
  const trained = await run('train', 'p', ...options);
  assert.match(trained.stderr, /A coarse model looks for the region first: 60 steps on whole scans at 2.0 mm/);
  const coarse = join(cwd, 'p', 'runs', '1', 'region.safetensors');
  const checkpoint = decodeCheckpoint(readFileSync(coarse));
  assert.deepEqual(checkpoint.meta.classes, ['background', 'any label']);
  const predict = async (...args: string[]) => {
    const { stderr } = await run('predict', ...args, '--pieces', 'all');
    await run('export', args[0], 'out', '--format', 'nifti', '--run', 'run-1');
    const mask = await readMask(join(cwd, 'out', 's4.nii.gz'));
    const truth = maskOf(1, [8, 24, 6], [16, 32, 14], GRID);
    const far = mask.data.filter((value, at) => {
      const place = [at % 48, Math.floor(at / 48) % 40, Math.floor(at / 1920)];
      return value > 0 && place.some((v, axis) => Math.abs(v - [12, 28, 10][axis]) > 20);
    });
    return {
      stderr,
      data: mask.data,
      far: far.length,
      hit: mask.data.filter((v, at) => v > 0 && truth.data[at] > 0).length,
    };
  };
  const home = await predict('p');
  assert.equal(home.stderr.includes('found nothing'), false, home.stderr);
  assert.ok(home.hit > 0, 'the cube is seen');
  assert.equal(home.far, 0, 'nothing is drawn far from the region');

  // The coarse model travels with the fine one.
  assert.doesNotMatch((await run('model', 'export', 'p', 'm.safetensors')).stderr, /coarse model/);
  assert.match((await run('model', 'export', 'p', 'm.onnx')).stderr, /The coarse model .* is not in an ONNX file/);
  await run('new', 'q', '--label', 'cube', '--preset', 'mr');
  await run('import', 'q', 'scans', '--only', 's4*');
  const away = await predict('q', '--model', 'm.safetensors');
  assert.deepEqual(away.data, home.data);

  // One that never sees anything.
  const tensors = networkOf(checkpoint, 'student');
  tensors['out.bias'].values.set([100, -100]);
  writeFileSync(coarse, encodeNetwork(tensors, checkpoint.meta));
  assert.match((await predict('p')).stderr, /The coarse model found nothing in s4: read whole/);

  // What learned inside a region is not asked about whole scans because a file is gone.
  rmSync(coarse);
  for (const args of [
    ['predict', 'p'],
    ['model', 'export', 'p', 'without.safetensors'],
  ]) {
    const { status, stderr } = await decile(args, { cwd });
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, /run\/no-checkpoint: .* of (its|the) coarse model/);
  }
  assert.match((await decile(['check', 'p'], { cwd })).stdout, /runs\/1\/region\.safetensors/);
});

test('a training whose patches rarely hold a label says so at its start; small structures bring their region along', async (t) => {
  const { run } = await cubes(t);
  const short = ['--method', 'supervised', '--steps', '1', '--engine', 'simd', '--width', '2', '--patch', '8,8,8'];
  assert.match((await run('train', 'p', ...short)).stderr, /rarely hold cube, which may stay unlearnt/);
  const planned = await run('train', 'p', '--dry-run', '--small-structures', 'on');
  assert.match(planned.stdout, /patches of .+, in the region that a coarse model finds\./);
  assert.doesNotMatch((await run('train', 'p', '--dry-run')).stdout, /coarse model/);
});
