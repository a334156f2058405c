/** Voxel sizes and axes as headers of NRRD, MetaImage and NIfTI state them, legal and damaged. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readVolume } from '../../src/imaging/index.ts';
import { CASES, scratch } from './helpers.ts';

const folder = scratch();
let n = 0;

async function nrrd(fields: string[], sizes = '12 10 6') {
  const path = join(folder, `n${n++}.nrrd`);
  const [count] = [sizes.split(' ').reduce((a, b) => a * Number(b), 1)];
  const head = `NRRD0005\ntype: short\nencoding: raw\nendian: little\ndimension: ${sizes.split(' ').length}\nsizes: ${sizes}\n`;
  writeFileSync(path, Buffer.concat([Buffer.from(`${head}${fields.join('\n')}\n\n`), Buffer.alloc(2 * count)]));
  const { volume, notices } = await readVolume(path);
  return { volume, spacing: volume.spacing.map((s) => +s.toFixed(9)), said: notices.join(' ') };
}
const DIRECTIONS = 'space directions: (0.5,0,0) (0,0.5,0) (0,0,3)';
const ORIGIN = 'space origin: (1,2,3)';
const MM = [0.5, 0.5, 3];

for (const space of ['3D-right-handed', '3D-left-handed', 'scanner-xyz', 'scanner-xyz-time'])
  test(`NRRD: voxel sizes and axes of the space ${space} count, and it is said that it names no sides`, async () => {
    const { volume, spacing, said } = await nrrd([`space: ${space}`, DIRECTIONS, ORIGIN]);
    assert.deepEqual(spacing, MM);
    assert.deepEqual([...volume.origin], [1, 2, 3]);
    assert.match(said, /not what is left and right/);
  });

test('NRRD: a space dimension in place of a space states voxel sizes too', async () => {
  const { spacing, said } = await nrrd(['space dimension: 3', DIRECTIONS, ORIGIN]);
  assert.deepEqual(spacing, MM);
  assert.match(said, /not what is left and right \(space 3\)/);
});

for (const [unit, factor] of [['um', 1e-3], ['µm', 1e-3], ['m', 1e3], ['cm', 10], ['mm', 1]] as const) // biome-ignore format: short
  test(`NRRD: space units of ${unit} are converted, the origin too`, async () => {
    const vector = (v: number[]) => `(${v.map((x) => x / factor).join(',')})`;
    const { volume, spacing, said } = await nrrd([
      'space: left-posterior-superior',
      `space directions: ${vector([0.5, 0, 0])} ${vector([0, 0.5, 0])} ${vector([0, 0, 3])}`,
      `space origin: ${vector([1, 2, 3])}`,
      `space units: "${unit}" "${unit}" "${unit}"`,
    ]);
    assert.deepEqual(spacing, MM);
    assert.deepEqual(
      volume.origin.map((x) => +x.toFixed(9)),
      [1, 2, 3],
    );
    if (factor === 1) assert.equal(said, '');
    else assert.match(said, new RegExp(`Lengths are in ${unit} and were converted`));
  });

test('NRRD and MetaImage: an axis whose distance is negative, or whose end lies below its beginning, runs the other way, and that is said', async () => {
  const spaced = await nrrd(['spacings: 0.5 -0.5 3']);
  assert.deepEqual([spaced.spacing, [...spaced.volume.direction]], [MM, [1, 0, 0, 0, -1, 0, 0, 0, 1]]);
  assert.match(spaced.said, /negative distance along axis 2/);
  const ends = await nrrd(['axis mins: 6 0 0', 'axis maxs: 0 5 18', 'centerings: cell cell cell']);
  assert.deepEqual([ends.spacing, [...ends.volume.direction]], [MM, [-1, 0, 0, 0, 1, 0, 0, 0, 1]]);
  assert.deepEqual([...ends.volume.origin], [5.75, 0.25, 1.5]);
  const path = join(folder, `m${n++}.mha`);
  for (const [matrix, direction] of [
    ['', [1, 0, 0, 0, 1, 0, 0, 0, -1]],
    ['TransformMatrix = 0 1 0 -1 0 0 0 0 1\n', [0, -1, 0, 1, 0, 0, 0, 0, -1]],
  ] as const) {
    const head = `ObjectType = Image\nNDims = 3\nDimSize = 3 2 2\nElementSpacing = 0.5 0.5 -3\n${matrix}ElementType = MET_UCHAR\nElementDataFile = LOCAL\n`;
    writeFileSync(path, Buffer.concat([Buffer.from(head), Buffer.alloc(12)]));
    const { volume, notices } = await readVolume(path);
    assert.deepEqual([[...volume.spacing], [...volume.direction]], [MM, direction]);
    assert.match(notices.join(' '), /negative distance along axis 3/);
  }
});

test('NRRD: units that are no length are said', async () => {
  const { said } = await nrrd(['space: LPS', DIRECTIONS, ORIGIN, 'space units: "pixel" "pixel" "pixel"']);
  assert.match(said, /"pixel", which is no length/);
});

test('NRRD: voxel sizes from spacings, from axis mins and maxs, from thicknesses, else 1 mm with a word', async () => {
  assert.deepEqual((await nrrd(['spacings: 0.5 0.5 3'])).spacing, MM);
  const cells = await nrrd(['axis mins: 0 0 0', 'axis maxs: 6 5 18', 'centers: cell cell cell']);
  assert.deepEqual(cells.spacing, MM);
  assert.deepEqual([...cells.volume.origin], [0.25, 0.25, 1.5]);
  const nodes = await nrrd(['axismins: 0 0 0', 'axismaxs: 5.5 4.5 15', 'centerings: node node node']);
  assert.deepEqual(nodes.spacing, MM);
  assert.deepEqual((await nrrd(['axis mins: 0 0 0', 'axis maxs: 6 5 18'])).spacing, MM);
  assert.deepEqual((await nrrd(['spacings: 500 500 3000', 'units: "um" "um" "um"'])).spacing, MM);
  const thick = await nrrd(['spacings: 0.5 0.5 nan', 'thicknesses: nan nan 3']);
  assert.deepEqual(thick.spacing, MM);
  assert.match(thick.said, /thicknesses but no distance along axis 3/);
  const none = await nrrd([]);
  assert.deepEqual(none.spacing, [1, 1, 1]);
  assert.match(none.said, /no voxel size along any axis: 1 mm/);
  assert.match((await nrrd(['spacings: 0.5 0.5 nan'])).said, /no voxel size along axis 3: 1 mm/);
});

test('NRRD: spaces with time, of one time point; several are refused', async () => {
  const time = [
    'space: right-anterior-superior-time',
    'space directions: (0.5,0,0,0) (0,0.5,0,0) (0,0,3,0) (0,0,0,1)',
    'space origin: (1,2,3,0)',
  ];
  const { volume, spacing } = await nrrd(time, '12 10 6 1');
  assert.deepEqual(spacing, MM);
  assert.deepEqual([...volume.origin], [-1, -2, 3]);
  await assert.rejects(nrrd(time, '12 10 6 2'), { code: 'scan/four-dimensional' });
});

test('NRRD: an unknown space is refused with the known ones', async () => {
  await assert.rejects(
    nrrd(['space: left-right-up', DIRECTIONS]),
    /a space of left-posterior-superior.*got left-right-up/,
  );
});

for (const [name, sized] of [
  ['n_3dright', MM],
  ['n_axismin', MM],
  ['n_spacedim', MM],
  ['n_units_m', MM],
  ['n_units_um', MM],
] as const) {
  const path = join(CASES, 'nrrd-spacing', `${name}.nrrd`);
  test(`${name}.nrrd has voxels of 0.5 x 0.5 x 3 mm`, {
    skip: existsSync(path) ? false : '../shared/cases/formats/nrrd-spacing is absent',
  }, async () => {
    assert.deepEqual(
      (await readVolume(path)).volume.spacing.map((s) => +s.toFixed(9)),
      sized,
    );
  });
}

async function meta(fields: string[]) {
  const path = join(folder, `m${n++}.mha`);
  const head = ['ObjectType = Image', 'NDims = 3', 'DimSize = 4 3 2', ...fields, 'ElementType = MET_UCHAR'];
  writeFileSync(path, Buffer.concat([Buffer.from(`${head.join('\n')}\nElementDataFile = LOCAL\n`), Buffer.alloc(24)]));
  const { volume, notices } = await readVolume(path);
  return { volume, said: notices.join(' ') };
}

test('MetaImage: distance units are converted, and a missing voxel size is said', async () => {
  const matrix = 'TransformMatrix = 1 0 0 0 1 0 0 0 1';
  const um = await meta([matrix, 'Offset = 1000 2000 3000', 'ElementSpacing = 500 500 3000', 'DistanceUnits = um']);
  assert.deepEqual([...um.volume.spacing], MM);
  assert.deepEqual([...um.volume.origin], [1, 2, 3]);
  assert.match(um.said, /in um and were converted/);
  assert.match((await meta([matrix, 'Offset = 0 0 0'])).said, /no voxel size: 1 mm/);
});

/** A NIfTI-1 with these forms; voxels of 1 x 1 x 3 mm in pixdim. */
async function nifti(forms: { sform?: number[]; qform?: number[]; pixdim?: number[] }) {
  const path = join(folder, `f${n++}.nii`);
  const bytes = Buffer.alloc(352 + 2 * 24);
  bytes.writeInt32LE(348, 0);
  for (const [k, d] of [3, 4, 3, 2, 1, 1, 1, 1].entries()) bytes.writeInt16LE(d, 40 + 2 * k);
  bytes.writeInt16LE(4, 70);
  bytes.writeInt16LE(16, 72);
  for (const [k, x] of (forms.pixdim ?? [1, 1, 1, 3]).entries()) bytes.writeFloatLE(x, 76 + 4 * k);
  bytes.writeFloatLE(352, 108);
  bytes.writeUInt8(2, 123);
  bytes.writeInt16LE(forms.qform ? 1 : 0, 252);
  bytes.writeInt16LE(forms.sform ? 1 : 0, 254);
  for (const [k, x] of (forms.qform ?? []).entries()) bytes.writeFloatLE(x, 256 + 4 * k);
  for (const [k, x] of (forms.sform ?? []).entries()) bytes.writeFloatLE(x, 280 + 4 * k);
  bytes.write('n+1\0', 344, 'latin1');
  writeFileSync(path, bytes);
  const { volume, notices } = await readVolume(path);
  return { spacing: [...volume.spacing], said: notices.join(' ') };
}
const zeros = Array<number>(12).fill(0);
const plain = [1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 3, 7];
const with_ = (at: number, value: number) => plain.map((x, k) => (k === at ? value : x));

test('NIfTI: an sform of zeros states nothing: voxel sizes count, with a word', async () => {
  const { spacing, said } = await nifti({ sform: zeros });
  assert.deepEqual(spacing, [1, 1, 3]);
  assert.match(said, /sform is all zeros, though its code says otherwise and there is no qform: voxel sizes/);
});

test('NIfTI: an unusable sform is named for what it is, and the qform counts where there is one', async () => {
  const nan = with_(0, Number.NaN);
  const flat = with_(10, 0);
  const plane = [1, 1, 0, 5, 0, 0, 0, 6, 0, 0, 3, 7];
  const askew = with_(2, 1);
  for (const [sform, code, words] of [
    [nan, 'geometry/not-finite', /must be twelve finite numbers, got 1 that are not, and no qform/],
    [flat, 'geometry/singular', /axis of no length \(axis 3\), and no qform/],
    [plane, 'geometry/singular', /axes that lie in one plane, and no qform/],
    [askew, 'geometry/sheared', /18\.4 degrees off square and no qform/],
  ] as const) {
    await assert.rejects(nifti({ sform }), { code });
    await assert.rejects(nifti({ sform }), words);
    const { spacing, said } = await nifti({ sform, qform: [0, 0, 0, 1, 2, 3] });
    assert.deepEqual(spacing, [1, 1, 3]);
    assert.match(
      said,
      /^The sform (holds numbers|has a voxel axis|has voxel axes|is sheared).*; the qform was used\.$/,
    );
  }
});

test('NIfTI: a qform that cannot be used is named', async () => {
  await assert.rejects(nifti({ qform: [Number.NaN, 0, 0, 1, 2, 3] }), /The qform of .* must be finite numbers/);
  await assert.rejects(
    nifti({ sform: zeros, pixdim: [1, 1, 1, 0] }),
    /voxel sizes of .* must be positive numbers, got 1, 1, 0/,
  );
});

for (const [name, code] of [
  ['t_zerosform.nii', ''],
  ['t_nansform.nii', 'geometry/not-finite'],
] as const) {
  const path = join(CASES, 'nifti-unusable-sform', name);
  test(`${name}: ${code || 'read with its voxel sizes and a notice'}`, {
    skip: existsSync(path) ? false : '../shared/cases/formats/nifti-unusable-sform is absent',
  }, async () => {
    if (code) await assert.rejects(readVolume(path), { code });
    else assert.deepEqual([...(await readVolume(path)).volume.spacing], [1, 1, 3]);
  });
}
