import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { niceTicks } from '../../src/core/ticks.ts';
import { lineChart } from '../../src/project/report/charts.ts';
import {
  describeTest,
  formatSummary,
  type ReportData,
  renderReport,
  writeReport,
} from '../../src/project/report/report.ts';

const oneCase = (name: string, dice: number, hd95: number | null = 4) => ({
  name,
  dice,
  jaccard: dice / 2,
  hd95,
  asd: hd95 && hd95 / 4,
  emptyPrediction: hd95 === null,
});
const DATA: ReportData = {
  title: 'Kidneys <two runs>',
  summary: ['Learned from `2` scans & 18 others.'],
  facts: [['Device', '2 cores']],
  methods: [
    {
      name: 'supervised-only',
      colour: '#e69f00',
      cases: [oneCase('a', 60), oneCase('b', 80), oneCase('c', 0, null)],
      curves: {
        'loss.supervised': [
          { step: 1, value: 0.9 },
          { step: 2, value: 0.4 },
        ],
      },
    },
    {
      name: 'CPCL',
      colour: '#0072b2',
      cases: [oneCase('a', 70), oneCase('b', 90), oneCase('c', 50)],
      curves: {
        'loss.forward': [
          { step: 1, value: 0.1 },
          { step: 2, value: null },
        ],
        lambda: [{ step: 1, value: 0.001 }],
      },
    },
  ],
  remarks: ['p = .03'],
  pictures: [
    {
      caption: 'Case a',
      tiles: [{ caption: 'truth', picture: { width: 1, height: 1, channels: 1, pixels: Uint8Array.of(3) } }],
    },
  ],
  key: [{ name: 'reference', colour: '#009e73' }],
  footer: ['Not a medical device.'],
};

test('a page needs nothing from outside and runs no script', () => {
  const page = renderReport(DATA);
  assert.doesNotMatch(page, /<script|https?:|@import|url\(/i);
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(address, /^data:image\/png;base64,/);
  assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
});

test('text from outside cannot become markup', () => {
  const page = renderReport({ ...DATA, title: '<img src=x onerror=alert(1)>', facts: [['"quoted"', '<b>bold</b>']] });
  assert.doesNotMatch(page, /<img src=x|<b>bold/);
  assert.match(page, /&lt;img src=x/);
});

test('the table shows mean (SD) over cases, counts empty predictions, and marks the best mean', () => {
  const page = renderReport(DATA);
  // Dice 60, 80, 0: mean 46.7, SD 41.6; 70, 90, 50: mean 70, SD 20. Distances leave the empty case out: 4 in each.
  assert.match(
    page,
    /<td>supervised-only<\/td><td>46\.7 \(41\.6\)<\/td><td>23\.3 \(20\.8\)<\/td><td class="best">4\.0 \(0\.0\)<\/td><td class="best">1\.0 \(0\.0\)<\/td><td>1<\/td><td>3<\/td>/,
  );
  assert.match(page, /<td>CPCL<\/td><td class="best">70\.0 \(20\.0\)<\/td>/);
});

test('every case has its line, with a dash where a distance does not exist', () => {
  assert.match(renderReport(DATA), /<tr><td>c<\/td><td>0\.0<\/td><td>0\.0<\/td><td>-<\/td><td>-<\/td><td>50\.0<\/td>/);
});

test('a case that only one method scored has dashes for the other', () => {
  const [first, second] = DATA.methods;
  const page = renderReport({ ...DATA, methods: [first, { ...second, cases: [...second.cases, oneCase('d', 10)] }] });
  assert.match(page, /<tr><td>d<\/td><td>-<\/td><td>-<\/td><td>-<\/td><td>-<\/td><td>10\.0<\/td>/);
});

test('a report without results still is a page', () => {
  const page = renderReport({ ...DATA, methods: [], pictures: [] });
  assert.doesNotMatch(page, /<h2>Results|<h2>Pictures|<h2>Training/);
  assert.match(page, /Not a medical device/);
});

test('the file appears in one piece and no temporary file stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'decile-report-'));
  try {
    writeReport(join(folder, 'report.html'), DATA);
    assert.deepEqual(await readdir(folder), ['report.html']);
    assert.equal(await readFile(join(folder, 'report.html'), 'utf8'), renderReport(DATA));
    await writeFile(join(folder, 'file'), '');
    assert.throws(() => writeReport(join(folder, 'file', 'report.html'), DATA), { code: 'file/missing' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the sentence on a t-test says which is higher, by how much, and whether chance explains it', () => {
  const test1 = { pairs: 6, meanDifference: -2.34, interval: [-6.51, 1.84] as const, t: -1, p: 0.21 };
  assert.match(
    describeTest(test1, 'CPCL', 'supervised-only'),
    /^CPCL is 2\.3 Dice points lower than supervised-only over 6 cases \(95 % interval of the difference -6\.5 to 1\.8\); .* p = 0\.210, within what chance explains/,
  );
  assert.match(
    describeTest({ ...test1, meanDifference: 5, p: 0.0004 }, 'CPCL', 'MT'),
    /5\.0 Dice points higher .* p = < \.001, unlikely to be chance/,
  );
  assert.match(describeTest(null, 'CPCL', 'MT'), /Too few cases/);
});

test('ticks are round numbers that enclose the values', () => {
  assert.deepEqual(niceTicks(0, 1), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(niceTicks(61, 93), [60, 70, 80, 90, 100]);
  assert.deepEqual(niceTicks(0, 0.0007), [0, 0.0002, 0.0004, 0.0006, 0.0008]);
  for (const [low, high] of [
    [5, 5],
    [0, 0],
    [-3, 11],
  ]) {
    const ticks = niceTicks(low, high);
    assert.ok(
      ticks[0] <= low && ticks[ticks.length - 1] >= high && ticks.length >= 2 && ticks.length <= 7,
      `${low}..${high}: ${ticks}`,
    );
  }
});

test('a long curve is thinned by means, a curve without finite values draws nothing', () => {
  const points = Array.from({ length: 10_000 }, (_, step) => ({ step, value: step % 2 }));
  const chart = lineChart('Loss', [{ name: 'total', colour: '#000', points }]);
  assert.ok(chart.length < 8000, `${chart.length} characters`);
  assert.equal(lineChart('Loss', [{ name: 'total', colour: '#000', points: [{ step: 1, value: Number.NaN }] }]), '');
});

test('a summary without a standard deviation shows the mean alone', () => {
  assert.deepEqual(
    [formatSummary({ mean: 1.25, sd: null, cases: 1 }), formatSummary({ mean: null, sd: null, cases: 0 })],
    ['1.3', '-'],
  );
});

test('further figures and spurious cases stand in the table where they were measured, and not where they were not', () => {
  const one = { dice: 80, jaccard: 70, hd95: 2, asd: 1, emptyPrediction: false };
  const cases = [
    { ...one, name: 'a', hd95Max: 3, surfaceDice: 90, spurious: false },
    { ...one, ...{ dice: 0, hd95: null, asd: null }, name: 'b', hd95Max: null, surfaceDice: 0, spurious: true },
  ];
  const methods = [{ name: 'CPCL', colour: '#000', cases, curves: {} }];
  const empty = { title: 't', summary: [], facts: [], remarks: [], pictures: [], key: [], footer: [] };
  const page = renderReport({ ...empty, methods });
  assert.match(page, /<th>95HD max mm<\/th><th>Surface Dice %<\/th><th>Empty<\/th><th>Spurious<\/th><th>Cases<\/th>/);
  assert.match(page, /<td>3\.0<\/td><td>45\.0 \(63\.6\)<\/td><td>0<\/td><td>1<\/td><td>2<\/td>/);
  const plain = renderReport({ ...empty, methods: [{ ...methods[0], cases: [{ ...one, name: 'a' }] }] });
  assert.doesNotMatch(plain, /Surface Dice|Spurious/);
});
