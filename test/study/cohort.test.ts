import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { worldToVoxel } from '../../src/core/geometry.ts';
import { type Grid, lpsPoint, spacingMm, type Volume, type WorldPoint } from '../../src/core/volume.ts';
import { readMask, readVolume, writeNifti } from '../../src/imaging/index.ts';
import { discoverLayout, readLayout } from '../../src/imaging/layouts.ts';
import { parseStudy, readStudy } from '../../src/study/definition.ts';
import { lockPlan } from '../../src/study/lock.ts';
import { planStudy } from '../../src/study/plan.ts';
import { temporaryFolder } from '../store/helpers.ts';

const BRATS: Grid = {
  size: [8, 9, 10],
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, -239, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
/** As KiTS19 stores scans: slices first, so that its axes are those of the patient in another order. */
const KITS: Grid = {
  size: [10, 40, 44],
  spacing: spacingMm(3, 0.8, 0.8),
  origin: lpsPoint(5, 6, 7),
  direction: [0, 0, 1, 0, 1, 0, 1, 0, 0],
};

const voxels = (grid: Grid) => grid.size[0] * grid.size[1] * grid.size[2];
const filled = (grid: Grid, value: (i: number, j: number, k: number) => number): number[] =>
  Array.from({ length: voxels(grid) }, (_, at) =>
    value(
      at % grid.size[0],
      Math.floor(at / grid.size[0]) % grid.size[1],
      Math.floor(at / (grid.size[0] * grid.size[1])),
    ),
  );

/** BraTS labels in one corner: 1 core, 2 oedema, 4 enhancing. */
const tumour = (i: number, j: number, k: number) => (i < 2 && j < 3 && k < 4 ? [1, 2, 4][(i + j + k) % 3] : 0);

async function bratsFolder(t: TestContext): Promise<string> {
  const root = temporaryFolder(t);
  for (const [grade, names] of Object.entries({
    HGG: ['BraTS19_2013_10_1', 'BraTS19_2013_2_1', 'BraTS19_CBICA_AAB_1'],
    LGG: ['BraTS19_2013_0_1'],
  })) {
    for (const name of names) {
      const folder = join(root, grade, name);
      mkdirSync(folder, { recursive: true });
      for (const [n, modality] of ['flair', 't1', 't1ce', 't2'].entries()) {
        const data = Int16Array.from(
          filled(BRATS, (i, j, k) => (i === 7 ? 0 : 100 * (n + 1) + i + j + k + tumour(i, j, k))),
        );
        await writeNifti(join(folder, `${name}_${modality}.nii.gz`), { ...BRATS, data });
      }
      await writeNifti(join(folder, `${name}_seg.nii.gz`), { ...BRATS, data: Uint8Array.from(filled(BRATS, tumour)) });
    }
  }
  writeFileSync(join(root, 'name_mapping.csv'), 'Grade,BraTS_2019_subject_ID\n');
  return root;
}

/** Kidney (1) with a tumour (2) in slices 3 to 6. */
const kidney = (i: number, j: number, k: number) =>
  i >= 3 && i <= 6 && j >= 10 && j < 20 && k >= 15 && k < 30 ? (j > 16 ? 2 : 1) : 0;
/** 120 HU in the kidney, -300 to 399 around it. */
const density = (i: number, j: number, k: number) => (kidney(i, j, k) ? 120 : ((i * 7 + j * 13 + k * 5) % 700) - 300);

async function kitsFolder(t: TestContext): Promise<string> {
  const root = temporaryFolder(t);
  for (let n = 0; n < 4; n++) {
    const folder = join(root, 'data', `case_0000${n}`);
    mkdirSync(folder, { recursive: true });
    await writeNifti(join(folder, 'imaging.nii.gz'), { ...KITS, data: Int16Array.from(filled(KITS, density)) });
    // The last is one of the challenge's own test cases.
    if (n < 3)
      await writeNifti(join(folder, 'segmentation.nii.gz'), { ...KITS, data: Uint8Array.from(filled(KITS, kidney)) });
  }
  writeFileSync(join(root, 'data', 'kits.json'), '[]');
  return root;
}

const valueAt = (volume: Volume, point: WorldPoint): number => {
  const [i, j, k] = worldToVoxel(volume, point).map(Math.round);
  return volume.data[i + volume.size[0] * (j + volume.size[1] * k)];
};

const study = (cohort: object, given: object = {}) => ({
  name: 'A data set',
  cohort,
  classes: ['structure'],
  split: { seed: 1, validation: 0, test: 1 },
  methods: ['supervised'],
  labelled: [1],
  seeds: [1],
  options: { steps: 1, width: 1 },
  ...given,
});

test('BraTS 2019: cases of both grades by their own names, the FLAIR scan and the mask of each', async (t) => {
  const root = await bratsFolder(t);
  const found = discoverLayout(root)!;
  assert.deepEqual(
    [found.layout, found.cases.map((c) => c.name)],
    ['brats2019', ['BraTS19_2013_0_1', 'BraTS19_2013_2_1', 'BraTS19_2013_10_1', 'BraTS19_CBICA_AAB_1']],
  );
  assert.ok(
    found.cases.every(
      ({ name, image, mask }) => image.endsWith(`${name}_flair.nii.gz`) && mask!.endsWith('_seg.nii.gz'),
    ),
  );
  assert.match(discoverLayout(root, 't1ce')!.cases[0].image, /_t1ce\.nii\.gz$/);
  assert.equal(discoverLayout(join(root, 'LGG'))!.cases.length, 1, 'one grade alone');
});

test('BraTS 2019 in a study: the whole tumour is one class, and only brain voxels count in the normalisation', async (t) => {
  const root = await bratsFolder(t);
  const out = join(temporaryFolder(t), 'out');
  const definition = parseStudy(study({ layout: 'brats2019', folder: root }), '/');
  const plan = planStudy(definition, out);
  assert.deepEqual([definition.preset, plan.cohort.normalisation], ['mr-flair', { kind: 'mr' }]);
  await plan.cohort.prepare();
  const [first] = plan.cohort.cases;
  const mask = await readMask(first.maskPath);
  assert.deepEqual([...new Set(mask.data)].sort(), [0, 1]);
  assert.equal(
    mask.data.reduce((sum, v) => sum + v, 0),
    2 * 3 * 4,
  );
  assert.equal((await readVolume(first.volumePath)).volume.data[1], 100 + 1 + 2, 'the scan itself is untouched');
});

test('KiTS19: cases in the repository folder, those without a mask left out of a study', async (t) => {
  const root = await kitsFolder(t);
  const found = readLayout(root, 'kits19');
  assert.deepEqual(
    found.cases.map(({ name, mask }) => [name, mask !== null]),
    [
      ['case_00000', true],
      ['case_00001', true],
      ['case_00002', true],
      ['case_00003', false],
    ],
  );
  const plan = planStudy(parseStudy(study({ layout: 'kits19', folder: root }), '/'), join(root, 'out'));
  assert.equal(plan.cohort.cases.length, 3);
  assert.match(plan.cohort.notices.join(), /1 cases? without a mask/);
});

test('KiTS19 in a study: 1 mm, clipped and normalised over the whole scan, then cut to the kidneys and a margin', async (t) => {
  const root = await kitsFolder(t);
  const out = join(temporaryFolder(t), 'out');
  const plan = planStudy(parseStudy(study({ layout: 'kits19', folder: root, marginMm: 4 }), '/'), out);
  assert.deepEqual(plan.cohort.normalisation, { kind: 'none' });
  await plan.cohort.prepare();
  const [first] = plan.cohort.cases;
  const { volume } = await readVolume(first.volumePath);
  const mask = await readMask(first.maskPath, volume);
  assert.deepEqual([...volume.spacing], [1, 1, 1]);
  // The structure spans 4 slices of 3 mm, 10 rows and 15 columns of 0.8 mm: 12, 8 and 12 voxels, and 4 more on each side.
  assert.deepEqual(
    [...volume.size].sort((a, b) => a - b),
    [16, 20, 20],
  );
  assert.deepEqual([...new Set(mask.data)].sort(), [0, 1], 'the tumour is part of the kidney');
  // A margin beyond the scan's border keeps the whole scan.
  const all = planStudy(
    parseStudy(study({ layout: 'kits19', folder: root, marginMm: 500 }), '/'),
    join(temporaryFolder(t), 'all'),
  );
  await all.cohort.prepare();
  const { volume: scan } = await readVolume(all.cohort.cases[0].volumePath);
  const values = Array.from(scan.data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 1e-3 && Math.abs(variance - 1) < 1e-3, `mean ${mean}, variance ${variance}`);
  const inKidney = lpsPoint(KITS.origin[0] + 22 * 0.8, KITS.origin[1] + 14 * 0.8, KITS.origin[2] + 4 * 3);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  assert.ok(
    Math.abs((valueAt(scan, inKidney) - low) / (high - low) - (120 + 75) / (175 + 75)) < 1e-3,
    'clipped at -75 and 175',
  );
  assert.ok(
    Math.abs(valueAt(volume, inKidney) - valueAt(scan, inKidney)) < 1e-5,
    'the cut has the values of the whole',
  );
  assert.equal(valueAt(mask, inKidney), 1, 'and its voxels lie where they were');
  const written = readFileSync(first.maskPath);
  await plan.cohort.prepare();
  assert.deepEqual(readFileSync(first.maskPath), written, 'what is there is not made again');
});

test('a folder in neither layout is refused with what is expected; so are a foreign preset and both kinds of cohort', (t) => {
  const empty = temporaryFolder(t);
  assert.equal(discoverLayout(empty), null);
  assert.throws(() => planStudy(parseStudy(study({ layout: 'brats2019', folder: empty }), '/'), empty), {
    code: 'layout/not-found',
    message: /HGG and LGG/,
  });
  assert.throws(() => parseStudy(study({ layout: 'kits19', folder: empty }, { preset: 'mr' }), '/'), {
    code: 'study/invalid',
    message: /ct-kidney/,
  });
  assert.throws(() => parseStudy(study({ layout: 'kits19', folder: empty }, { images: 'x', labels: 'y' }), '/'), {
    code: 'study/invalid',
    message: /both/,
  });
  assert.throws(() => parseStudy(study({ layout: 'luna16', folder: empty }), '/'), { code: 'study/invalid' });
});

test('lists come from a seed or from files with a name a line, and are written for other programs', async (t) => {
  const root = await bratsFolder(t);
  const out = join(temporaryFolder(t), 'out');
  const drawn = parseStudy(
    study({ layout: 'brats2019', folder: root }, { split: { seed: 4, validation: 1, test: 1 } }),
    '/',
  );
  const plan = planStudy(drawn, out);
  mkdirSync(out);
  lockPlan(out, plan);
  const list = (name: string) => readFileSync(join(out, 'lists', `${name}.txt`), 'utf8');
  assert.equal(list('test'), `${plan.split.test[0].name}\n`);
  // A benchmark's list: endings, an empty line and a remark.
  writeFileSync(join(root, 'train.txt'), `# training\n${list('train').replaceAll('\n', '.h5\n')}\n`);
  writeFileSync(join(root, 'test.txt'), list('test'));
  const file = join(root, 'study.json');
  const files = { train: 'train.txt', validation: `${out}/lists/validation.txt`, test: 'test.txt' };
  writeFileSync(file, JSON.stringify(study({ layout: 'brats2019', folder: '.' }, { split: { files } })));
  const again = planStudy(readStudy(file), out);
  const names = (split: typeof plan.split) =>
    Object.values(split).map((cases) => cases.map((c: { name: string }) => c.name));
  assert.deepEqual(names(again.split), names(plan.split));
  lockPlan(out, again);
  writeFileSync(join(root, 'test.txt'), 'BraTS19_nobody\n');
  assert.throws(() => planStudy(readStudy(file), out), { code: 'study/unknown-case', message: /BraTS19_nobody/ });
  writeFileSync(
    file,
    JSON.stringify(study({ layout: 'brats2019', folder: '.' }, { split: { files: { train: 'a', test: 'b' } } })),
  );
  assert.throws(() => readStudy(file), { code: 'study/unreadable' });
  assert.ok(existsSync(join(out, 'lists', 'validation.txt')));
});
