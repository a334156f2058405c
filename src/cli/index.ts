/** The command line `decile`. Commands are in commands/, what they do is in src/project/services. */
import { CommanderError } from 'commander';
import { normaliseSpelling } from './flags.ts';
import { EXIT, errorAsJson, reportError } from './output.ts';
import { buildProgram } from './program.ts';

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
