/** Interpolation between slices that hold several islands: each goes its own way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between } from '../../src/core/edit/between.ts';
import { interpolateSlices } from '../../src/core/edit/interpolate.ts';
import { islandsOf, matchIslands, type PlaneMask } from '../../src/core/edit/islands.ts';
import type { LabelMap } from '../../src/core/volume.ts';
import { change, emptyMask } from './helpers.ts';

const [W, H] = [80, 40];
const blank = (): PlaneMask => ({ width: W, height: H, inside: new Uint8Array(W * H) });
type Disc = readonly [a: number, b: number, radius: number];
function plane(...discs: Disc[]): PlaneMask {
  const mask = blank();
  for (const [x, y, r] of discs)
    for (let p = 0; p < mask.inside.length; p++)
      if (Math.hypot((p % W) - x, Math.floor(p / W) - y) <= r) mask.inside[p] = 1;
  return mask;
}
const count = (inside: Uint8Array, where: (a: number) => boolean = () => true) =>
  inside.reduce((n, v, p) => n + (v && where(p % W) ? 1 : 0), 0);
const left = (a: number) => a < W / 2;
const quarters = (first: PlaneMask, last: PlaneMask) => {
  const at = between(first, last, [1, 1]);
  return [0.25, 0.5, 0.75].map((t) => at(t));
};

/** Drawn on slices 0 and 4; what each slice holds afterwards, and the number that was reported. */
function filled(first: PlaneMask, last: PlaneMask): { slices: Uint8Array[]; reported: number } {
  const mask: LabelMap = emptyMask([W, H, 5]);
  mask.data.set(first.inside, 0);
  mask.data.set(last.inside, 4 * W * H);
  let reported = -1;
  change(mask, (r) => {
    reported = interpolateSlices(r, 1, 2);
  });
  return { reported, slices: [1, 2, 3].map((k) => mask.data.slice(k * W * H, (k + 1) * W * H)) };
}

test('two kidneys, of which one ends: the other stays as it is, the ending one shrinks in its place', () => {
  const { slices, reported } = filled(plane([16, 20, 8], [62, 20, 8]), plane([16, 20, 8]));
  assert.equal(reported, 3);
  assert.deepEqual(
    slices.map((s) => count(s, left)),
    [197, 197, 197],
  );
  const right = slices.map((s) => count(s) - count(s, left));
  assert.ok(197 > right[0] && right[0] > right[1] && right[1] > right[2], `${right}`);
  for (const s of slices)
    for (let p = 0; p < s.length; p++)
      if (s[p] && !left(p % W)) assert.ok(Math.hypot((p % W) - 62, Math.floor(p / W) - 20) <= 8);
});

test('two kidneys whose sizes change: 370 voxels on each slice, as scipy interpolates signed distances, none between them', () => {
  const slices = quarters(plane([16, 20, 10], [62, 20, 5]), plane([16, 20, 5], [62, 20, 10]));
  assert.deepEqual(
    slices.map((s) => count(s)),
    [370, 370, 370],
  );
  for (const s of slices)
    assert.equal(
      count(s, (a) => a > 27 && a < 51),
      0,
    );
});

test('equal pairs and rings stay as they are', () => {
  const pair = plane([16, 20, 8], [62, 20, 8]);
  for (const s of quarters(pair, pair)) assert.deepEqual(s, pair.inside);
  const ring = plane([40, 20, 14]);
  for (let p = 0; p < ring.inside.length; p++)
    if (Math.hypot((p % W) - 40, Math.floor(p / W) - 20) <= 6) ring.inside[p] = 0;
  for (const s of quarters(ring, ring)) assert.deepEqual(s, ring.inside);
});

test('a stray voxel or a small island far off moves nothing', () => {
  const disc = plane([16, 20, 8]);
  for (const far of [plane([16, 20, 8], [75, 35, 0]), plane([16, 20, 8], [70, 30, 3])])
    for (const s of quarters(disc, far))
      for (let p = 0; p < s.length; p++) if (left(p % W)) assert.equal(s[p], disc.inside[p]);
});

test('each of two islands that move apart moves by itself', () => {
  const slices = quarters(plane([16, 12, 6], [60, 28, 6]), plane([24, 12, 6], [52, 28, 6]));
  const centre = (s: Uint8Array, where: (a: number) => boolean) => {
    let [sum, n] = [0, 0];
    s.forEach((v, p) => {
      if (v && where(p % W)) {
        sum += p % W;
        n++;
      }
    });
    return sum / n;
  };
  assert.deepEqual(
    slices.map((s) => [centre(s, left), centre(s, (a) => !left(a))].map(Math.round)),
    [
      [18, 58],
      [20, 56],
      [22, 54],
    ],
  );
});

test('a split and a merge: the parts connect with the whole and nothing jumps over', () => {
  const whole = plane([40, 20, 12]);
  const parts = plane([33, 20, 5], [47, 20, 5]);
  const matches = matchIslands(whole, parts, [1, 1]);
  assert.deepEqual(
    matches.map(({ first, last }) => [first.length, last.length]),
    [[1, 2]],
  );
  const [split, merge] = [quarters(whole, parts), quarters(parts, whole)];
  for (let n = 0; n < 3; n++) {
    assert.deepEqual(split[n], merge[2 - n]);
    const size = count(split[n]);
    assert.ok(size > count(parts.inside) && size < count(whole.inside), `${size}`);
    split[n].forEach((v, p) => {
      if (v) assert.ok(whole.inside[p] === 1);
    });
  }
});

test('islands without overlap are partners when they are near, and alone when they are far', () => {
  const near = matchIslands(plane([10, 10, 3], [60, 10, 3]), plane([18, 10, 3], [60, 10, 3]), [1, 1]);
  assert.deepEqual(near.map(({ first, last }) => `${first.length}-${last.length}`).sort(), ['1-1', '1-1']);
  const far = matchIslands(plane([10, 10, 3], [40, 10, 3]), plane([70, 30, 3], [40, 10, 3]), [1, 1]);
  assert.deepEqual(far.map(({ first, last }) => `${first.length}-${last.length}`).sort(), ['0-1', '1-0', '1-1']);
});

test('islands touch by corners too', () => {
  const mask = blank();
  mask.inside[0] = 1;
  mask.inside[1 + W] = 1;
  mask.inside[4] = 1;
  assert.deepEqual(
    islandsOf(mask).map(({ pixels }) => pixels.length),
    [2, 1],
  );
});

test('slices into which nothing could be written are not counted as filled', () => {
  const mask = emptyMask([W, H, 5]);
  mask.data.set(plane([16, 20, 8]).inside, 0);
  mask.data.set(plane([16, 20, 8]).inside, 4 * W * H);
  mask.data.fill(2, 2 * W * H, 3 * W * H);
  change(mask, (r) => assert.equal(interpolateSlices(r, 1, 2), 2));
});
