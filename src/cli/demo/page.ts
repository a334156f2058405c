/** The demo's report: both runs side by side. */

import { join } from 'node:path';
import type { Project } from '../../app.ts';
import { HUE } from '../../core/hues.ts';
import type { PhantomKind } from '../../core/phantom/index.ts';
import type { LabelMap } from '../../core/volume.ts';
import { readMask, readVolume } from '../../imaging/index.ts';
import { describeTest, type MethodReport, type PictureRow, type ReportData } from '../../project/report/report.ts';
import {
  axialPicture,
  type Colour,
  largestSlice,
  percentileWindow,
  SOFT_TISSUE,
} from '../../project/report/slice-picture.ts';
import type { EvaluationReport } from '../../project/services/review/evaluate.ts';
import type { Run } from '../../project/store/index.ts';
import { KINDS } from './settings.ts';
import { METHOD_NAMES, WHAT_IT_MEANS } from './words.ts';

export interface DemoRun {
  run: Run;
  method: keyof typeof METHOD_NAMES;
  report: EvaluationReport;
}

// Okabe-Ito: told apart by every kind of colour vision.
const COLOURS = { supervised: HUE.orange, cpcl: HUE.skyBlue, reference: HUE.green };
const rgb = (hex: string): Colour =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;

export interface PageInputs {
  kind: PhantomKind;
  project: Project;
  /** supervised first, CPCL second. */
  runs: readonly [DemoRun, DemoRun];
  /** Folder of the test scans' reference masks. */
  references: string;
  summary: readonly string[];
  facts: ReportData['facts'];
  command: string;
}

export async function demoPage({
  kind,
  project,
  runs,
  references,
  summary,
  facts,
  command,
}: PageInputs): Promise<ReportData> {
  const { label, scans } = KINDS[kind];
  const [supervised, cpcl] = runs;
  return {
    title: `Decile demo: ${label} on ${scans}`,
    summary,
    facts,
    methods: runs.map((run) => methodReport(project, run)),
    remarks: [
      describeTest(cpcl.report.overall.against?.tests.dice ?? null, METHOD_NAMES.cpcl, METHOD_NAMES[supervised.method]),
      WHAT_IT_MEANS,
    ],
    pictures: await pictures(kind, project, runs, references),
    key: [
      { name: 'reference', colour: COLOURS.reference },
      ...runs.map(({ method }) => ({ name: METHOD_NAMES[method], colour: COLOURS[method] })),
    ],
    footer: [`Made by \`${command}\`.`, 'Research use only: Decile is not a certified medical device.'],
  };
}

function methodReport({ store }: Project, { run, method, report }: DemoRun): MethodReport {
  const names = store.metrics
    .names(run.id)
    .filter(
      (name) =>
        name.startsWith('loss.') || name === 'validation.dice' || (name === 'lambda' && method !== 'supervised'),
    );
  return {
    name: METHOD_NAMES[method],
    colour: COLOURS[method],
    cases: report.cases.map(({ name, dice, jaccard, hd95, asd }) => ({
      name,
      dice,
      jaccard,
      hd95,
      asd,
      emptyPrediction: hd95 === null,
    })),
    curves: Object.fromEntries(names.map((name) => [name, store.metrics.curve(run.id, name)])),
  };
}

/** The best, the middle and the worst case of both methods together, so that neither picks them. */
async function pictures(
  kind: PhantomKind,
  { store }: Project,
  runs: readonly DemoRun[],
  references: string,
): Promise<PictureRow[]> {
  const dice = (name: string) => runs.map(({ report }) => report.cases.find((c) => c.name === name)?.dice ?? 0);
  const ranked = runs[0].report.cases.map((c) => c.name).toSorted((a, b) => sum(dice(b)) - sum(dice(a)));
  const chosen = new Set([ranked[0], ranked[Math.floor(ranked.length / 2)], ranked[ranked.length - 1]]);
  const rank = ['easiest', 'middle', 'hardest'];
  const rows: PictureRow[] = [];
  for (const name of chosen) {
    const scan = store.scans.find(name)!;
    const { volume } = await readVolume(store.path(scan.volumeFile));
    const reference = await readMask(join(references, `${name}.nii.gz`));
    const slice = largestSlice(reference);
    const window = kind === 'ct-abdomen' ? SOFT_TISSUE : percentileWindow(volume);
    const tile = (caption: string, mask?: LabelMap, colour = '') => ({
      caption,
      picture: axialPicture(volume, slice, window, mask ? [{ mask, colour: rgb(colour) }] : [], 400),
    });
    const tiles = [tile('image'), tile('reference', reference, COLOURS.reference)];
    for (const { run, method } of runs) {
      const prediction = store.predictions.get(run.id, scan.id)!;
      const mask = await readMask(store.path(store.masks.get(prediction.mask).file));
      const score = runs.find((r) => r.method === method)!.report.cases.find((c) => c.name === name)!.dice;
      tiles.push(tile(`${METHOD_NAMES[method]}, Dice ${score.toFixed(1)} %`, mask, COLOURS[method]));
    }
    rows.push({ caption: `${name} (${rank[rows.length]} case)`, tiles });
  }
  return rows;
}

const sum = (values: readonly number[]) => values.reduce((total, v) => total + v, 0);
