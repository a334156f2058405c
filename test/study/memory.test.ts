import assert from 'node:assert/strict';
import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { imagesWithGradient, PROCESS_BYTES, stepBytes } from '../../src/core/train/step-bytes.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { writeNifti } from '../../src/imaging/index.ts';
import { parseStudy } from '../../src/study/definition.ts';
import { jobsAtOnce, sizeJobs } from '../../src/study/memory.ts';
import { planStudy } from '../../src/study/plan.ts';
import { temporaryFolder } from '../store/helpers.ts';

const GB = 1e9;

test('jobs at once are as many as asked for, or as many as fit, with the reason', () => {
  assert.deepEqual(jobsAtOnce(2, 1 * GB, 8 * GB, 8 * GB), { jobs: 2, notice: null });
  const { jobs, notice } = jobsAtOnce(4, 2 * GB, 5 * GB, 8 * GB);
  assert.equal(jobs, Math.floor((0.85 * 5) / 2));
  assert.equal(notice, '2 at a time instead of 4: a job needs about 2.0 GB and 5.0 GB are free.');
  assert.equal(jobsAtOnce(3, 2 * GB, 1 * GB, 8 * GB).jobs, 1, 'one always runs where the machine is large enough');
});

test('a job that is larger than the machine is refused', () => {
  assert.throws(() => jobsAtOnce(1, 9 * GB, 7 * GB, 8 * GB), { code: 'study/memory', message: /9\.0 GB/ });
});

test('the activations kept are those of every patch with a gradient, in every network', () => {
  const count = (given: object) =>
    imagesWithGradient(
      resolveOptions({ unlabelledBranch: 'teacher', labelledPerStep: 2, unlabelledPerStep: 3, ...given }),
    );
  assert.deepEqual(
    [
      count({ method: 'supervised' }),
      count({ method: 'cpcl' }),
      count({ method: 'cpcl', unlabelledBranch: 'student' }),
      count({ method: 'cpcl', unlabelledBranch: 'both' }),
      count({ method: 'cpcl', meanTeacherTerm: 'on' }),
      count({ method: 'mean-teacher' }),
      count({ method: 'ict' }),
      count({ method: 'dtml' }),
      count({ method: 'paste' }),
      count({ method: 'bcp' }),
      count({ method: 'cpcl-mix' }),
      count({ method: 'agreement' }),
    ],
    [2, 2, 2 + 3, 2 + 3, 2 + 3, 2 + 3, 2 + 1, 2 * (2 + 3), 2, 2 * 3, 2 * 3, 2 + 3],
  );
});

/** A study of four empty scans, each of one row of voxels more than the one before. */
async function studyOf(t: TestContext, size: readonly [number, number, number], methods: readonly unknown[]) {
  const folder = temporaryFolder(t);
  for (const part of ['images', 'labels']) {
    mkdirSync(join(folder, part));
    for (let n = 0; n < 4; n++) {
      const grid: Grid = {
        ...{ size: [size[0], size[1] + n, size[2]], spacing: spacingMm(1, 1, 2), origin: lpsPoint(0, 0, 0) },
        direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      };
      const data = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
      await writeNifti(join(folder, part, `c${n}.nii.gz`), { ...grid, data });
    }
  }
  const definition = parseStudy(
    {
      name: 'Patches',
      images: 'images',
      labels: 'labels',
      preset: 'mr',
      classes: ['x'],
      split: { train: ['c0..c2'], test: ['c3'] },
      methods,
      labelled: [1],
      seeds: [1],
      options: { network: 'unet', width: 2, labelledPerStep: 2, unlabelledPerStep: 2 },
    },
    folder,
  );
  return sizeJobs(planStudy(definition, join(folder, 'out')));
}

test('an automatic patch is the same for all jobs, whatever their width and method', async (t) => {
  const jobs = await studyOf(
    t,
    [40, 36, 10],
    ['supervised', { name: 'wide', method: 'dtml', width: 16 }, { name: 'native', method: 'cpcl', spacing: 'native' }],
  );
  // Median scan 40 x 37 x 10 voxels of 1 x 1 x 2 mm: 20 slices at 1 mm.
  assert.deepEqual(
    jobs.map(({ options }) => options.patch),
    [
      [32, 32, 16],
      [32, 32, 16],
      [32, 32, 16],
    ],
  );
  assert.equal(jobs[1].bytes, PROCESS_BYTES + stepBytes([32, 32, 16], { width: 16, gradientImages: 8, images: 4 }));
  assert.ok(jobs[0].bytes < jobs[1].bytes);
  // Steps are planned for each: four patches a step leave fewer of them than two.
  const [supervised, wide] = jobs.map(({ options: { steps, ensemble } }) => steps / ensemble);
  assert.ok(wide <= supervised, `${supervised}, ${wide}`);
  assert.ok(jobs.every(({ options }) => Number.isInteger(options.steps)));
});

test('a row for small structures has a smaller patch than the others of its study', async (t) => {
  const rows = ['supervised', { name: 'small', method: 'supervised', smallStructures: 'on', spacing: 'native' }];
  const jobs = await studyOf(t, [96, 96, 48], [...rows, { name: 'native', method: 'supervised', spacing: 'native' }]);
  const [, small, native] = jobs.map(({ options: { patch } }) => patch[0] * patch[1] * patch[2]);
  assert.ok(small <= 64 * 64 * 32 && small < native, `${small}, ${native}`);
});

test('a small label that enough labelled masks have is made up for in every row that leaves it open', async (t) => {
  const folder = temporaryFolder(t);
  const grid: Grid = {
    ...{ size: [256, 256, 96], spacing: spacingMm(1, 1, 2), origin: lpsPoint(0, 0, 0) },
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  for (const part of ['images', 'labels']) {
    mkdirSync(join(folder, part));
    const first = join(folder, part, 'c00.nii.gz');
    const data = new Uint8Array(256 * 256 * 96);
    if (part === 'labels') data.fill(1, 3_000_000, 3_000_100);
    await writeNifti(first, { ...grid, data });
    for (let n = 1; n < 16; n++) linkSync(first, join(folder, part, `c${String(n).padStart(2, '0')}.nii.gz`));
  }
  const definition = parseStudy(
    {
      name: 'Small',
      images: 'images',
      labels: 'labels',
      preset: 'mr',
      classes: ['x'],
      split: { train: ['c00..c14'], test: ['c15'] },
      methods: ['supervised', { name: 'whole', method: 'supervised', smallStructures: 'off' }],
      labelled: [4, 14],
      seeds: [1],
      options: { spacing: 'native' },
    },
    folder,
  );
  const jobs = await sizeJobs(planStudy(definition, join(folder, 'out')));
  const settled = jobs.map(({ id, options: { smallStructures, region } }) => [id, smallStructures, region]);
  assert.deepEqual(settled, [
    ['supervised-4-1', 'few', 'auto'],
    ['whole-4-1', 'off', 'off'],
    ['supervised-14-1', 'on', 'auto'],
    ['whole-14-1', 'off', 'off'],
  ]);
  const before = await sizeJobs(planStudy(definition, join(folder, 'out')), {}, 14);
  assert.deepEqual(
    before.map(({ options: { smallStructures } }) => smallStructures),
    ['off', 'off', 'on', 'off'],
    'a study of an earlier version',
  );
  const voxels = jobs.map(({ options: { patch } }) => patch[0] * patch[1] * patch[2]);
  assert.ok(voxels[2] <= 64 * 64 * 32 && voxels[0] > 2 * voxels[2], `${voxels}`);
});
