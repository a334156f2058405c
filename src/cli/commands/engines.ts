import { Command } from 'commander';
import { type Output, result } from '../output.ts';

export function enginesCommand(): Command {
  return new Command('engines')
    .description('what can compute on this machine, what would be used, how fast, and what would make it faster')
    .action(async (flags: Output) => {
      const { describeEngines, reportEngines } = await import('../../engine/measure/doctor.ts');
      const report = await reportEngines();
      result(flags, report, () => describeEngines(report));
    });
}
