import { Command } from 'commander';
import type { Project } from '../../app.ts';
import { basisWords, type ExpectedDice } from '../../core/predict/expected-dice.ts';
import { type Output, result, table } from '../output.ts';
import { withProject } from './common.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('what a project holds and what to do next')
    .argument('<DIR>', 'the project')
    .action((folder: string, flags: Output) =>
      withProject(folder, 'read', async (project) => {
        const { byScan, left } = await project.compare.expected();
        const most = (what: 'reviewed' | 'calibrated') => Math.max(0, ...[...byScan.values()].map((one) => one[what]));
        const expected = { cases: byScan.size, left, reviewed: most('reviewed'), calibrated: most('calibrated') };
        const status = { ...project.status(), expected };
        result(flags, status, () => {
          const { scans } = status;
          const lines = [
            `${status.project.name} (${status.project.preset}), ${status.folder}`,
            `Labels: ${status.labels.map((label) => `${label.value} ${label.name}`).join(', ')}`,
            `Scans: ${scans.total}, of these ${scans.labelled} labelled, ${scans.unlabelled} unlabelled, ${scans.predicted} predicted`,
          ];
          if (byScan.size > 0)
            lines.push(
              `Review ${left} more until 95 % of the cases are expected at 90 Dice or better, told ${basisOfRuns(project, byScan)}.`,
            );
          if (status.runs.length > 0) {
            const rows = status.runs.map((run) => [
              run.name,
              run.method,
              run.state,
              `${run.step}/${run.steps}`,
              run.predictions,
              run.dice,
              run.failure,
            ]);
            lines.push('', table(['run', 'method', 'state', 'step', 'predicted', 'Dice %', ''], rows), '');
          }
          return [...lines, status.next.replace('DIR', folder)].join('\n');
        });
      }),
    );
}

/** What the values stand on: each run's predictions on reviews of that run's own. */
function basisOfRuns({ store }: Project, byScan: ReadonlyMap<number, ExpectedDice>): string {
  const basis = new Map<number, string>();
  for (const [scan, { run }] of store.predictions.newest()) {
    const expected = byScan.get(scan);
    if (expected) basis.set(run, `by ${basisWords(expected)}`);
  }
  if (basis.size === 1) return [...basis.values()][0];
  return [...basis].map(([run, words]) => `of ${store.runs.get(run).name} ${words}`).join(', ');
}
