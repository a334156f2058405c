import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMask } from '../../src/imaging/index.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { cohort, SMALL } from './cohort.ts';
import { decile } from './run.ts';

type Failed = { error: { code: string; message: string; cure: string } };

test('a model predicts in another project what it predicts at home', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const run = (...args: string[]) => decile(args, { cwd });
  const done = async (...args: string[]) => {
    const ran = await run(...args);
    assert.equal(ran.status, 0, ran.stderr);
    return ran;
  };
  await done('new', 'home', '--label', 'organ', '--label', 'other', '--preset', 'mr');
  await done('import', 'home', 'scans', '--labels', 'masks');
  const lacks = await run('train', 'home', '--steps', '3', '--json', ...SMALL);
  assert.equal((lacks.json() as Failed).error.code, 'train/class-missing');
  await done('new', 'p', '--label', 'organ', '--preset', 'mr');
  await done('import', 'p', 'scans', '--labels', 'masks');
  await done('train', 'p', '--labeled', '2', '--validation', '1', '--steps', '3', '--name', 'atlas', ...SMALL);
  await done('predict', 'p', '--scans', 'all');
  await done('export', 'p', 'at-home', '--format', 'nifti', '--run', 'atlas');
  const out = await done('model', 'export', 'p', 'm.safetensors', '--json');
  const { run: name, model } = out.json() as { run: string; model: { training: { labelled: number } } };
  assert.deepEqual([name, model.training.labelled], ['atlas', 2]);

  // Another value for the label, and one more that the model does not know.
  await done('new', 'away', '--label', 'vessel', '--label', 'organ', '--preset', 'mr');
  await done('import', 'away', 'scans', '--only', 'a*');
  const predicted = await done('predict', 'away', '--model', 'm.safetensors', '--json');
  assert.match(predicted.stderr, /does not know vessel/);
  assert.equal((predicted.json() as { run: string }).run, 'atlas');
  await done('export', 'away', 'elsewhere', '--format', 'nifti', '--run', 'atlas');
  const voxels: number[] = [];
  for (const scan of ['a1', 'a2', 'a3', 'a4']) {
    const [home, away] = await Promise.all(
      ['at-home', 'elsewhere'].map((folder) => readMask(join(cwd, folder, `${scan}.nii.gz`))),
    );
    assert.deepEqual(
      [...away.data],
      [...home.data].map((value) => 2 * value),
    );
    voxels.push(home.data.filter((value) => value > 0).length);
  }
  assert.ok(Math.max(...voxels) > 0, 'a mask holds something');
  const again = await done('model', 'import', 'away', 'm.safetensors', '--json');
  assert.equal((again.json() as { known: boolean }).known, true);
  const more = await done('train', 'p', '--from', 'atlas', '--steps', '1', '--patch', '16,16,16', '--json');
  assert.deepEqual((more.json() as { from: unknown }).from, { kind: 'run', name: 'atlas', step: 3 });
  const file = await done('train', 'p', '--from', 'm.safetensors', '--dry-run', '--json');
  assert.equal((file.json() as { options: { width: number } }).options.width, 1);
  const card = await done('model', 'info', 'm.safetensors');
  assert.match(
    card.stdout,
    /# atlas[\s\S]*not for diagnosis[\s\S]*2 labelled and 1 unlabelled[\s\S]*validation \(1 scans/,
  );
  assert.doesNotMatch(
    (await done('model', 'export', 'p', 'm.onnx')).stdout,
    /predict .*--model/,
    'Decile reads no ONNX',
  );
  const info = (await done('model', 'info', 'm.safetensors', '--json')).json() as { format: number; sha256: string };
  assert.deepEqual([info.format, info.sha256.length], [1, 64]);
});

test('what is no model of the project is refused on the command line', async (t) => {
  const cwd = await cohort(temporaryFolder(t));
  const run = (...args: string[]) => decile(args, { cwd });
  await run('new', 'p', '--label', 'organ', '--preset', 'mr');
  const code = async (...args: string[]) => ((await run(...args, '--json')).json() as Failed).error.code;
  assert.equal(await code('model', 'info', 'none.safetensors'), 'file/missing');
  assert.equal(await code('model', 'import', 'p', 'scans/a1.nii.gz'), 'model/not-a-model');
  assert.equal(await code('model', 'info', 'scans'), 'file/is-folder');
  assert.equal(await code('model', 'export', 'p', 'm.safetensors'), 'run/none-finished');
  writeFileSync(join(cwd, 'half.safetensors'), '\u0040\u0000\u0000\u0000\u0000\u0000\u0000\u0000{"__metadata__"');
  assert.equal(await code('predict', 'p', '--model', 'half.safetensors'), 'predict/no-scans');
  await run('import', 'p', 'scans');
  assert.equal(await code('predict', 'p', '--model', 'half.safetensors'), 'model/damaged');
  assert.equal(await code('predict', 'p', '--model', 'half.safetensors', '--run', 'x'), 'option/invalid');
});
