/** What the demo did and found, in plain words: the same on the terminal and in the report. */
import { METRICS } from '../../core/metrics/index.ts';
import type { EvaluationReport } from '../../project/services/review/evaluate.ts';
import { table } from '../output.ts';
import { type KindText, LABELLED_SCANS, TEST_SCANS, TRAINING_SCANS } from './settings.ts';

export const METHOD_NAMES = { supervised: 'supervised-only', cpcl: 'CPCL' } as const;

/** Below this mean Dice, in percent, there is nothing to compare. */
const LEARNED = 20;

export function whatWasDone({ scans, structure }: KindText, steps: number): string {
  const share = Math.round((100 * LABELLED_SCANS) / TRAINING_SCANS);
  return (
    `${TRAINING_SCANS + TEST_SCANS} made-up scans (${scans}), each another patient. Of ${TRAINING_SCANS} training scans ${LABELLED_SCANS} (${share} %) ` +
    `have a mask of ${structure}. The same network learned twice, ${steps} steps each, from the same labelled patches: once from these ${LABELLED_SCANS} alone ` +
    `(supervised-only), once with CPCL, which also learns from the ${TRAINING_SCANS - LABELLED_SCANS} unlabelled scans. ` +
    `${TEST_SCANS} further scans, imported only after training, measure both; the network of the last step is taken.`
  );
}

/** The outcome, whichever way it went; `p` of the paired t-test on Dice. */
export function whatWasFound(cpcl: EvaluationReport, supervised: EvaluationReport): string {
  const [a, b] = [cpcl.overall.dice ?? 0, supervised.overall.dice ?? 0];
  const p = cpcl.overall.against?.tests.dice?.p ?? null;
  const scores = `CPCL reached a mean Dice of ${a.toFixed(1)} %, supervised-only ${b.toFixed(1)} %`;
  if (Math.max(a, b) < LEARNED)
    return `${scores}: neither network has learned the structure yet. So few steps show that everything works on this machine, and nothing about the methods; see \`decile engines\` for what would make it faster.`;
  const gap = Math.abs(a - b).toFixed(1);
  const certain = p !== null && p <= 0.05;
  const test = p === null ? '' : ` (paired t-test p = ${p < 0.001 ? 'below .001' : p.toFixed(3)})`;
  if (!certain)
    return `${scores}: a difference of ${gap} points that chance explains${test}. So short a training does not separate them here.`;
  return a > b
    ? `${scores}: CPCL is ${gap} points ahead${test}. The unlabelled scans helped.`
    : `${scores}: CPCL is ${gap} points behind${test}. With so few steps the unlabelled scans did not help; longer training is where they are meant to.`;
}

export const WHAT_IT_MEANS =
  'One seed and scans made by a program: this shows that every step works on this machine, not how good a method is on patients.';

export function scoreTable(rows: readonly { name: string; report: EvaluationReport }[]): string {
  const figure = (mean: number | null, sd: number | null) =>
    mean === null ? '-' : `${mean.toFixed(1)} (${sd === null ? '-' : sd.toFixed(1)})`;
  return table(
    ['method', 'Dice %', 'Jaccard %', '95HD mm', 'ASD mm'],
    rows.map(({ name, report: { overall } }) => [
      name,
      ...METRICS.map((metric) => figure(overall[metric], overall.sd[metric])),
    ]),
  );
}
