import { Command, InvalidArgumentError } from 'commander';
import { METRICS } from '../../core/metrics/index.ts';
import type { EvaluationReport } from '../../project/services/review/evaluate.ts';
import { ignoreLabel } from '../flags.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result, table } from '../output.ts';
import { userPath } from '../place.ts';
import { withProjectPreferWrite } from './common.ts';

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description("measure a run's masks against reference masks of the same names")
    .argument('<DIR>', 'the project')
    .requiredOption('--reference <MASKS_FOLDER>', 'masks named like the scans, or a data set with dataset.json')
    .option('--run <RUN>', 'name of the run; the latest finished one without it')
    .option('--against <RUN2>', 'a second run: paired t-test over the cases of both')
    .option(
      '--ignore-label <VALUE>',
      'value of references where nobody drew; what dataset.json says without it',
      ignoreLabel,
    )
    .option('--tolerance <MM>', 'of surface Dice, mm; 1 without it', millimetres)
    .action(
      (
        folder: string,
        flags: Output & { reference: string; run?: string; against?: string; tolerance?: number; ignoreLabel?: number },
      ) =>
        withProjectPreferWrite(folder, async (project) => {
          const progress = new Progress(flags, 'Evaluating');
          const abort = new AbortController();
          const unwatch = onInterrupt(() => abort.abort());
          try {
            const report = await project.evaluate({
              ...{ reference: userPath(flags.reference), run: flags.run, against: flags.against, signal: abort.signal },
              tolerance: flags.tolerance,
              ignoreLabel: flags.ignoreLabel,
              onProgress: (done, total, name) => progress.update(done, total, name),
            });
            progress.end();
            for (const text of report.notices) notice(flags, text);
            for (const failure of report.failures)
              notice(flags, `${failure.path}\n  ${failure.code}: ${failure.message}`);
            result(flags, { overall: report.overall, cases: report.cases }, () => asTable(report));
            if (report.failures.length > 0) throw new Exit(EXIT.partly);
          } catch (error) {
            if (abort.signal.aborted) throw new Exit(EXIT.interrupted);
            throw error;
          } finally {
            progress.end();
            unwatch();
          }
        }),
    );
}

function millimetres(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || !Number.isFinite(value))
    throw new InvalidArgumentError(`It must be a number of mm, got ${text}.`);
  return value;
}

/** What the mean counts 0 in overlap and cannot count in distances. */
const counted = ({ n, emptyPredictions, spurious = 0 }: EvaluationReport['overall']): string =>
  ` of ${n}${emptyPredictions > 0 ? `, ${emptyPredictions} missed` : ''}${spurious > 0 ? `, ${spurious} found where nothing is` : ''}`;

/** Cases, worst first, then mean and standard deviation. */
function asTable({ overall, cases }: EvaluationReport): string {
  const figure = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  const row = (
    name: string,
    values: Record<(typeof METRICS)[number], number | null> & { hd95Max?: number | null; surfaceDice?: number | null },
  ) => [name, ...METRICS.map((metric) => values[metric]), ...[values.hd95Max ?? null, values.surfaceDice ?? null]];
  const rows = cases.toSorted((a, b) => a.dice - b.dice).map((c) => row(c.name, c));
  const lines = [
    table(
      ['case', 'Dice %', 'Jaccard %', '95HD mm', 'ASD mm', '95HD max mm', `surface Dice % at ${overall.tolerance} mm`],
      [...rows, row(`mean${counted(overall)}`, overall), row('SD', overall.sd)],
    ),
  ];
  for (const [name, values] of Object.entries(overall.labels ?? {}))
    lines.push(`${name}: ${METRICS.map((metric) => `${metric} ${figure(values[metric])}`).join(', ')}`);
  lines.push(`Run ${overall.run}, ${overall.n} cases.`);
  if (overall.emptyPredictions > 0) lines.push(`${overall.emptyPredictions} empty predictions: Dice 0, no distance.`);
  if (overall.spurious) lines.push(`${overall.spurious} found where the reference has nothing: Dice 0, no distance.`);
  if (overall.withoutPrediction.length > 0)
    lines.push(`Not predicted (${overall.withoutPrediction.length}): ${overall.withoutPrediction.join(', ')}`);
  if (overall.against) {
    lines.push(`Paired t-test, ${overall.run} against ${overall.against.run}:`);
    for (const metric of METRICS) {
      const t = overall.against.tests[metric];
      lines.push(
        t
          ? `  ${metric}: mean difference ${t.meanDifference.toFixed(3)} (95 % interval ${t.interval.map((bound) => bound.toFixed(3)).join(' to ')}), t = ${t.t.toFixed(3)}, p = ${t.p.toPrecision(3)}, ${t.pairs} pairs`
          : `  ${metric}: fewer than two pairs`,
      );
    }
  }
  return lines.join('\n');
}
