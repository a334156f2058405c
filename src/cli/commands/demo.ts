import { Command, Option } from 'commander';
import { wholeNumber } from '../flags.ts';
import type { Output } from '../output.ts';
import { userPath } from '../place.ts';

export function demoCommand(): Command {
  return new Command('demo')
    .description('make phantoms, label a tenth, train supervised-only and CPCL, predict, evaluate, write a report')
    .option('--out <DIR>', 'folder for project and report; decile-demo without it')
    .option('--no-setup', 'do not set TensorFlow up')
    .option('--seed <N>', 'seed of phantoms and training', wholeNumber(0), 1)
    .addOption(new Option('--kind <KIND>', 'which phantoms').choices(['ct-abdomen', 'mr-head']))
    .action(async (flags: Output & { out?: string; setup: boolean; seed: number; kind?: 'ct-abdomen' | 'mr-head' }) => {
      const { runDemo } = await import('../demo.ts');
      await runDemo({
        ...flags,
        out: flags.out === undefined ? undefined : userPath(flags.out),
        json: flags.json ?? false,
      });
    });
}
