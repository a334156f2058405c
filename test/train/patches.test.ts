import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOptions } from '../../src/core/parse-option.ts';
import { boxOf } from '../../src/core/predict/boxes.ts';
import { Random } from '../../src/core/random.ts';
import { fitOf, fitPatch, roomIn } from '../../src/core/train/fit-patch.ts';
import { type PatchSource, planCrop, readPatch, type Sides } from '../../src/core/train/patches.ts';
import { normalise } from '../../src/core/train/preprocess.ts';
import { CaseStream } from '../../src/core/train/sampler.ts';
import { emaDecayAt, polynomialDecay, rampUp } from '../../src/core/train/schedules.ts';
import { loadOf, type Recompute, type StepLoad, stepBytes } from '../../src/core/train/step-bytes.ts';

/** Voxel (x, y, z) holds 1 + x + 10 y + 100 z. */
function counting(size: Sides): PatchSource {
  const image = new Float32Array(size[0] * size[1] * size[2]);
  for (let i = 0; i < image.length; i++) {
    image[i] = 1 + (i % size[0]) + 10 * (Math.floor(i / size[0]) % size[1]) + 100 * Math.floor(i / (size[0] * size[1]));
  }
  return { name: 'counting', size, readImage: (start, box) => boxOf(image, size, start, box) };
}

const noFlips = [false, false, false] as const;

test('a quarter turn maps patch (x, y) to scan (y, side - 1 - x)', () => {
  const { image } = readPatch(counting([3, 2, 1]), [2, 3, 1], { start: [0, 0, 0], quarterTurns: 1, flips: noFlips });
  // The scan: rows [1 2 3] and [11 12 13]. The patch is 2 wide and 3 high.
  assert.deepEqual([...image], [11, 1, 12, 2, 13, 3]);
});

test('two half turns and two flips of one axis give the patch back', () => {
  const source = counting([4, 4, 2]);
  const at = (quarterTurns: 0 | 2, flips: readonly [boolean, boolean, boolean]) =>
    readPatch(source, [4, 4, 2], { start: [0, 0, 0], quarterTurns, flips }).image;
  assert.deepEqual(at(2, [true, true, false]), at(0, noFlips));
  assert.deepEqual([...at(0, [false, false, true])].slice(0, 4), [101, 102, 103, 104]);
});

test('all turns and flips hold the same voxels', () => {
  const source = counting([4, 4, 3]);
  const all = [...readPatch(source, [4, 4, 3], { start: [0, 0, 0], quarterTurns: 0, flips: noFlips }).image].sort();
  for (const quarterTurns of [0, 1, 2, 3] as const) {
    const patch = readPatch(source, [4, 4, 3], { start: [0, 0, 0], quarterTurns, flips: [true, false, true] });
    assert.deepEqual([...patch.image].sort(), all);
  }
});

test('a scan smaller than the patch stands in the middle of zeros', () => {
  const plan = planCrop([2, 2, 1], [4, 4, 3], new Random(1));
  assert.deepEqual(plan.start, [-1, -1, -1]);
  const { image } = readPatch(counting([2, 2, 1]), [4, 4, 3], { ...plan, quarterTurns: 0, flips: noFlips });
  assert.equal(image.filter((v) => v !== 0).length, 4);
  assert.equal(image[16 + 4 + 1], 1);
});

test('crops reach every start that keeps the patch inside, and no other', () => {
  const random = new Random(3);
  const starts = new Set(Array.from({ length: 200 }, () => planCrop([6, 4, 4], [4, 4, 4], random).start[0]));
  assert.ok([...starts].every((s) => s >= 0 && s <= 2));
  assert.equal(starts.size, 3);
});

test('every quarter turn and flip takes image and mask from the same voxels, in patches of unequal sides', () => {
  const scan = counting([9, 8, 7]);
  const source = {
    ...scan,
    readMask: (start: Sides, box: Sides) => Uint8Array.from(scan.readImage(start, box), (v) => v % 251),
  };
  const [px, py, pz] = [3, 2, 4];
  const start = [2, 1, 3] as const;
  for (const quarterTurns of [0, 1, 2, 3] as const)
    for (let bits = 0; bits < 8; bits++) {
      const flips = [0, 1, 2].map((n) => ((bits >> n) & 1) === 1) as unknown as readonly [boolean, boolean, boolean];
      const { image, mask } = readPatch(source, [px, py, pz], { start, quarterTurns, flips });
      const [bx, by] = quarterTurns % 2 ? [py, px] : [px, py];
      for (let z = 0; z < pz; z++)
        for (let y = 0; y < py; y++)
          for (let x = 0; x < px; x++) {
            const [u, v, w] = [flips[0] ? px - 1 - x : x, flips[1] ? py - 1 - y : y, flips[2] ? pz - 1 - z : z];
            const [i, j] = [[u, v], [v, by - 1 - u], [bx - 1 - u, by - 1 - v], [bx - 1 - v, u]][quarterTurns]; // biome-ignore format: the turns
            const value = 1 + (2 + i) + 10 * (1 + j) + 100 * (3 + w);
            const at = x + px * (y + py * z);
            assert.deepEqual([image[at], mask?.[at]], [value, value % 251], `${quarterTurns} turns, flips ${flips}`);
          }
    }
});

test('all turns and flips are drawn, and a scan smaller than the patch is always in its middle', () => {
  const random = new Random(5);
  const plans = Array.from({ length: 300 }, () => planCrop([4, 9, 3], [8, 8, 8], random));
  assert.equal(new Set(plans.map(({ quarterTurns, flips }) => `${quarterTurns} ${flips}`)).size, 4 * 8);
  assert.ok(plans.every(({ start }) => start[0] === -2 && start[2] === -3 && (start[1] === 0 || start[1] === 1)));
  const wide = Array.from({ length: 100 }, () => planCrop([8, 4, 8], [4, 8, 8], random).start);
  assert.deepEqual([...new Set(wide.map((start) => start[1]))].toSorted(), [-2, 0], 'turned, the patch fits along y');
});

test('without augmentation a crop lies as the scan lies', () => {
  const random = new Random(3);
  const plans = Array.from({ length: 20 }, () => planCrop([6, 4, 4], [4, 4, 4], random, 'none'));
  assert.ok(plans.every(({ quarterTurns, flips, warp }) => quarterTurns === 0 && !flips.includes(true) && !warp));
});

test('a stream gives each case once before any again', () => {
  const stream = new CaseStream(5, 1, 1);
  for (let epoch = 0; epoch < 3; epoch++) {
    assert.deepEqual(Array.from({ length: 5 }, () => stream.next()).sort(), [0, 1, 2, 3, 4]);
  }
});

test('ramp-up, learning rate and EMA decay have the values of the paper', () => {
  const lambdas = [0, 0.25, 0.5, 0.75, 1].map((t) => rampUp(t * 1000, 1000, 0.1));
  assert.equal(rampUp(700, 300, 0.1), 0.1, 'a shorter ramp ends at its full weight');
  [0.000674, 0.006005, 0.02865, 0.07316, 0.1].forEach((expected, n) => {
    assert.ok(Math.abs(lambdas[n] - expected) < 1e-5);
  });
  assert.equal(polynomialDecay(0, 20000, 0.01), 0.01);
  assert.equal(polynomialDecay(10000, 20000, 0.01), 0.01 * 0.5 ** 0.9);
  assert.deepEqual(
    [0, 1, 3, 99, 1000].map((t) => emaDecayAt(t, 0.99)),
    [0, 0.5, 0.75, 0.99, 0.99],
  );
});

test('MR intensities have zero mean and unit variance over voxels above 0; CT is clipped first', () => {
  const mr = Float32Array.from([0, 0, 2, 4]);
  normalise(mr, { kind: 'mr' });
  assert.deepEqual([...mr], [-3, -3, -1, 1]);
  const small = Float32Array.from([-5, 0, 0.5, 1.5]); // mean 1 and deviation 1/2 of the two above 0
  normalise(small, { kind: 'mr' });
  assert.deepEqual([...small], [-12, -2, -1, 1]);
  const none = Float32Array.from([-2, 0]); // none above 0: all count
  normalise(none, { kind: 'mr' });
  assert.deepEqual([...none], [-1, 1]);
  const kept = Float32Array.from([3, 9]);
  normalise(kept, { kind: 'none' });
  assert.deepEqual([...kept], [3, 9]);
  const ct = Float32Array.from([-1000, -75, 175, 3000]);
  normalise(ct, { kind: 'ct', clip: [-75, 175] });
  assert.deepEqual([...ct], [-1, -1, 1, 1]);
  const flat = Float32Array.from([7, 7, 7]);
  normalise(flat, { kind: 'mr' });
  assert.deepEqual([...flat], [0, 0, 0]);
  // A map in units in which every number is tiny.
  const tiny = Float32Array.from([0, 0, 2e-9, 4e-9]);
  normalise(tiny, { kind: 'mr' });
  [-3, -3, -1, 1].forEach((expected, n) => {
    assert.ok(Math.abs(tiny[n] - expected) < 1e-5, `${tiny[n]}`);
  });
});

/** As many patches without gradient as with. */
const load = (width: number, gradientImages: number): StepLoad => ({
  width,
  gradientImages,
  images: 2 * gradientImages,
});

test('an automatic patch fits the median scan and the memory', () => {
  const within = (step: StepLoad, bytes: number) => (patch: Sides) => stepBytes(patch, step) <= bytes;
  assert.deepEqual(fitPatch([[97, 71, 44]], within(load(8, 2), 8e9)), [96, 64, 32]);
  assert.deepEqual(fitPatch([[10, 300, 300]], within(load(8, 2), 8e9)), [16, 96, 96]);
  const small = fitPatch([[300, 300, 300]], within(load(16, 4), 1e9));
  assert.ok(stepBytes(small, load(16, 4)) <= 1e9);
  assert.ok(small.every((side) => side % 16 === 0));
});

/** The paper's reading: one pass with gradient for each labelled patch. */
const paper = resolveOptions({
  method: 'cpcl',
  network: 'unet',
  width: 16,
  unlabelledBranch: 'teacher',
  labelledPerStep: 4,
  unlabelledPerStep: 4,
});

test('patch and batch fit the room: one patch of each kind comes before sides under 32 voxels', () => {
  const of = (room: number) => fitOf(paper, [[300, 300, 300]], room);
  const least = (batch: number) => stepBytes([32, 32, 32], load(16, batch), 'passes');
  const { patch, labelledPerStep, unlabelledPerStep, recompute } = of(32e9);
  assert.deepEqual([patch, labelledPerStep, unlabelledPerStep, recompute], [[96, 96, 96], 4, 4, undefined]);
  const tight = of(least(4));
  assert.deepEqual([tight.patch, tight.labelledPerStep, tight.recompute], [[32, 32, 32], 4, 'passes']);
  const tighter = of(least(4) - 1);
  assert.deepEqual([tighter.labelledPerStep, tighter.unlabelledPerStep], [1, 1]);
  assert.ok(Math.min(...tighter.patch) >= 32);
  assert.ok(stepBytes(tighter.patch, load(16, 1), 'maps') < least(4));
  assert.deepEqual(fitOf({ ...paper, patch: [96, 96, 96] }, [], 1).patch, [96, 96, 96]); // what was asked for is tried first
});

test('a run may take half of the free memory or a quarter of all, and no more than its engine holds', () => {
  assert.equal(roomIn({ free: 12e9, total: 16e9 }), 6e9);
  assert.equal(roomIn({ free: 1e9, total: 16e9 }), 4e9);
  assert.equal(roomIn({ free: 40e9, total: 64e9 }, 3e9), 3e9);
});

test('the least is computed again that lets the patch fit; voxels are given up last', () => {
  const step = (form?: Recompute) => stepBytes([96, 96, 96], loadOf(paper), form);
  const of = (room: number) => fitOf(paper, [[300, 300, 300]], room);
  const whole = [96, 96, 96];
  assert.deepEqual([of(step()).patch, of(step()).recompute], [whole, undefined]);
  assert.deepEqual([of(step() - 1).patch, of(step() - 1).recompute], [whole, 'maps']);
  assert.deepEqual([of(step('maps') - 1).patch, of(step('maps') - 1).recompute], [whole, 'passes']);
  const less = of(step('passes') - 1);
  assert.equal(less.recompute, 'passes');
  assert.ok(less.patch.reduce((a, b) => a * b) < 96 ** 3);
});

test('large steps are planned ahead on 4 GiB, 8, 16 and 80 GB', () => {
  // Half of the free memory of machines with 16 and 32 GB, wasm32's most, and a card of 80 GB.
  const rooms = { simd: 0.85 * 2 ** 32, half16: 8e9, half12: 6e9, card: 0.8 * 80e9 };
  const of = (width: number, side: number, room: number) =>
    fitOf(resolveOptions({ width, patch: [side, side, side] }), [], room);
  const forms = (width: number, side: number) =>
    Object.fromEntries(Object.entries(rooms).map(([name, room]) => [name, of(width, side, room).recompute ?? 'none']));
  assert.deepEqual(forms(32, 96), { simd: 'passes', half16: 'none', half12: 'none', card: 'none' });
  assert.deepEqual(forms(16, 128), { simd: 'passes', half16: 'none', half12: 'maps', card: 'none' });
  for (const [width, side] of [
    [32, 96],
    [16, 128],
  ])
    assert.deepEqual(of(width, side, rooms.simd).patch, [side, side, side]);
});
