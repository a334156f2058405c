import assert from 'node:assert/strict';
import { test } from 'node:test';
import { geodesicDistances } from '../../src/core/click/geodesic.ts';
import { beliefOf, ClickSession, type Preview, type Seed } from '../../src/core/click/index.ts';
import { boxAround, pool, regionOf, spread } from '../../src/core/click/region.ts';
import type { Volume } from '../../src/core/volume.ts';
import { emptyMask, scanOf } from './helpers.ts';

const SIZE = [40, 32, 24] as const;
const at = (i: number, j: number, k: number) => i + SIZE[0] * (j + SIZE[1] * k);
const point = (inside: boolean, ...place: [number, number, number]): Seed => ({ inside, voxels: [at(...place)] });
const ball = (i: number, j: number, k: number, radius: number) => (x: number, y: number, z: number) =>
  Math.hypot(x - i, y - j, z - k) <= radius;
const [left, right] = [ball(11, 16, 12, 7), ball(27, 16, 12, 6)];
/** Two bright balls on a dark ground, with a regular grain so that no edge is free. */
const scan = scanOf(SIZE, (i, j, k) => (left(i, j, k) || right(i, j, k) ? 200 : 60) + ((7 * i + 5 * j + 3 * k) % 11));

function whole({ box, inside }: Preview): Uint8Array {
  const mask = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  let v = 0;
  for (let k = box.low[2]; k < box.high[2]; k++)
    for (let j = box.low[1]; j < box.high[1]; j++)
      for (let i = box.low[0]; i < box.high[0]; i++) mask[at(i, j, k)] = inside[v++];
  return mask;
}
const maskOf = (inside: (i: number, j: number, k: number) => boolean) =>
  Uint8Array.from(scanOf(SIZE, (i, j, k) => (inside(i, j, k) ? 1 : 0)).data);
function dice(a: Uint8Array, b: Uint8Array): number {
  let [both, sum] = [0, 0];
  for (let v = 0; v < a.length; v++) [both, sum] = [both + (a[v] & b[v]), sum + a[v] + b[v]];
  return (200 * both) / sum;
}

/** The slow twin: relaxes every edge until nothing gets shorter. */
function slowDistances(image: Float32Array, size: readonly [number, number, number], source: number, edge: number) {
  const far = new Float64Array(image.length).fill(Number.POSITIVE_INFINITY);
  far[source] = 0;
  const [ni, nj, nk] = size;
  for (let again = true; again; ) {
    again = false;
    for (let k = 0, v = 0; k < nk; k++)
      for (let j = 0; j < nj; j++)
        for (let i = 0; i < ni; i++, v++)
          for (let z = Math.max(0, k - 1); z <= Math.min(nk - 1, k + 1); z++)
            for (let y = Math.max(0, j - 1); y <= Math.min(nj - 1, j + 1); y++)
              for (let x = Math.max(0, i - 1); x <= Math.min(ni - 1, i + 1); x++) {
                const w = x + ni * (y + nj * z);
                const length = far[w] + Math.hypot(x - i, y - j, z - k) + edge * Math.abs(image[w] - image[v]);
                if (length < far[v] - 1e-4) [far[v], again] = [length, true];
              }
  }
  return far;
}

test('geodesic distances are those of the slow twin within 5 % on a grained image', () => {
  const size = [12, 10, 8] as const;
  const image = Float32Array.from({ length: 960 }, (_, v) => ((v * 7919) % 101) / 1000 + (v % 12) / 20);
  const fast = geodesicDistances(image, size, [1, 1, 1], [500], 10);
  const slow = slowDistances(image, size, 500, 10);
  for (let v = 0; v < fast.length; v++) {
    assert.ok(fast[v] >= slow[v] - 1e-3 && fast[v] <= 1.05 * slow[v] + 1e-3, `${v}: ${fast[v]} for ${slow[v]}`);
  }
});

test('an edge is a long way: distance over a step is its length and the edge', () => {
  const far = geodesicDistances(Float32Array.of(0, 0, 1, 1), [4, 1, 1], [2, 1, 1], [0], 10);
  assert.deepEqual([...far], [0, 2, 2 + 2 + 10, 2 + 2 + 2 + 10]);
});

test('one click into a ball takes the ball and leaves the one beside it', () => {
  const mask = whole(new ClickSession(scan as Volume).preview([point(true, 11, 16, 12)]));
  assert.ok(dice(mask, maskOf(left)) > 97, `Dice ${dice(mask, maskOf(left))}`);
  assert.equal(mask[at(27, 16, 12)], 0);
});

test('"this" in both balls takes both, and "not this" gives one back', () => {
  const session = new ClickSession(scan as Volume);
  const two = [point(true, 11, 16, 12), point(true, 27, 16, 12)];
  const both = whole(session.preview(two));
  assert.ok(
    dice(
      both,
      maskOf((i, j, k) => left(i, j, k) || right(i, j, k)),
    ) > 95,
  );
  const one = whole(session.preview([two[0], point(false, 27, 16, 12)]));
  assert.equal(one[at(27, 16, 12)], 0);
  assert.ok(dice(one, maskOf(left)) > 95);
});

test('what was clicked is so, against the image too', () => {
  const mask = whole(new ClickSession(scan as Volume).preview([point(true, 11, 16, 12), point(false, 13, 16, 12)]));
  assert.deepEqual([mask[at(11, 16, 12)], mask[at(13, 16, 12)]], [1, 0]);
});

test('without a point of the label there is nothing to begin with', () => {
  assert.throws(() => new ClickSession(scan as Volume).preview([point(false, 1, 1, 1)]), { code: 'click/no-seed' });
});

test('the same seeds give the same mask, however the session came to them', () => {
  const seeds = [point(true, 11, 16, 12), point(false, 27, 16, 12), point(true, 14, 16, 12)];
  const session = new ClickSession(scan as Volume);
  for (let n = 1; n <= seeds.length; n++) session.preview(seeds.slice(0, n));
  const fresh = new ClickSession(scan as Volume).preview(seeds);
  assert.deepEqual(whole(session.preview(seeds)), whole(fresh));
});

test('with a belief, one "not this" removes a false part and leaves the rest as it was', () => {
  const label = { ...emptyMask(SIZE), data: maskOf((i, j, k) => left(i, j, k) || right(i, j, k)) };
  const belief = beliefOf(label, 1, null);
  const mask = whole(new ClickSession(scan as Volume).preview([point(false, 27, 16, 12)], belief));
  assert.deepEqual(mask, maskOf(left));
});

test('with a belief, one click in the middle of what is wrong repairs most of it and little else', () => {
  // A model that is short by a cap of the ball, and unsure there.
  const cap = (i: number, j: number, k: number) => left(i, j, k) && i > 13;
  const believed = scanOf(SIZE, (i, j, k) => (cap(i, j, k) ? -10 : left(i, j, k) ? 50 : -50));
  const belief = Int8Array.from(believed.data);
  const mask = whole(new ClickSession(scan as Volume).preview([point(true, 15, 16, 12)], belief));
  let [repaired, spoiled, wrong] = [0, 0, 0];
  for (let v = 0; v < mask.length; v++) {
    const [i, j, k] = [v % SIZE[0], Math.floor(v / SIZE[0]) % SIZE[1], Math.floor(v / (SIZE[0] * SIZE[1]))];
    if (cap(i, j, k)) [wrong, repaired] = [wrong + 1, repaired + mask[v]];
    else if (mask[v] !== (left(i, j, k) ? 1 : 0)) spoiled++;
  }
  assert.ok(repaired > wrong / 2, `${repaired} of ${wrong} repaired`);
  assert.ok(spoiled < repaired / 4, `${spoiled} spoiled, ${repaired} repaired`);
});

test('with a belief, "not this" at the border of what an earlier click cut off takes the border, not the part', () => {
  // Two balls of the label with a thin false bridge between them: the first click cuts it.
  const bridge = (i: number, j: number, k: number) => i >= 11 && i <= 27 && Math.hypot(j - 16, k - 12) <= 1;
  const both = maskOf((i, j, k) => left(i, j, k) || right(i, j, k) || bridge(i, j, k));
  const belief = beliefOf({ ...emptyMask(SIZE), data: both }, 1, null);
  const session = new ClickSession(scan as Volume);
  const cut = [19, 20].map((i) => point(false, i, 16, 12));
  session.preview(cut, belief);
  const mask = whole(session.preview([...cut, point(false, 32, 16, 12)], belief));
  const rest = [...maskOf(right)].reduce((sum, value, v) => sum + (value & mask[v]), 0);
  const all = maskOf(right).reduce((sum, value) => sum + value, 0);
  assert.ok(rest > 0.8 * all, `${rest} of ${all} voxels are left`);
});

test('with a belief, one click moves a border where the image has it', () => {
  // The model stopped three voxels short on one side.
  const short = maskOf((i, j, k) => left(i, j, k) && i < 15);
  const belief = beliefOf({ ...emptyMask(SIZE), data: short }, 1, null);
  const mask = whole(new ClickSession(scan as Volume).preview([point(true, 16, 16, 12)], belief));
  const [before, after] = [dice(short, maskOf(left)), dice(mask, maskOf(left))];
  assert.ok(after > before + 2, `Dice ${before} to ${after}`);
  // Nothing happens far from the click.
  for (let v = 0; v < mask.length; v++) if (v % SIZE[0] < 8) assert.equal(mask[v], short[v]);
});

test('log odds follow the entropy of a prediction: none at ln 2, most at 0, signed by the label', () => {
  const prediction = { ...emptyMask([3, 1, 1]), data: Uint8Array.of(1, 1, 0) };
  const belief = beliefOf(prediction, 1, { mask: prediction, entropy: Uint8Array.of(255, 0, 0) });
  assert.deepEqual([...belief], [1, 60, -60]);
  // p = 0.9: H = -(0.9 ln 0.9 + 0.1 ln 0.1) = 0.469 of ln 2, log odds ln 9 = 2.2.
  const one = beliefOf(prediction, 1, { mask: prediction, entropy: Uint8Array.of(120, 120, 120) });
  assert.deepEqual([...one], [22, 22, -22]);
});

test('a region keeps to its nodes, and a linear field comes back from them', () => {
  const ramp = scanOf(SIZE, (i, j, k) => i + 2 * j + 3 * k) as Volume;
  const box = boxAround(ramp, [point(true, 20, 16, 12)], 100);
  assert.deepEqual(box, { low: [0, 0, 0], high: [...SIZE] });
  const region = regionOf(ramp, box, 5000);
  assert.ok(region.size[0] * region.size[1] * region.size[2] <= 5000);
  const back = spread(pool(ramp, region), region);
  for (const [i, j, k] of [
    [10, 10, 10],
    [20, 16, 12],
    [31, 20, 7],
  ] as const)
    assert.ok(Math.abs(back[at(i, j, k)] - ramp.data[at(i, j, k)]) < 1e-3);
});
