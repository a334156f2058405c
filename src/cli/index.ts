/** The command line `decile`. Commands are in commands/, what they do is in src/main/services. */
import { Command, CommanderError } from 'commander';
import { convertCommand } from './commands/convert.ts';
import { demoCommand } from './commands/demo.ts';
import { enginesCommand } from './commands/engines.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { newCommand } from './commands/new.ts';
import { predictCommand } from './commands/predict.ts';
import { statusCommand } from './commands/status.ts';
import { resumeCommand, trainCommand } from './commands/train.ts';
import { normaliseSpelling } from './flags.ts';
import { EXIT, errorAsJson, reportError } from './output.ts';

export const VERSION = '0.1.0';

/** The whole program, with every command. */
export function buildProgram(): Command {
  const program = new Command('decile')
    .description(
      'Label a tenth of your CT or MR scans, train once, get masks for all the others.\nFor research use: not a certified medical device.',
    )
    .version(VERSION, '-V, --version')
    .showHelpAfterError('(decile COMMAND --help lists the options)');
  const commands = [
    newCommand,
    importCommand,
    statusCommand,
    trainCommand,
    resumeCommand,
    predictCommand,
    evaluateCommand,
    exportCommand,
    convertCommand,
    enginesCommand,
    demoCommand,
  ];
  for (const make of commands) {
    program.addCommand(
      make()
        .option('--json', 'print the result as JSON on stdout')
        .option('--quiet', 'no progress and no notices')
        .showHelpAfterError('(--help lists the options)'),
    );
  }
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

/** Runs one command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  try {
    await buildProgram().parseAsync(normaliseSpelling(argv), { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has printed its message (or the help that was asked for) already.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (json)
        process.stdout.write(
          errorAsJson('usage/invalid', error.message.replace(/^error: /, ''), '--help lists the options.'),
        );
      return EXIT.usage;
    }
    return reportError(error, { json, quiet: false });
  }
}

const status = await main(process.argv.slice(2));
// An open handle must not keep a finished command alive; stdout may still be a slow pipe.
process.exitCode = status;
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
process.exit(status);
