import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  flatChannels,
  kindOfName,
  type ModelChannel,
  missingChannels,
  oneChannel,
} from '../../src/core/model-channels.ts';
import { type Grid, lpsPoint, spacingMm } from '../../src/core/volume.ts';
import { channelFiles } from '../../src/trainer/worker/case-channels.ts';
import type { TrainerFiles } from '../../src/trainer/worker/dependencies.ts';
import { prepareCase } from '../../src/trainer/worker/prepared-case.ts';
import { temporaryFolder } from '../store/helpers.ts';

const GRID: Grid = {
  size: [4, 3, 2],
  spacing: spacingMm(1, 1, 1),
  origin: lpsPoint(0, 0, 0),
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
const T1_CT_PET: ModelChannel[] = [
  { name: 't1', normalisation: { kind: 'mr' } },
  { name: 'ct', normalisation: { kind: 'ct', clip: [-75, 175] } },
  { name: 'pet', normalisation: { kind: 'none' } },
];
const T1 = Float32Array.from({ length: 24 }, (_, i) => (i < 12 ? 0 : i));
const CT = Float32Array.from({ length: 24 }, (_, i) => (i % 2 ? 1000 : -1000));
const PET = Float32Array.from({ length: 24 }, (_, i) => i / 7);
const IMAGES: Record<string, Float32Array> = { 't1.nii': T1, 'ct.nii': CT, 'pet.nii': PET };

const filesOn = (grids: Record<string, Grid> = {}) =>
  ({
    readVolume: async (path: string, part?: number) => {
      const name = path.split(/[\\/]/).pop() as string;
      const data = part === undefined ? IMAGES[name] : [T1, CT, PET][part];
      return { volume: { ...(grids[name] ?? GRID), data } };
    },
  }) as unknown as TrainerFiles;

test('each channel is normalised by its own kind, kept with a checksum of its own, and 0 where the scan lacks it', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of Object.keys(IMAGES)) writeFileSync(join(folder, name), name);
  const cache = join(folder, 'cache');
  mkdirSync(cache);
  const prepare = (...names: string[]) => {
    const channels = names.map((name) => ({ name, path: join(folder, `${name}.nii`) }));
    const item = { scan: 3, name: 'three', volumePath: channels[0].path, channels };
    return prepareCase(item, cache, { spacing: 'native' }, T1_CT_PET, 2, filesOn());
  };
  const whole = async (...names: string[]) => {
    const prepared = await prepare(...names);
    assert.equal(prepared.channels, 3);
    const image = prepared.readImage([0, 0, 0], [4, 3, 2]);
    return [0, 1, 2].map((c) => [...image.subarray(24 * c, 24 * (c + 1))]);
  };
  const [t1, ct, pet] = await whole('t1', 'ct', 'pet');
  const counted = t1.slice(12);
  assert.ok(Math.abs(counted.reduce((a, b) => a + b) / 12) < 1e-5, 'zero mean over the voxels above 0');
  assert.ok(Math.abs(counted.reduce((a, b) => a + b * b, 0) / 12 - 1) < 1e-5);
  assert.deepEqual(
    ct,
    [...CT].map((v) => (v > 0 ? 1 : -1)),
    'clipped to the window, then zero mean and unit variance',
  );
  assert.deepEqual(pet, [...PET]);
  // The order of the model, whatever that of the scan's files.
  assert.deepEqual(await whole('pet', 't1', 'ct'), [t1, ct, pet]);
  assert.deepEqual(await whole('ct', 't1'), [t1, ct, new Array(24).fill(0)]);
  // A part of a box outside the scan is 0 in every channel.
  const outside = (await prepare('t1', 'ct', 'pet')).readImage([3, 2, 1], [2, 1, 1]);
  assert.deepEqual([...outside].map(Boolean), [true, false, true, false, true, false]);
  // A damaged channel alone: everything is made anew.
  for (const end of ['.f32', '.1.f32', '.2.f32']) {
    for (const name of readdirSync(cache)) if (name.endsWith(end)) truncateSync(join(cache, name), 5);
    assert.deepEqual(await whole('t1', 'ct', 'pet'), [t1, ct, pet]);
  }
});

test('a channel in which nothing varies is known of a case, and said with what it was clipped to', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['t1.nii', 'far.nii']) writeFileSync(join(folder, name), name);
  const far = Float32Array.from(T1, (v) => 500 + v);
  const files = {
    readVolume: async (path: string) => ({ volume: { ...GRID, data: path.endsWith('t1.nii') ? T1 : far } }),
  } as unknown as TrainerFiles;
  const model = T1_CT_PET.slice(0, 2);
  const channels = ['t1', 'ct'].map((name) => ({ name, path: join(folder, name === 't1' ? 't1.nii' : 'far.nii') }));
  const item = { scan: 3, name: 'three', volumePath: channels[0].path, channels };
  for (const _ of ['made', 'kept']) {
    const prepared = await prepareCase(item, join(folder, 'cache'), { spacing: 'native' }, model, 2, files);
    assert.deepEqual(prepared.flat, ['ct']);
    assert.match(
      flatChannels([prepared], model) ?? '',
      /^Nothing varies in three \(ct\) between -75 and 175 HU: the network sees nothing there\./,
    );
  }
  assert.equal(flatChannels([{ name: 'three', flat: [] }], model), null);
});

test('the volumes of one 4D file are channels, and another choice of them is prepared anew', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'four.nii');
  writeFileSync(path, 'four');
  const read = async (parts: number[]) => {
    const channels = parts.map((part, n) => ({ name: T1_CT_PET[n].name, path, part }));
    const raw = T1_CT_PET.map(({ name }) => ({ name, normalisation: { kind: 'none' as const } }));
    const item = { scan: 3, name: 'three', volumePath: path, channels };
    return [
      ...(await prepareCase(item, folder, { spacing: 'native' }, raw, 2, filesOn())).readImage([0, 0, 0], [4, 3, 2]),
    ];
  };
  assert.deepEqual(await read([0, 1, 2]), [...T1, ...CT, ...PET]);
  assert.deepEqual(await read([2, 1, 0]), [...PET, ...CT, ...T1]);
});

test('a channel on another grid than the first is refused by name, with the difference', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of Object.keys(IMAGES)) writeFileSync(join(folder, name), name);
  const channels = ['t1', 'ct'].map((name) => ({ name, path: join(folder, `${name}.nii`) }));
  const item = { scan: 3, name: 'three', volumePath: channels[0].path, channels };
  const shifted = { ...GRID, origin: lpsPoint(0, 0, 2) };
  await assert.rejects(prepareCase(item, folder, { spacing: 'native' }, T1_CT_PET, 2, filesOn({ 'ct.nii': shifted })), {
    code: 'channels/other-grid',
    message: /All channels of three .* got another one for ct: .*2/,
  });
});

test('scans are seen by models that know their channels', () => {
  const item = { scan: 1, name: 'one', volumePath: '/t1.nii' };
  const named = { ...item, channels: [{ name: 'ct', path: '/ct.nii' }] };
  const paths = (...given: Parameters<typeof channelFiles>) => channelFiles(...given).map((file) => file?.path ?? null);
  assert.deepEqual(paths(item, oneChannel({ kind: 'mr' })), ['/t1.nii']);
  assert.deepEqual(paths(item, T1_CT_PET.slice(0, 1)), ['/t1.nii']);
  assert.deepEqual(paths(named, T1_CT_PET), [null, '/ct.nii', null]);
  for (const [scan, channels, message] of [
    [item, T1_CT_PET, /one of the channels t1, ct, pet, got a single one without a name in one/],
    [named, T1_CT_PET.slice(0, 1), /one of the channels t1, got ct in one/],
    [named, oneChannel({ kind: 'mr' }), /one of the channels image, got ct in one/],
  ] as const)
    assert.throws(() => channelFiles(scan, channels), { code: 'channels/none', message });
});

test('training on scans without some channels is refused, or said where channels are left out by chance anyway', () => {
  const scans = [
    { name: 'a', channels: ['t1', 'ct'] },
    { name: 'b', channels: ['ct'] },
  ];
  assert.equal(missingChannels(['ct'], scans, 0), null);
  assert.throws(() => missingChannels(['t1', 'ct'], scans, 0), { code: 'channels/missing', message: /b \(t1\)/ });
  assert.match(missingChannels(['t1', 'ct'], scans, 0.1) ?? '', /without them: b \(t1\)\./);
  assert.throws(() => missingChannels(['t2'], scans, 0.5), { code: 'channels/none' });
});

test("a channel's name says its kind", () => {
  const kinds = {
    T1: 'mr',
    t1ce: 'mr',
    'T2 FLAIR': 'mr',
    CT: 'ct',
    CECT: 'ct',
    ct_arterial: 'ct',
    PET: 'pet',
    'FDG-PT': 'pet',
  };
  for (const [name, kind] of Object.entries(kinds)) assert.equal(kindOfName(name, 'ct' as never), kind, name);
  for (const name of ['0', 'active', 'petrous', 'doctor']) assert.equal(kindOfName(name, 'mr'), 'mr', name);
});
