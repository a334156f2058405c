import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../src/core/methods/method.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { disposeBatch, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { type PatchSource, planCrop, readPatch, type Sides, scanVoxel } from '../../src/core/train/patches.ts';
import { ForegroundTurns, sampleCorrected, samplePlaces, voxelAt } from '../../src/core/train/places.ts';
import { noPlaces, placesOf, remembered } from '../../src/core/train/pseudo-places.ts';
import { rareLabels, shownByChance } from '../../src/core/train/rare-labels.ts';
import { NOT_DRAWN } from '../../src/core/volume.ts';
import { rareText } from '../../src/trainer/worker/rare-text.ts';

const SIZE: Sides = [40, 36, 20];
const PATCH: Sides = [8, 8, 8];
const at = (x: number, y: number, z: number) => x + SIZE[0] * (y + SIZE[1] * z);

/** Each voxel holds its own index, so that a patch says where it was read; one voxel of each of these labels. */
function scan(labels: Record<number, [number, number, number]>, classes: number, masked = true): PatchSource {
  const image = Float32Array.from({ length: SIZE[0] * SIZE[1] * SIZE[2] }, (_, i) => i);
  const mask = new Uint8Array(image.length);
  const lists = noPlaces(classes);
  for (const [label, place] of Object.entries(labels)) {
    mask[at(...place)] = Number(label);
    lists[Number(label)].push(at(...place));
  }
  return {
    name: 'scan',
    size: SIZE,
    readImage: (start, box) => boxOf(image, SIZE, start, box),
    ...(masked && {
      places: placesOf(lists, SIZE),
      readMask: (start: Sides, box: Sides) => boxOf(mask, SIZE, start, box),
    }),
  };
}

const sampler = (
  labelled: PatchSource[],
  given: Partial<ConstructorParameters<typeof TwoStreamSampler>[2]>,
  unlabelled: PatchSource[] = [],
) =>
  new TwoStreamSampler(labelled, unlabelled, {
    patch: PATCH,
    classes: 3,
    labelledPerStep: 2,
    unlabelledPerStep: 2,
    seed: 1,
    augmentation: 'none',
    intensity: 'off',
    ...given,
  });

/** Which classes each labelled patch of the next batch holds, besides background. */
function classesOf(batch: Batch): number[][] {
  const found = batch.labelled.voxels.map((counts) => counts.flatMap((n, c) => (c > 0 && n > 0 ? [c] : [])));
  disposeBatch(batch);
  return found;
}

test('of every three patches one is drawn around a label at a share of a third, labels in turn, with two patches a step', async () => {
  const source = scan({ 1: [4, 5, 6], 2: [30, 30, 15] }, 3);
  const drawn = sampler([source], { foregroundShare: 1 / 3 });
  const uniform = sampler([source], { foregroundShare: 0 });
  const patches: number[][] = [];
  let byChance = 0;
  for (let step = 0; step < 300; step++) {
    patches.push(...classesOf(await drawn.next()));
    byChance += classesOf(await uniform.next()).filter((c) => c.length > 0).length;
  }
  const forced = patches.filter((_, n) => n % 3 === 2);
  assert.deepEqual(
    forced,
    forced.map((_, n) => [(n % 2) + 1]),
  );
  // The other two thirds find a label as often as crops from anywhere do.
  const [n, p] = [400, byChance / 600];
  const found = patches.filter((c, i) => i % 3 !== 2 && c.length > 0).length;
  assert.ok(Math.abs(found / n - p) < 4 * Math.sqrt(p * (1 - p) * (1 / n + 1 / 600)), `${found / n} and ${p}`);
});

for (const share of [0, 0.1, 0.25, 0.33, 0.5, 0.7, 1]) {
  test(`a share of ${share} is kept to within one patch at any time`, () => {
    const turns = new ForegroundTurns(share);
    const random = new Random(1);
    const { places } = scan({ 1: [4, 5, 6] }, 2);
    let forced = 0;
    for (let n = 1; n <= 1000; n++) {
      forced += Number(turns.next(places, random) !== null);
      assert.ok(Math.abs(forced - share * n) < 1 + 1e-6, `${forced} of ${n}`);
    }
  });
}

test('labels that a scan has not are passed over, and a scan without any is made up for by the next', () => {
  const turns = new ForegroundTurns(0.5);
  const random = new Random(1);
  const only2 = scan({ 2: [30, 30, 15] }, 3).places;
  const none = scan({}, 3).places;
  const both = scan({ 1: [4, 5, 6], 2: [30, 30, 15] }, 3).places;
  const drawn = [none, none, only2, both, both, both, both].map((places) => turns.next(places, random));
  assert.deepEqual(drawn, [null, null, [30, 30, 15], [4, 5, 6], null, [30, 30, 15], null]);
});

test('the voxel stands in the middle of its patch, except at the border, where the patch stays inside', () => {
  const start = (around: Sides) => planCrop(SIZE, PATCH, new Random(1), 'none', undefined, around).start;
  assert.deepEqual(start([20, 18, 10]), [16, 14, 6]);
  assert.deepEqual(start([0, 35, 19]), [0, 28, 12]);
  assert.deepEqual(planCrop([4, 36, 20], PATCH, new Random(1), 'none', undefined, [1, 18, 10]).start, [-2, 14, 6]);
});

test('the sample holds each voxel of a small class, and of a large one as many as asked for, spread evenly', () => {
  const mask = new Uint8Array(30_000);
  mask.fill(1, 10_000, 20_000);
  mask.set([2, 2, 2], 25_000);
  const voxels = [19_997, 10_000, 3];
  const places = samplePlaces(mask, voxels, new Random(4), 1000);
  assert.deepEqual([...places[0]], []);
  assert.deepEqual([...places[2]], [25_000, 25_001, 25_002]);
  assert.equal(places[1].length, 1000);
  assert.equal(new Set(places[1]).size, 1000);
  assert.ok(places[1].every((i) => mask[i] === 1));
  // A half of the sample from each half of the class: hypergeometric, SD < sqrt(1000 / 4).
  assert.ok(Math.abs(places[1].filter((i) => i < 15_000).length - 500) < 4 * Math.sqrt(250));
  assert.deepEqual(samplePlaces(mask, voxels, new Random(4), 1000), places);
});

for (const augmentation of ['none', 'turns', 'warp', 'strong'] as const) {
  test(`where a voxel of a patch was read is known (${augmentation})`, () => {
    const random = new Random(3);
    const source = scan({}, 2);
    const patch: Sides = [8, 6, 4];
    for (let n = 0; n < 20; n++) {
      const plan = planCrop(SIZE, patch, random, augmentation, undefined, [20, 18, 10]);
      const { image } = readPatch(
        source,
        patch,
        plan.warp ? { ...plan, warp: { ...plan.warp, gain: 1, offset: 0 } } : plan,
      );
      for (let i = 0; i < image.length; i += 7) {
        // The scan is linear in x, y and z: the value read differs from that of the nearest voxel by half a voxel each way.
        const place = scanVoxel(plan, patch, voxelAt(i, patch));
        const bound = plan.warp ? 0.5 * (1 + SIZE[0] + SIZE[0] * SIZE[1]) + 0.1 : 0;
        assert.ok(Math.abs(image[i] - at(...(place as [number, number, number]))) <= bound);
      }
    }
  });
}

test('what a network saw is kept where it lies in the scan, in place of what was known there', () => {
  const plan = planCrop(SIZE, PATCH, new Random(1), 'none', undefined, [20, 18, 10]); // from (16, 14, 6)
  const mask = new Uint8Array(512);
  mask[1 + 8 * (2 + 8 * 3)] = 2;
  const before = [[], [at(17, 15, 7), at(1, 1, 1)], [at(23, 21, 13)]];
  const after = remembered(before, SIZE, PATCH, plan, mask, new Random(2));
  assert.deepEqual(after, [[], [at(1, 1, 1)], new Array(4).fill(at(17, 16, 9))]);
  let lists = after;
  for (let n = 0; n < 10; n++)
    lists = remembered(lists, SIZE, PATCH, { ...plan, start: [n, n, n] }, mask, new Random(n));
  assert.ok(lists[2].length <= 16);
});

test('unlabelled patches are drawn around what was seen, and the state brings all of it back', async () => {
  const whole = sampler([scan({ 1: [4, 5, 6] }, 3)], { foregroundShare: 0.5, augmentation: 'warp' }, [
    scan({}, 3, false),
  ]);
  const voxels = (batch: Batch) => {
    const values = [...batch.labelled.images, ...batch.unlabelled.images].map((t) => [...t.dataSync()]);
    disposeBatch(batch);
    return values;
  };
  voxels(await whole.next());
  assert.ok(!('seen' in whole.state));
  const mask = new Uint8Array(512).fill(1);
  whole.remember([mask, mask]);
  assert.ok((whole.state.seen?.[0][1].length ?? 0) > 0);
  const again = sampler([scan({ 1: [4, 5, 6] }, 3)], { foregroundShare: 0.5, augmentation: 'warp' }, [
    scan({}, 3, false),
  ]);
  again.state = JSON.parse(JSON.stringify(whole.state));
  for (let n = 0; n < 4; n++) {
    assert.deepEqual(voxels(await again.next()), voxels(await whole.next()));
    for (const one of [again, whole]) one.remember([mask, mask]);
    assert.deepEqual(again.state, whole.state);
  }
});

test('seen labels are found again: half of the unlabelled patches hold the voxel that the network pointed at', async () => {
  const drawn = sampler([scan({ 1: [4, 5, 6] }, 3)], { foregroundShare: 0.5 }, [scan({}, 3, false)]);
  const goal: [number, number, number] = [33, 7, 12];
  const state = drawn.state;
  drawn.state = { ...state, seen: [[[], [at(...goal)], []]] };
  let held = 0;
  for (let n = 0; n < 100; n++) {
    const batch = await drawn.next();
    held += batch.unlabelled.images.filter((t) => t.dataSync().includes(at(...goal))).length;
    disposeBatch(batch);
  }
  // By chance 8^3 of the places of 33 x 29 x 13 starts.
  assert.ok(held >= 100 && held < 115, `${held} of 200`);
});

test('a share of the patches of a corrected scan lie around what was corrected, and no other scan is drawn otherwise', async () => {
  const whole = scan({ 1: [4, 5, 6], 2: [30, 30, 15] }, 3);
  const corrected = { count: 1, at: (): Sides => [30, 30, 15] };
  const source = { ...whole, places: { ...whole.places!, corrected } };
  const holding = async (share: number, from: PatchSource) => {
    const drawn = sampler([from], { correctedShare: share });
    let held = 0;
    for (let n = 0; n < 100; n++) held += classesOf(await drawn.next()).filter((classes) => classes.includes(2)).length;
    return held;
  };
  const [anywhere, half, always] = [await holding(0, source), await holding(0.5, source), await holding(1, source)];
  assert.equal(always, 200);
  assert.ok(half > 80 && half < 130 + anywhere, `${half} of 200, ${anywhere} by chance`);
  assert.equal(await holding(1, whole), anywhere);
});

test('corrected are the drawn voxels whose label is not what was predicted', () => {
  const predicted = Uint8Array.from([0, 1, 1, 0, 2, 1]);
  const mask = Uint8Array.from([0, 1, 0, 2, 1, NOT_DRAWN]);
  assert.deepEqual([...sampleCorrected(mask, predicted, new Random(1))], [2, 3, 4]);
  assert.deepEqual([...sampleCorrected(predicted, predicted, new Random(1))], []);
});

test('patches from anywhere hold a label as often as it is within their reach', () => {
  // Starts are drawn from 33 x 29 x 13 places; those within reach of a voxel in the middle are 8 x 8 x 8 of them.
  const [hidden, large] = [scan({ 1: [20, 18, 10] }, 3), scan({ 1: [20, 18, 10] }, 3)];
  const [background, seen, absent] = shownByChance([hidden, large], PATCH, 3);
  assert.deepEqual([background, absent], [null, null]);
  assert.ok(Math.abs((seen as number) - 512 / (33 * 29 * 13)) < 0.04, `${seen}`);
  assert.deepEqual(shownByChance([hidden], SIZE, 3), [null, 1, null], 'a patch as large as the scan holds all of it');
  assert.deepEqual(shownByChance([hidden, large], PATCH, 3), [background, seen, absent], 'the same each time');
  const other = scan({ 2: [20, 18, 10] }, 3);
  assert.equal(shownByChance([hidden, other], [40, 36, 4], 3)[1], shownByChance([hidden], [40, 36, 4], 3)[1]);
});

test('a third of the patches is drawn around labels where one of them is rarely seen otherwise, and none else', () => {
  const source = scan({ 1: [20, 18, 10] }, 3);
  const shareOf = (patch: Sides, labelled = [source]) =>
    sampler(labelled, { patch, foregroundShare: 'auto' }).foregroundShare;
  assert.equal(shareOf(PATCH), 0.33);
  assert.equal(shareOf([40, 36, 16]), 0);
  assert.equal(shareOf(PATCH, []), 0);
  assert.equal(shareOf(PATCH, [scan({}, 3)]), 0, 'no scan has a label');
  assert.equal(sampler([source], { foregroundShare: 0 }).foregroundShare, 0, 'what is asked for counts');
});

test('a label that patches from anywhere rarely hold is named, with what is done about it or what helps', () => {
  const small = scan({ 1: [20, 18, 10] }, 3);
  assert.deepEqual(rareLabels([small], PATCH, 3), [1]);
  assert.deepEqual(rareLabels([small], [40, 36, 16], 3), []);
  const usual = { region: 'off', smallStructures: 'off' } as const;
  assert.match(rareText(['tumour'], usual, 0) ?? '', /rarely hold tumour, .+--small-structures few/);
  assert.match(rareText(['tumour'], { region: 'off' }, 0) ?? '', /--small-structures few/, 'an earlier run');
  const done = rareText(['tumour', 'cyst'], { ...usual, smallStructures: 'on' }, 0.33);
  assert.equal(done, 'Patches from anywhere rarely hold tumour, cyst: 33 % of them are drawn around labels.');
  assert.equal(rareText(['tumour'], { ...usual, region: 'auto' }, 0), null, 'something is done');
  assert.equal(rareText([], usual, 0.5), null);
});
