import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readMask } from '../../src/imaging/index.ts';
import { cohort, SMALL } from '../cli/cohort.ts';
import { decile } from '../cli/run.ts';
import { temporaryFolder } from '../services/helpers.ts';
import { noPython, PYTHON } from './python.ts';

const PAGE = fileURLToPath(new URL('../../docs/how-to/use-a-model-elsewhere.md', import.meta.url));
const skip = noPython('onnxruntime', 'nibabel');

for (const [grid, ...spacing] of [
  ['the scans’ own voxels'],
  ['coarser voxels', '--spacing', '1.6,1.5,1.3', '--resampling', 'mean'],
])
  test(`the Python of the how-to page makes the masks of decile predict, on ${grid}`, { skip }, (t) =>
    compare(t, spacing),
  );

async function compare(t: TestContext, spacing: string[]): Promise<void> {
  const cwd = await cohort(temporaryFolder(t));
  const run = async (...args: string[]) => {
    const ran = await decile(args, { cwd });
    assert.equal(ran.status, 0, ran.stderr);
    return ran;
  };
  await run('new', 'p', '--label', 'organ', '--preset', 'mr');
  await run('import', 'p', 'scans', '--labels', 'masks');
  await run('train', 'p', '--labeled', '2', '--steps', '3', ...SMALL, ...spacing);
  await run('predict', 'p', '--scans', 'all', '--pieces', 'all');
  await run('export', 'p', 'here', '--format', 'nifti', '--run', 'run-1');
  await run('model', 'export', 'p', 'm.onnx');
  const [, script] = /```python\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8'))!;
  writeFileSync(join(cwd, 'predict.py'), script);
  for (const scan of ['a1', 'a4']) {
    execFileSync(PYTHON, ['predict.py', 'm.onnx', `scans/${scan}.nii.gz`, `${scan}.nii.gz`], { cwd });
    const [there, here] = await Promise.all(
      [`${scan}.nii.gz`, `here/${scan}.nii.gz`].map((path) => readMask(join(cwd, path))),
    );
    const drawn = here.data.filter((value) => value > 0).length;
    assert.ok(drawn > 10 && drawn < 0.9 * here.data.length, `${drawn} voxels`);
    const other = here.data.filter((value, at) => value !== there.data[at]).length;
    assert.ok(other <= Math.min(1e-3 * here.data.length, 0.1 * drawn), `${other} of ${here.data.length} voxels differ`);
  }
}
