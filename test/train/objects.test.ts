import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from '../../src/core/methods/method.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { type BatchOptions, disposeBatch, TwoStreamSampler } from '../../src/core/train/batch.ts';
import { makePatch, type Target, targetOf } from '../../src/core/train/made-patch.ts';
import { withObject } from '../../src/core/train/object-paste.ts';
import { inclusionsOf, objectsOf } from '../../src/core/train/objects.ts';
import type { PatchSource, Sides } from '../../src/core/train/patches.ts';
import { NOT_DRAWN } from '../../src/core/volume.ts';
import { pastingText } from '../../src/trainer/worker/pasting-text.ts';

const SIZE: Sides = [40, 40, 24];
const PATCH: Sides = [32, 32, 16];
const [KIDNEY, TUMOUR] = [1, 2];
/** Brightness of background, kidney and tumour. */
const BRIGHT = [0, 1, 1.5];

interface Ball {
  label: number;
  at: Sides;
  radius: number;
}

/** Balls of labels, later ones over earlier ones, each of its own brightness; a second channel has the opposite. */
function scan(balls: readonly Ball[], more: Partial<PatchSource> = {}): PatchSource {
  const mask = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (const { label, at, radius } of balls)
    for (let v = 0; v < mask.length; v++) {
      const [x, y, z] = [v % SIZE[0], Math.floor(v / SIZE[0]) % SIZE[1], Math.floor(v / (SIZE[0] * SIZE[1]))];
      if (Math.hypot(x - at[0], y - at[1], z - at[2]) <= radius) mask[v] = label;
    }
  const image = Float32Array.from(mask, (label) => (label === NOT_DRAWN ? 0 : BRIGHT[label]));
  const second = image.map((v) => 10 - v);
  return {
    name: 'scan',
    size: SIZE,
    channels: 2,
    readImage: (start, box) =>
      Float32Array.from([...boxOf(image, SIZE, start, box), ...boxOf(second, SIZE, start, box)]),
    readMask: (start, box) => boxOf(mask, SIZE, start, box),
    ...more,
  };
}

const kidney: Ball = { label: KIDNEY, at: [18, 20, 12], radius: 10 };
const tumour: Ball = { label: TUMOUR, at: [24, 20, 12], radius: 3 };
const WITH = scan([kidney, tumour]);
const WITHOUT = scan([kidney]);
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

test('a label lies in another where much of its surface is that of a larger one', () => {
  assert.deepEqual(inclusionsOf([WITH, WITHOUT], 3), [{ label: TUMOUR, host: KIDNEY }]);
  assert.deepEqual(inclusionsOf([scan([kidney, { ...tumour, at: [31, 20, 12] }])], 3), [], 'beside it');
  assert.deepEqual(
    inclusionsOf([scan([kidney, { ...tumour, at: kidney.at, radius: 9 }])], 3),
    [],
    'a cavity and its wall',
  );
  assert.deepEqual(inclusionsOf([scan([tumour])], 3), [], 'in nothing');
  assert.deepEqual(inclusionsOf([], 3), []);
  const inNothingDrawn = scan([{ ...kidney, label: NOT_DRAWN, radius: 9 }, tumour]);
  assert.deepEqual(inclusionsOf([inNothingDrawn], 3), [], 'what was not drawn is nothing to lie in');
});

test('objects are cut out piece by piece, with their contrast to the host in each channel and their place', () => {
  const two = scan([
    kidney,
    tumour,
    { ...tumour, at: [11, 20, 12], radius: 2 },
    { ...tumour, at: [18, 28, 12], radius: 1 },
  ]);
  const objects = objectsOf([two], PATCH, 3);
  assert.deepEqual(
    objects.map(({ label, host, cut }) => ({ label, host, size: [...cut.size] })),
    [
      [7, 7, 7],
      [5, 5, 5],
    ].map((sides) => ({ label: TUMOUR, host: KIDNEY, size: sides.map((n) => n + 6) })),
    'a slip of the brush is none',
  );
  const { cut } = objects[0];
  const voxels = cut.size[0] * cut.size[1] * cut.size[2];
  const image = cut.readImage([0, 0, 0], cut.size);
  assert.ok(
    image.subarray(0, voxels).every((v) => Math.abs(v - 0.5) < 1e-6),
    'tumour 1.5, kidney 1',
  );
  assert.ok(image.subarray(voxels, 2 * voxels).every((v) => Math.abs(v + 0.5) < 1e-6));
  assert.equal(sum(image.subarray(2 * voxels)), 123, 'the voxels of a ball of radius 3');
  assert.deepEqual([...cut.readImage([-2, 0, 0], [2, 1, 1])], new Array(6).fill(0), 'nothing outside');
});

test('what fills a patch, or touches nothing of its host, is no object', () => {
  assert.equal(objectsOf([WITH], [32, 32, 8], 3).length, 0);
  assert.equal(objectsOf([WITH, scan([kidney, { ...tumour, at: [35, 35, 12] }])], PATCH, 3).length, 1);
  assert.equal(objectsOf([WITHOUT], PATCH, 3).length, 0);
});

/** The middle of a scan as a patch. */
function patchOf(source: PatchSource): { image: Float32Array; target: Target } {
  const start: Sides = [2, 4, 4];
  return {
    image: source.readImage(start, PATCH),
    target: targetOf(source.readMask?.(start, PATCH) as Uint8Array, 3),
  };
}

test('a pasted object lies in its host with its contrast, either way, in image and mask alike', () => {
  const objects = objectsOf([WITH], PATCH, 3);
  const random = new Random(1);
  const voxels = PATCH[0] * PATCH[1] * PATCH[2];
  const seen = { brighter: 0, darker: 0, sizes: [] as number[] };
  for (let n = 0; n < 60; n++) {
    const before = patchOf(WITHOUT);
    const kept = [before.image.slice(), before.target.oneHot.slice(), [...before.target.voxels]];
    const { image, target } = withObject(before, PATCH, objects, random);
    assert.deepEqual([before.image, before.target.oneHot, before.target.voxels], kept, 'what it is pasted into stays');
    for (let c = 0; c < 3; c++)
      assert.equal(sum(target.oneHot.subarray(c * voxels, (c + 1) * voxels)), target.voxels[c], 'counted');
    const drawn = Array.from({ length: voxels }, (_, v) => v).filter((v) => target.oneHot[TUMOUR * voxels + v] === 1);
    assert.ok(drawn.every((v) => target.oneHot[v] === 0 && target.oneHot[voxels + v] === 0));
    assert.ok(
      drawn.some((v) => before.target.oneHot[KIDNEY * voxels + v] === 1),
      'in the kidney',
    );
    seen.sizes.push(drawn.length);
    const contrast = image[drawn[drawn.length >> 1]] - 1;
    // Half of each border voxel at least is the object's; its middle is it alone.
    const strongest = Math.max(...drawn.map((v) => Math.abs(image[v] - 1)));
    assert.ok(
      strongest > 0.29 && strongest < 1.01,
      `${strongest}: 0.5 times 0.6 to 1.4, or a border in the background`,
    );
    if (contrast > 0) seen.brighter++;
    else seen.darker++;
    for (const v of drawn) assert.ok(Math.abs(image[v] + image[voxels + v] - 10) < 1e-5, 'the other channel alike');
  }
  assert.ok(seen.brighter > 15 && seen.darker > 15, JSON.stringify(seen));
  assert.ok(Math.min(...seen.sizes) < 60 && Math.max(...seen.sizes) > 250, 'smaller and larger than its 123 voxels');
});

test('a patch that shows nothing of the host stays as it is, and as much is drawn for it', () => {
  const objects = objectsOf([WITH], PATCH, 3);
  const [one, other] = [new Random(4), new Random(4)];
  const empty = patchOf(scan([]));
  assert.equal(withObject(empty, PATCH, objects, one), empty);
  withObject(patchOf(WITHOUT), PATCH, objects, other);
  assert.deepEqual(one.state, other.state);
});

test('on a coarser grid an object has as many millimetres', () => {
  const objects = objectsOf([{ ...WITH, spacing: [1, 1, 1] }], PATCH, 3);
  const volumes = ([grid, seed]: [Sides, number]) => {
    const { target } = withObject(patchOf(WITHOUT), PATCH, objects, new Random(seed), grid);
    return target.voxels[TUMOUR] * grid[0] * grid[1] * grid[2];
  };
  const ratios = Array.from({ length: 40 }, (_, seed) => volumes([[2, 2, 2], seed]) / volumes([[1, 1, 1], seed]));
  const mean = sum(ratios) / ratios.length;
  assert.ok(Math.abs(mean - 1) < 0.15, `${mean}`);
});

const OPTIONS: BatchOptions = {
  ...{ patch: PATCH, classes: 3, labelledPerStep: 2, unlabelledPerStep: 1, seed: 1 },
  ...{ augmentation: 'warp', intensity: 'off', objectPaste: 0.8 },
};
const { readMask: _, ...UNLABELLED } = WITHOUT;
const sampler = (given: Partial<BatchOptions> = {}) =>
  new TwoStreamSampler([WITH, WITHOUT], [UNLABELLED], { ...OPTIONS, ...given });

function valuesOf(batch: Batch) {
  const { labelled, unlabelled } = batch;
  const values = {
    images: [...labelled.images, ...unlabelled.images].map((t) => [...t.dataSync()]),
    masks: labelled.oneHot.map((t) => [...t.dataSync()]),
    voxels: labelled.voxels,
  };
  disposeBatch(batch);
  return values;
}

test('objects come into their share of the labelled patches alone, whose crops stay the same', async () => {
  const [without, pasted] = [sampler({ objectPaste: 0 }), sampler()];
  let changed = 0;
  for (let step = 0; step < 100; step++) {
    const [before, after] = [valuesOf(await without.next()), valuesOf(await pasted.next())];
    assert.deepEqual(after.images[2], before.images[2], 'an unlabelled patch');
    changed += [0, 1].filter((n) => after.voxels[n][TUMOUR] !== before.voxels[n][TUMOUR]).length;
  }
  assert.ok(changed > 130 && changed < 190, `${changed} of 200, 160 expected`);
});

test('a sampler goes on from its state with the same objects, and draws ahead what it draws one by one', async () => {
  const [whole, first] = [sampler(), sampler()];
  for (let n = 0; n < 3; n++) assert.deepEqual(valuesOf(await first.next()), valuesOf(await whole.next()));
  const maker = { make: async (...args: Parameters<typeof makePatch>) => makePatch(...args) };
  const second = new TwoStreamSampler([WITH, WITHOUT], [UNLABELLED], OPTIONS, maker);
  second.state = JSON.parse(JSON.stringify(first.state));
  for (let n = 0; n < 4; n++) {
    second.ahead([{}, {}]);
    assert.deepEqual(second.state, whole.state);
    assert.deepEqual(valuesOf(await second.next()), valuesOf(await whole.next()));
  }
});

test('auto pastes where labels lie in others, and nowhere else', () => {
  assert.equal(sampler({ objectPaste: 'auto' }).pasting.share, 0.8);
  const nothing = new TwoStreamSampler([WITHOUT], [], { ...OPTIONS, objectPaste: 'auto' });
  assert.deepEqual(nothing.pasting, { objects: [], share: 0 });
});

test('a run says what it pastes, and where it was asked to and cannot', () => {
  const classes = ['background', 'kidney', 'tumour'];
  assert.equal(
    pastingText(sampler().pasting, 0.8, classes),
    'Into 80 % of the labelled patches a structure of another place is pasted: tumour in kidney, one piece.',
  );
  const nothing = { objects: [], share: 0 };
  assert.match(pastingText(nothing, 0.8, classes) ?? '', /nothing is pasted/);
  for (const asked of ['auto', 0, undefined] as const) assert.equal(pastingText(nothing, asked, classes), null);
});
