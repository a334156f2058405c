import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClickSession } from '../../src/core/click/index.ts';
import { voxelsAlong, voxelsWithin } from '../../src/core/click/strokes.ts';
import type { Volume } from '../../src/core/volume.ts';
import { scanOf } from './helpers.ts';

const SIZE = [40, 32, 24] as const;
const ball = (i: number, j: number, k: number) => Math.hypot(i - 20, j - 16, k - 12) <= 8;
const scan = scanOf(SIZE, (i, j, k) => (ball(i, j, k) ? 200 : 60) + ((7 * i + 5 * j + 3 * k) % 11)) as Volume;
const places = (voxels: readonly number[]) =>
  voxels.map((v) => [v % 40, Math.floor(v / 40) % 32, Math.floor(v / 1280)]);

test('a line is the voxels that it goes through, each once, and none outside of the scan', () => {
  const line = voxelsAlong(
    [
      [37, 5, 3],
      [42, 5, 3],
      [37, 5, 3],
    ],
    SIZE,
  );
  assert.deepEqual(places(line), [
    [37, 5, 3],
    [38, 5, 3],
    [39, 5, 3],
  ]);
});

test('a lasso is what it goes around on its slice, in any plane; one that encloses nothing is a line', () => {
  for (const normal of [0, 1, 2] as const) {
    const [a, b] = [0, 1, 2].filter((axis) => axis !== normal);
    const corner = (x: number, y: number): [number, number, number] => {
      const place: [number, number, number] = [0, 0, 0];
      [place[normal], place[a], place[b]] = [7, x, y];
      return place;
    };
    const found = places(
      voxelsWithin([corner(2.6, 3.6), corner(6.4, 3.6), corner(6.4, 5.4), corner(2.6, 5.4)], SIZE, normal),
    );
    assert.equal(found.length, 8, `normal ${normal}`);
    assert.ok(
      found.every((place) => place[normal] === 7 && place[a] >= 3 && place[a] <= 6 && [4, 5].includes(place[b])),
    );
  }
  const flat = voxelsWithin(
    [
      [3, 3, 2],
      [5, 3, 2],
      [4, 3, 2],
    ],
    SIZE,
    2,
  );
  assert.deepEqual(
    places(flat)
      .map(([i]) => i)
      .sort(),
    [3, 4, 5],
  );
});

test('a lasso around the middle of a structure on one slice takes the structure in all of them', () => {
  const curve = Array.from({ length: 24 }, (_, n): [number, number, number] => [
    20 + 5 * Math.cos((n * Math.PI) / 12),
    16 + 5 * Math.sin((n * Math.PI) / 12),
    12,
  ]);
  const voxels = voxelsWithin(curve, SIZE, 2);
  assert.ok(voxels.length > 60);
  const { inside } = new ClickSession(scan).preview([{ inside: true, voxels }]);
  let [both, sum] = [0, 0];
  for (let v = 0; v < inside.length; v++) {
    const truth = ball(v % 40, Math.floor(v / 40) % 32, Math.floor(v / 1280)) ? 1 : 0;
    [both, sum] = [both + (inside[v] & truth), sum + inside[v] + truth];
  }
  assert.ok((200 * both) / sum > 95, `Dice ${(200 * both) / sum}`);
});

test('a lasso of "not this" around a part of what a model believes takes that part away in the slice, and what hangs together with it', () => {
  const belief = Int8Array.from(
    scanOf(SIZE, (i, j, k) =>
      ball(i, j, k) ? 40 : Math.abs(i - 32) < 3 && j > 12 && j < 20 && k > 9 && k < 15 ? 5 : -40,
    ).data,
  );
  const curve: [number, number, number][] = [
    [29.6, 12.4, 12],
    [34.6, 12.4, 12],
    [34.6, 19.4, 12],
    [29.6, 19.4, 12],
  ];
  const voxels = voxelsWithin(curve, SIZE, 2);
  const { inside } = new ClickSession(scan).preview([{ inside: false, voxels }], belief);
  for (const v of voxels) assert.equal(inside[v], 0);
  const left = [...inside].filter((value, v) => value && belief[v] === 5).length;
  assert.equal(left, 0, `${left} voxels of the false part are left`);
  for (let v = 0; v < inside.length; v++) if (belief[v] === 40) assert.equal(inside[v], 1);
});
