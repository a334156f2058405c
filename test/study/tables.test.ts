/** Tables and charts of a study. */

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { boxPlotOf } from '../../src/core/box-plot.ts';
import { chartFile, efficiencyChart } from '../../src/study/charts.ts';
import { readStudy } from '../../src/study/definition.ts';
import { planStudy } from '../../src/study/plan.ts';
import type { JobResult } from '../../src/study/run-job.ts';
import { studyRows } from '../../src/study/statistics.ts';
import { latexTable, markdownTable } from '../../src/study/tables.ts';
import { onDisk } from './balls.ts';

test('tables mark the best mean and significant differences, seeds averaged case by case', async () => {
  const { folder, study } = await onDisk();
  try {
    const plan = planStudy(readStudy(study), join(folder, 'out'));
    const cases = ['a', 'b', 'c', 'd'];
    const result = (method: string, seed: number, dice: number[]): JobResult => ({
      ...{ id: `${method}-2-${seed}`, method, labelled: 2, seed, seconds: 1 },
      scores: cases.map((name, n) => ({
        case: name,
        label: 1,
        dice: dice[n],
        jaccard: dice[n],
        hd95: n === 0 ? null : 5,
        asd: 1,
        emptyPrediction: false,
      })),
    });
    const runs = [
      result('supervised', 1, [70, 71, 72, 73]),
      result('supervised', 2, [72, 73, 74, 75]),
      result('cpcl', 1, [80, 82, 82, 84]),
    ];
    const rows = studyRows(plan, runs);
    const [supervised, cpcl] = rows;
    assert.deepEqual(supervised.dice, [71, 72, 73, 74]);
    assert.ok(
      supervised.cells.dice.star && !supervised.cells.dice.best && cpcl.cells.dice.best && !cpcl.cells.dice.star,
    );
    assert.equal(
      supervised.cells.dice.test?.meanDifference,
      -10.5,
      'seed 1 against seed 1, not against the mean of both',
    );
    assert.deepEqual([supervised.seeds, supervised.sharedSeeds], [2, 1]);
    const alone = studyRows(plan, [runs[1], runs[2]])[0];
    assert.deepEqual([alone.cells.dice.test, alone.cells.dice.star], [null, false], 'no seed in common, no test');
    const fewer = studyRows(plan, [runs[0], runs[2], result('cpcl', 3, [90, 90, 90, 90])])[0];
    assert.deepEqual(
      [fewer.cells.dice.test?.meanDifference, fewer.cells.dice.test?.pairs, fewer.sharedSeeds],
      [-10.5, 4, 1],
      "the reference's further seed is not compared either",
    );
    assert.equal(supervised.seedSd, Math.SQRT2);
    assert.equal(supervised.cells.hd95.cases, 3);
    assert.match(markdownTable(rows, 'cpcl'), /supervised \| 72\.50 \(1\.29\)\* /);
    assert.match(markdownTable(rows, 'cpcl'), /\| -10\.50 \[-11\.42, -9\.58\], 1 of the seeds \| {2}\| 2 \|/);
    const [both] = studyRows(plan, [...runs, result('cpcl', 2, [73, 74, 76, 75])]);
    assert.deepEqual(
      both.bySeed.map(({ seed, test: { meanDifference } }) => [seed, meanDifference]),
      [
        [1, -10.5],
        [2, -1],
      ],
    );
    assert.match(markdownTable([both], 'cpcl'), /\| -10\.50\*, -1\.00 \|/);
    const chart = efficiencyChart([...rows, { ...supervised, labelled: 4 }], 4, 'test cases')!;
    assert.match(chart.body, /stroke-dasharray[^>]*>.*supervised, all 4 labelled/, 'the line of all labelled');
    assert.equal(efficiencyChart(rows, 4, 'test cases'), null, 'one number of labelled cases is no curve');
    const file = chartFile(chart);
    assert.ok(file.startsWith('<svg xmlns=') && !file.includes('class="chart"') && file.includes('>cpcl</text>'));
    assert.match(latexTable(rows, 'cpcl'), /\\textbf\{82\.00 \(1\.63\)\}/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a box has quartiles, whiskers within 1.5 quartile distances, and outliers beyond', () => {
  assert.deepEqual(boxPlotOf([1, 2, 3, 4, 5, 20]), {
    low: 1,
    lower: 2.25,
    median: 3.5,
    upper: 4.75,
    high: 5,
    outliers: [20],
  });
});
