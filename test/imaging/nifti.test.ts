import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { sameGrid } from '../../src/core/geometry.ts';
import type { Volume, VoxelArray } from '../../src/core/volume.ts';
import { readMask, readNiftiHeader, readVolume, writeNifti } from '../../src/imaging/index.ts';
import { counting, DATA, GRIDS, noData, rejectsWith, scratch } from './helpers.ts';

const folder = scratch();
let n = 0;
const fresh = (ending = '.nii') => join(folder, `v${n++}${ending}`);
const AXIAL = GRIDS.axial;

for (const [name, grid] of Object.entries(GRIDS)) {
  for (const ending of ['.nii', '.nii.gz']) {
    test(`a ${name} volume survives ${ending} voxel for voxel`, async () => {
      const path = fresh(ending);
      const volume = counting(grid);
      await writeNifti(path, volume);
      const { volume: back, notices } = await readVolume(path);
      assert.deepEqual(back.data, volume.data);
      assert.ok(sameGrid(back, volume, 1e-4));
      assert.deepEqual(notices, []);
    });
  }
  test(`sform and qform of a ${name} file say the same`, async () => {
    const path = fresh();
    await writeNifti(path, counting(grid));
    const bytes = readFileSync(path);
    // sform code 0: the reader must fall back to the qform.
    bytes.writeInt16LE(0, 254);
    const other = fresh();
    writeFileSync(other, bytes);
    assert.ok(sameGrid((await readNiftiHeader(other)).grid, grid, 1e-4));
  });
}

test('every voxel type is kept', async () => {
  const values = [0, 1, 2, 100];
  const arrays: VoxelArray[] = [
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ].map((A) => A.from(values));
  for (const data of arrays) {
    const path = fresh('.nii.gz');
    await writeNifti(path, { ...AXIAL, size: [4, 1, 1], data });
    assert.deepEqual((await readVolume(path)).volume.data, data);
  }
});

test('a side over 32,767 voxels is written as NIfTI-2', async () => {
  const volume = counting({ ...GRIDS.oblique, size: [40000, 1, 1] });
  const path = fresh();
  await writeNifti(path, volume);
  assert.equal(readFileSync(path).readInt32LE(0), 540);
  const { volume: back } = await readVolume(path);
  assert.deepEqual(back.data, volume.data);
  assert.ok(sameGrid(back, volume, 1e-6));
});

/** A NIfTI-1 header made by hand, either byte order. */
function header(
  le: boolean,
  o: { datatype?: number; dims?: number[]; slope?: number; intercept?: number; units?: number } = {},
): Buffer {
  const b = Buffer.alloc(352);
  const i16 = (v: number, at: number) => (le ? b.writeInt16LE(v, at) : b.writeInt16BE(v, at));
  const f32 = (v: number, at: number) => (le ? b.writeFloatLE(v, at) : b.writeFloatBE(v, at));
  if (le) b.writeInt32LE(348, 0);
  else b.writeInt32BE(348, 0);
  (o.dims ?? [3, 2, 2, 1]).forEach((d, k) => {
    i16(d, 40 + 2 * k);
  });
  i16(o.datatype ?? 4, 70);
  for (const k of [0, 1, 2, 3]) f32(1, 76 + 4 * k);
  f32(352, 108);
  f32(o.slope ?? 1, 112);
  f32(o.intercept ?? 0, 116);
  b.writeUInt8(o.units ?? 2, 123);
  i16(1, 254);
  [-1, 0, 0, 5, 0, -1, 0, 6, 0, 0, 1, 7].forEach((x, k) => {
    f32(x, 280 + 4 * k);
  });
  b.write('n+1\0', 344, 'latin1');
  return b;
}

test('big-endian files are read', async () => {
  const path = fresh();
  const data = Buffer.alloc(8);
  [1, -2, 300, -400].forEach((v, k) => {
    data.writeInt16BE(v, 2 * k);
  });
  writeFileSync(path, Buffer.concat([header(false), data]));
  const { volume } = await readVolume(path);
  assert.deepEqual(volume.data, Int16Array.of(1, -2, 300, -400));
  // RAS (5, 6, 7) is LPS (-5, -6, 7).
  assert.deepEqual([...volume.origin], [-5, -6, 7]);
});

test('slope and intercept are applied in floating point, slope 0 means none', async () => {
  const data = Buffer.alloc(8);
  [1, 2, 3, 4].forEach((v, k) => {
    data.writeInt16LE(v, 2 * k);
  });
  const path = fresh();
  writeFileSync(path, Buffer.concat([header(true, { slope: 0.5, intercept: -1 }), data]));
  assert.deepEqual((await readVolume(path)).volume.data, Float32Array.of(-0.5, 0, 0.5, 1));
  writeFileSync(path, Buffer.concat([header(true, { slope: 0, intercept: 9 }), data]));
  assert.deepEqual((await readVolume(path)).volume.data, Int16Array.of(1, 2, 3, 4));
});

test('64-bit integers are read as doubles, and refused where a double would round', async () => {
  const path = fresh();
  const data = Buffer.alloc(32);
  [1n, -5n, 2n ** 40n, 0n].forEach((v, k) => {
    data.writeBigInt64LE(v, 8 * k);
  });
  writeFileSync(path, Buffer.concat([header(true, { datatype: 1024 }), data]));
  assert.deepEqual((await readVolume(path)).volume.data, Float64Array.of(1, -5, 2 ** 40, 0));
  data.writeBigInt64LE(2n ** 60n + 1n, 0);
  writeFileSync(path, Buffer.concat([header(true, { datatype: 1024 }), data]));
  await rejectsWith(readVolume(path), 'scan/type');
});

test('lengths in metres become millimetres with a notice', async () => {
  const path = fresh();
  writeFileSync(path, Buffer.concat([header(true, { units: 1 }), Buffer.alloc(8)]));
  const { volume, notices } = await readVolume(path);
  assert.deepEqual([...volume.spacing], [1000, 1000, 1000]);
  assert.match(notices[0], /metres/);
});

test('lengths in micrometres become millimetres with a notice, places too; other unit codes are millimetres', async () => {
  for (const [units, spacing, notice] of [
    [3, 0.001, /micrometres/],
    [3 + 8, 0.001, /micrometres/],
    [2, 1, null],
    [0, 1, null],
  ] as const) {
    const path = fresh();
    writeFileSync(path, Buffer.concat([header(true, { units }), Buffer.alloc(8)]));
    const { volume, notices } = await readVolume(path);
    volume.spacing.forEach((mm) => {
      assert.ok(Math.abs(mm - spacing) < 1e-9);
    });
    // The header's origin is at RAS 5, 6, 7: LPS -5, -6, 7.
    [-5, -6, 7].forEach((at, axis) => {
      assert.ok(Math.abs(volume.origin[axis] - at * spacing) < 1e-9, `${volume.origin}`);
    });
    assert.equal(notices.length, notice ? 1 : 0);
    if (notice) assert.match(notices[0], notice);
  }
});

test('a last dimension of 1 is accepted, 4D is refused with the number of volumes', async () => {
  const path = fresh();
  writeFileSync(path, Buffer.concat([header(true, { dims: [4, 2, 2, 1, 1] }), Buffer.alloc(8)]));
  assert.deepEqual([...(await readVolume(path)).volume.size], [2, 2, 1]);
  writeFileSync(path, Buffer.concat([header(true, { dims: [4, 2, 2, 1, 3] }), Buffer.alloc(24)]));
  await assert.rejects(readVolume(path), { code: 'scan/four-dimensional', message: /2 x 2 x 1 x 3 \(3 volumes\)/ });
});

test('each volume of a 4D file is read by its number, packed or not; units of time say that it is no scan of channels', async () => {
  const voxels = Buffer.from(Int16Array.from({ length: 12 }, (_, i) => i).buffer);
  for (const ending of ['.nii', '.nii.gz']) {
    const path = fresh(ending);
    const bytes = Buffer.concat([header(true, { dims: [4, 2, 2, 1, 3] }), voxels]);
    writeFileSync(path, ending === '.nii' ? bytes : gzipSync(bytes));
    for (const part of [0, 1, 2])
      assert.deepEqual(
        [...(await readVolume(path, part)).volume.data],
        [0, 1, 2, 3].map((v) => v + 4 * part),
      );
    await assert.rejects(readVolume(path, 3), { code: 'channels/no-volume', message: /hold 4 volumes, got 3/ });
    assert.deepEqual([(await readNiftiHeader(path)).volumes, (await readNiftiHeader(path)).timed], [3, false]);
  }
  const path = fresh();
  writeFileSync(path, Buffer.concat([header(true, { dims: [4, 2, 2, 1, 3], units: 2 + 8 }), voxels]));
  assert.equal((await readNiftiHeader(path)).timed, true);
});

test('bad files are coded errors', async () => {
  const good = Buffer.concat([header(true), Buffer.alloc(8)]);
  const write = (bytes: Uint8Array, ending = '.nii') => {
    const path = fresh(ending);
    writeFileSync(path, bytes);
    return path;
  };
  const set16 = (at: number, v: number) => {
    const b = Buffer.from(good);
    b.writeInt16LE(v, at);
    return b;
  };
  const float = (at: number, v: number) => {
    const b = Buffer.from(good);
    b.writeFloatLE(v, at);
    return b;
  };
  const nan = Buffer.concat([header(true, { datatype: 16 }), Buffer.alloc(16)]);
  nan.writeFloatLE(Number.NaN, 356);
  const sheared = Buffer.from(good);
  sheared.writeFloatLE(0.3, 280 + 4 * 6);
  const cases: [string, string][] = [
    [write(Buffer.alloc(0)), 'scan/truncated'],
    [write(good.subarray(0, 200)), 'scan/truncated'],
    [write(good.subarray(0, 355)), 'scan/truncated'],
    [write(Buffer.alloc(400, 7)), 'scan/not-nifti'],
    [write(set16(40, 99)), 'scan/corrupt'],
    [write(set16(42, -3)), 'scan/corrupt'],
    [write(set16(70, 128)), 'scan/type'],
    [write(set16(70, 32)), 'scan/type'],
    [write(float(108, -4)), 'scan/corrupt'],
    [write(float(108, Number.NaN)), 'scan/corrupt'],
    [write(nan), 'scan/not-finite'],
    [write(sheared), 'geometry/sheared'],
    [write(gzipSync(good).subarray(0, 60), '.nii.gz'), 'scan/truncated'],
    [write(Buffer.concat([gzipSync(good).subarray(0, 40), Buffer.alloc(40, 255)]), '.nii.gz'), 'scan/corrupt'],
    [join(folder, 'absent.nii'), 'file/missing'],
  ];
  for (const [path, code] of cases) await rejectsWith(readVolume(path), code);
});

test('a header that claims more than the file can hold is refused before anything is allocated', async () => {
  const path = fresh('.nii.gz');
  writeFileSync(path, gzipSync(Buffer.concat([header(true, { dims: [3, 1200, 1200, 1200] }), Buffer.alloc(100)])));
  const before = process.memoryUsage().arrayBuffers;
  await rejectsWith(readVolume(path), 'scan/truncated');
  assert.ok(process.memoryUsage().arrayBuffers - before < 64e6);
});

test('a mask holds whole numbers from 0 to 255', async () => {
  const write = async (data: VoxelArray) => {
    const path = fresh();
    await writeNifti(path, { ...AXIAL, size: [2, 1, 1], data } as Volume);
    return path;
  };
  assert.deepEqual((await readMask(await write(Float32Array.of(0, 3)))).data, Uint8Array.of(0, 3));
  await rejectsWith(readMask(await write(Float32Array.of(0, 0.5))), 'mask/not-integer');
  await rejectsWith(readMask(await write(Float32Array.of(0, 1.001))), 'mask/not-integer');
  const rounded = await readMask(await write(Float32Array.of(-1e-7, 1.0000001)));
  assert.deepEqual([...rounded.data], [0, 1], 'whole numbers but for the rounding of floats');
  assert.deepEqual([...(await readMask(await write(Float32Array.of(2.9999998, 254.99998)))).data], [3, 255]);
  await rejectsWith(readMask(await write(Int16Array.of(0, 256))), 'mask/value');
  await rejectsWith(readMask(await write(Int16Array.of(-1, 0))), 'mask/value');
});

test('writing replaces a file whole and leaves no temporary behind', async () => {
  const path = fresh('.nii.gz');
  await writeNifti(path, counting(AXIAL));
  await writeNifti(path, counting(GRIDS.oblique));
  assert.deepEqual((await readVolume(path)).volume.data, counting(GRIDS.oblique).data);
  assert.deepEqual(
    readdirSync(folder).filter((f) => f.endsWith('.part')),
    [],
  );
  await rejectsWith(writeNifti(join(folder, 'no/such/folder.nii'), counting(AXIAL)), 'file/missing');
});

test('a real scan and its mask share one grid', { skip: noData }, async () => {
  const scan = await readNiftiHeader(join(DATA, 'left-atrium/images/la_001.nii.gz'));
  const mask = await readNiftiHeader(join(DATA, 'left-atrium/labels/la_001.nii.gz'));
  assert.ok(sameGrid(scan.grid, mask.grid));
  assert.deepEqual([...scan.grid.spacing], [1.25, 1.25, 1.25]);
});

const PYTHON = process.env.DECILE_PYTHON ?? 'python3';
const noNibabel = (() => {
  try {
    execFileSync(PYTHON, ['-c', 'import nibabel'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'nibabel is not installed (set DECILE_PYTHON to a Python that has it)';
  }
})();
test('nibabel reads our files at the same places with the same values', { skip: noNibabel }, async () => {
  for (const grid of Object.values(GRIDS)) {
    const path = fresh('.nii.gz');
    await writeNifti(path, counting(grid));
    const script = `import nibabel,json,sys
i=nibabel.load(sys.argv[1]); print(json.dumps([i.affine.tolist(), i.get_qform().tolist(), [int(x) for x in i.dataobj[:].ravel(order='F')]]))`;
    const [sform, qform, values] = JSON.parse(execFileSync(PYTHON, ['-c', script, path], { encoding: 'utf8' }));
    const { affineRAS } = await import('../../src/core/geometry.ts');
    affineRAS(grid).forEach((x, k) => {
      assert.ok(Math.abs(x - sform.flat()[k]) < 1e-4);
      assert.ok(Math.abs(x - qform.flat()[k]) < 1e-4);
    });
    assert.deepEqual(values, [...counting(grid).data]);
  }
});
