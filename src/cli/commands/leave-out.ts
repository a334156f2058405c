import { Command } from 'commander';
import { type Output, result } from '../output.ts';
import { withProject } from './common.ts';

export function leaveOutCommand(): Command {
  return new Command('leave-out')
    .description('leave scans out of training without deleting them')
    .argument('<DIR>', 'the project')
    .argument('<SCAN...>', 'names of scans')
    .option('--reason <REASON>', 'why, e.g. bad quality', 'left out by hand')
    .option('--undo', 'take them in again')
    .action((folder: string, names: string[], flags: Output & { reason: string; undo?: boolean }) =>
      withProject(folder, 'write', async (project) => {
        const scans = project.leaveOut(names, flags.undo ? '' : flags.reason);
        result(flags, { scans }, () =>
          scans
            .map(({ scan, leftOut }) => (leftOut ? `${scan} is left out: ${leftOut}` : `${scan} is taken in again.`))
            .join('\n'),
        );
      }),
    );
}
