import { Command } from 'commander';
import { addTrainingFlags, givenOptions } from '../flags.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, type Output, Progress, result } from '../output.ts';
import { sayLeftOut, showPrediction, withProject } from './common.ts';
import { showEvent } from './train.ts';

export function learnCommand(): Command {
  const command = new Command('learn')
    .description('train on from the last run with the masks that are new, and predict again what nobody looked at')
    .argument('<DIR>', 'the project')
    .option('--from <RUN>', 'the run to start from; the latest finished one without it');
  addTrainingFlags(command);
  return command.action((folder: string, flags: Output & { from?: string }) =>
    withProject(folder, 'write', async (project) => {
      const progress = new Progress(flags, 'Learning');
      const preparing = new Progress(flags, 'Preparing');
      const round = await project.learn(
        { from: flags.from, options: givenOptions(flags as unknown as Record<string, unknown>) },
        (event) => {
          showEvent(event, progress, preparing);
          showPrediction(progress, event);
        },
      );
      const unwatch = onInterrupt(() => {
        progress.say('Stopping; what was made so far stays.');
        round.cancel();
      });
      try {
        const { run, ...report } = await round.done;
        progress.end();
        const { left } = await project.compare.expected();
        const again = `decile learn ${folder}`;
        result(
          flags,
          { run: run.name, from: run.startedFrom, ...report, left, ...(report.stopped && { resume: again }) },
          () =>
            report.stopped
              ? `Stopped at step ${run.step} of ${run.options.steps} of ${run.name}, ${report.refreshed.length} scans predicted again. Go on with: ${again}`
              : `Run ${run.name} learned ${report.learned.length} new ${report.learned.length === 1 ? 'mask' : 'masks'} and predicted ${report.refreshed.length} scans again; ${left} to review until 95 % are expected at 90 Dice or better.\nNext: decile review list ${folder}`,
        );
        if (report.stopped) throw new Exit(EXIT.interrupted);
        sayLeftOut(flags, report.leftOut);
      } finally {
        progress.end();
        unwatch();
      }
    }),
  );
}
