import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brushThrough, strokeFigures } from '../../bench/reader/brushed.ts';
import { emptyMask, scanOf } from '../edit/helpers.ts';

const SIZE = [24, 20, 8] as const;
const grid = emptyMask(SIZE);
const maskOf = (inside: (i: number, j: number, k: number) => boolean) =>
  Uint8Array.from(scanOf(SIZE, (i, j, k) => (inside(i, j, k) ? 1 : 0)).data);
const nothing = new Uint8Array(grid.data.length);

test('a disc takes one stroke, from nothing and where it is too much', () => {
  const disc = maskOf((i, j, k) => k === 3 && Math.hypot(i - 10, j - 9) <= 5);
  assert.deepEqual(brushThrough(disc, grid, nothing), [0, 100]);
  const whole = maskOf((i, j, k) => k > 0 && k < 6 && Math.hypot(i - 10, j - 9) <= 5);
  const more = whole.map((value, v) =>
    Math.max(value, maskOf((i, j, k) => k === 2 && Math.hypot(i - 20, j - 9) <= 3)[v]),
  );
  assert.deepEqual(brushThrough(whole, grid, more).slice(1), [100]);
});

test('a cylinder takes a stroke a slice; strokes never make the mask worse and stop when nothing is wrong', () => {
  const cylinder = maskOf((i, j, k) => k > 0 && k < 6 && Math.hypot(i - 10, j - 9) <= 5);
  assert.equal(brushThrough(cylinder, grid, nothing).length, 6);
  const box = maskOf((i, j, k) => k === 2 && i > 3 && i < 15 && j > 4 && j < 12);
  const dice = brushThrough(box, grid, nothing);
  assert.ok(dice.every((d, n) => n === 0 || d >= dice[n - 1]));
  assert.equal(dice.at(-1), 100);
  assert.ok(dice.length > 3, 'a disc is no box');
});

test('strokes to a goal: those of a case that never gets there count as the most', () => {
  const [at80, at85] = strokeFigures('left-atrium', 'nothing', [
    [0, 50, 82],
    [0, 90],
    [0, 10],
  ]);
  assert.deepEqual([at80.mean, at80.failures, at80.from], [101, 1, 'nothing']);
  assert.deepEqual([at85.mean, at85.failures], [200.333, 2]);
});
