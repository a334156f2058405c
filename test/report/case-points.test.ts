import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casePoints } from '../../src/renderer/screens/report/case-points.ts';

const figure = (scan: number, label: number, value: number | null) => ({ row: { scan, label }, value });

test('a case of several labels is one point of the box plot: the mean over those that have the figure, opened at the worst', () => {
  const figures = [figure(1, 1, 90), figure(1, 2, 70), figure(2, 1, 80), figure(2, 2, null), figure(3, 1, null)];
  const dice = casePoints(figures, true);
  assert.deepEqual(
    dice.map(({ row, value, labels }) => [row.scan, row.label, value, labels.length]),
    [
      [1, 2, 80, 2],
      [2, 1, 80, 1],
    ],
  );
  assert.equal(casePoints(figures, false)[0].row.label, 1, 'of distances the largest is the worst');
});
