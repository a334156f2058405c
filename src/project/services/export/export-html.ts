/** The report as one page that stands alone, by the report writer that the demo uses too. */

import { join } from 'node:path';
import { HUE, SERIES_HUES } from '../../../core/hues.ts';
import { figuresInWords } from '../../../core/measure/figures.ts';
import { meanAndSd } from '../../../core/metrics/index.ts';
import { expectedFigures, expectedRemark } from '../../../core/predict/expected-dice.ts';
import { readMask, readVolume } from '../../../imaging/index.ts';
import type { MeasuredRow, ReportSummary } from '../../../shared/contract/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import { REJECT_REASONS } from '../../../shared/review.ts';
import { type PictureRow, type ReportData, writeReport } from '../../report/report.ts';
import { axialPicture, axialSlices, largestSlice, percentileWindow } from '../../report/slice-picture.ts';
import type { Label, Run, Store } from '../../store/index.ts';
import { reviewSummary } from '../review/compare.ts';
import { measuredOn } from '../review/measured.ts';
import { type ExportJob, readOrRefuse, rgb, stopHere } from './export-job.ts';

/** Colours of runs (Okabe and Ito), and of the outlines. */
const REFERENCE_COLOUR = HUE.green;
const PREDICTION_COLOUR = HUE.orange;
const PICTURES = 6;

const FILE = 'report.html';

/** One label of a case. */
type Row = ReportSummary['cases'][number];

/**
 * Writes report.html: the predictions of a run (of all without one) against what people made of them.
 * @throws export/nothing before any case was reviewed
 */
export async function exportHtml(job: ExportJob, run: Run | null): Promise<string[]> {
  const { store, request, chosen, output, report } = job;
  const whole = await reviewSummary(store, run?.id, () => stopHere(request, 0, chosen.length));
  const asked = new Set(chosen.map(({ scan }) => scan.id));
  const summary = { ...whole, cases: whole.cases.filter(({ scan }) => asked.has(scan)) };
  const damaged = whole.leftOut.filter(({ scan }) => asked.has(scan));
  if (summary.cases.length === 0 && damaged.length > 0)
    throw new DecileError(damaged[0].code, damaged[0].message, damaged[0].cure);
  const names = new Map(chosen.map(({ scan, name }) => [scan.id, name]));
  const measurements = chosen.flatMap(({ scan, name }) =>
    measuredOn(store, [scan]).map((one) => ({ ...one, scan: name, figures: inWords(one) })),
  );
  if (summary.cases.length === 0 && measurements.length === 0)
    throw new DecileError(
      'export/nothing',
      'A report must have at least one predicted case that was reviewed, got none.',
      'Accept or correct a prediction first, or measure something.',
    );
  const nameOf = (scan: number) => names.get(scan) ?? String(scan);
  for (const { scan, code, message, cure } of damaged) report.refused.push({ scan: nameOf(scan), code, message, cure });
  const unseen = whole.expected
    .filter(({ scan, runName }) => asked.has(scan) && (run === null || runName === run.name))
    .map(({ scan, runName, expected }) => [nameOf(scan), runName, expectedFigures(expected)] as const);
  const labels = store.labels.list();
  const runs = [...new Set(summary.cases.map((row) => row.run))];
  const worst = [...summary.cases]
    .sort((a, b) => a.dice - b.dice)
    .filter((row, at, all) => all.findIndex((other) => other.scan === row.scan) === at)
    .slice(0, PICTURES);
  const pictures: PictureRow[] = [];
  for (const [at, row] of worst.entries()) {
    stopHere(request, at, worst.length);
    request.onProgress?.(at, worst.length, nameOf(row.scan));
    const label = labels.length > 1 ? `, ${labels.find(({ value }) => value === row.label)?.name}` : '';
    const caption = `${nameOf(row.scan)}${label}: Dice ${row.dice.toFixed(1)}`;
    const one = { scan: store.scans.get(row.scan), name: nameOf(row.scan) };
    const picture = await readOrRefuse(job, one, () => pictureRow(store, row.scan, row.run, caption));
    if (picture) pictures.push(picture);
  }
  const page: ReportData = {
    title: request.deidentify ? 'Decile' : store.project.get().name,
    summary: [
      `${summary.reviewed} predicted cases were reviewed: ${summary.acceptedUnedited} accepted as they were, ${summary.corrected} corrected, ${summary.rejected} rejected.`,
      'Figures compare each prediction with the mask that a person accepted. Cases that a run learned from are left out.',
    ],
    facts: [
      ['Scans', String(store.scans.list().length)],
      ['Mean change', summary.meanChangeMl === null ? 'none' : `${summary.meanChangeMl.toFixed(2)} ml`],
      ...(labels.length > 1 ? runs.flatMap((run) => labelFacts(store.runs.get(run), labels, summary.cases)) : []),
    ],
    methods: runs.map((run, at) => ({
      name: store.runs.get(run).name,
      colour: SERIES_HUES[at % SERIES_HUES.length],
      cases: wholeCases(
        summary.cases.filter((row) => row.run === run),
        nameOf,
      ),
      curves: Object.fromEntries(store.metrics.names(run).map((curve) => [curve, store.metrics.curve(run, curve)])),
    })),
    ...(unseen.length > 0 && { expected: { cases: unseen, remark: expectedRemark(whole.leftToReview) } }),
    measurements,
    remarks: [
      'A prediction is the reference of its own correction: cases accepted unedited score 100 by construction.',
      ...(labels.length > 1
        ? ['The figures of a case are means over its labels; empty and spurious are cases with any such label.']
        : []),
      ...(summary.rejections.length > 0
        ? [
            `Rejected: ${summary.rejections.map((one) => rejectionWords(one, request.deidentify ? nameOf : null)).join(', ')}.`,
          ]
        : []),
    ],
    pictures,
    key: [
      { name: 'accepted mask', colour: REFERENCE_COLOUR },
      { name: 'prediction', colour: PREDICTION_COLOUR },
    ],
    footer: ['Made by Decile. For research use; not a certified medical device.'],
  };
  writeReport(join(output, FILE), page);
  return [FILE];
}

/** Each case once, as `evaluate` counts them: the mean over its labels, distances over those that have one. */
function wholeCases(rows: readonly Row[], nameOf: (scan: number) => string): ReportData['methods'][number]['cases'] {
  return [...Map.groupBy(rows, ({ scan }) => scan)].map(([scan, ofCase]) => {
    const over = (pick: (row: Row) => number | null) => meanAndSd(ofCase.map(pick)).mean;
    return {
      name: nameOf(scan),
      ...{ dice: over(({ dice }) => dice) ?? 0, jaccard: over(({ jaccard }) => jaccard) ?? 0 },
      ...{ hd95: over(({ hd95 }) => hd95), asd: over(({ asd }) => asd), hd95Max: over(({ hd95Max }) => hd95Max) },
      surfaceDice: over(({ surfaceDice }) => surfaceDice),
      spurious: ofCase.some(({ spurious }) => spurious),
      emptyPrediction: ofCase.some(({ missed }) => missed),
    };
  });
}

/** `Dice of kidney, run-1`: mean, SD and number of cases. */
function labelFacts(run: Run, labels: readonly Label[], rows: readonly Row[]): [string, string][] {
  return labels.flatMap(({ value, name }) => {
    const of = rows.filter((row) => row.run === run.id && row.label === value);
    const { mean, sd, cases } = meanAndSd(of.map(({ dice }) => dice));
    if (mean === null) return [];
    return [
      [
        `Dice of ${name}, ${run.name}`,
        `${mean.toFixed(1)} %${sd === null ? '' : ` (SD ${sd.toFixed(1)})`}, ${cases} ${cases === 1 ? 'case' : 'cases'}`,
      ],
    ];
  });
}

/** Length, angle, or mean and SD with the area. */
function inWords({ kind, lengthMm, angleDegrees, areaMm2, mean, sd }: MeasuredRow): string {
  const figures = { mm: lengthMm ?? 0, degrees: angleDegrees ?? 0, areaMm2: areaMm2 ?? 0, mean, sd };
  return figuresInWords(kind, figures);
}

/** @param nameOf where nothing may name a person: other names, and none of a person's own words */
function rejectionWords(
  { scan, name, reason }: ReportSummary['rejections'][number],
  nameOf: ((scan: number) => string) | null,
) {
  const own = nameOf !== null && !(REJECT_REASONS as readonly string[]).includes(reason);
  const words = own && reason ? 'other' : reason;
  return `${nameOf ? nameOf(scan) : name}${words ? ` (${words})` : ''}`;
}

async function pictureRow(store: Store, scan: number, run: number, caption: string): Promise<PictureRow> {
  const entry = store.scans.get(scan);
  const { volume } = await readVolume(store.path(entry.volumeFile));
  // Both are there: the summary names no case without them.
  const reference = await readMask(store.path(store.masks.reference(scan)!.file));
  const prediction = await readMask(store.path(store.masks.get(store.predictions.get(run, scan)!.mask).file));
  const slice = Math.min(largestSlice(reference), axialSlices(volume) - 1);
  const window = percentileWindow(volume);
  const tile = (caption: string, mask: typeof reference | null, colour: string) => ({
    caption,
    picture: axialPicture(volume, slice, window, mask ? [{ mask, colour: rgb(colour) }] : []),
  });
  return {
    caption,
    tiles: [
      tile('scan', null, ''),
      tile('accepted mask', reference, REFERENCE_COLOUR),
      tile('prediction', prediction, PREDICTION_COLOUR),
    ],
  };
}
