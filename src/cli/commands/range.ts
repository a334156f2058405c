import { Command } from 'commander';
import { notice, type Output, result } from '../output.ts';
import { withProject } from './common.ts';
import { parseRange } from './new.ts';

export function rangeCommand(): Command {
  return new Command('range')
    .description('intensities that training clips a CT project to, from the next run on')
    .argument('<DIR>', 'the project')
    .argument('<LOW,HIGH>', 'HU, e.g. -160,240', parseRange)
    .action((folder: string, range: [number, number], flags: Output) =>
      withProject(folder, 'write', async ({ store }) => {
        const before = store.runs.list().length;
        const project = store.project.setRange(range);
        if (before > 0)
          notice(
            flags,
            `${before} earlier ${before === 1 ? 'run' : 'runs'} used another range and keep it: their figures say little about this one.`,
          );
        result(flags, { range: project.range, earlierRuns: before }, `Training clips to ${range.join(' to ')} HU.`);
      }),
    );
}
