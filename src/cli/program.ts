/** The whole program: every command with what all of them share. */

import { Command } from 'commander';
import { shown } from '../core/plain-text.ts';
import { VERSION } from '../core/version.ts';
import { checkCommand } from './commands/check.ts';
import { convertCommand } from './commands/convert.ts';
import { deidentifyCommand, identifiersCommand } from './commands/deidentify.ts';
import { demoCommand } from './commands/demo.ts';
import { enginesCommand } from './commands/engines.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { learnCommand } from './commands/learn.ts';
import { leaveOutCommand } from './commands/leave-out.ts';
import { measurementsCommand } from './commands/measurements.ts';
import { modelCommand } from './commands/model.ts';
import { newCommand } from './commands/new.ts';
import { predictCommand } from './commands/predict.ts';
import { rangeCommand } from './commands/range.ts';
import { reviewCommand } from './commands/review.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { studyCommand } from './commands/study.ts';
import { suggestCommand } from './commands/suggest.ts';
import { resumeCommand, trainCommand } from './commands/train.ts';
import { notice } from './output.ts';

/** Commander repeats arguments in its messages. */
const SAFE = {
  writeOut: (text: string) => void process.stdout.write(shown(text)),
  writeErr: (text: string) => void process.stderr.write(shown(text)),
};

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
    checkCommand,
    suggestCommand,
    leaveOutCommand,
    rangeCommand,
    trainCommand,
    resumeCommand,
    learnCommand,
    predictCommand,
    modelCommand,
    reviewCommand,
    measurementsCommand,
    evaluateCommand,
    exportCommand,
    convertCommand,
    deidentifyCommand,
    identifiersCommand,
    enginesCommand,
    demoCommand,
    studyCommand,
    serveCommand,
  ];
  for (const make of commands) {
    const command = make();
    // What does something takes the options; `review` alone is a family of commands.
    for (const one of command.commands.length > 0 ? command.commands : [command])
      one.option('--json', 'print the result as JSON on stdout').option('--quiet', 'no progress and no notices');
    for (const one of [command, ...command.commands])
      one.showHelpAfterError('(--help lists the options)').exitOverride().configureOutput(SAFE);
    program.addCommand(command);
  }
  // Before what is asked for, whatever it is; help alone asks for nothing.
  program.hook('preAction', async (_, command) => {
    const { checkEnvironment, misspeltVariables } = await import('../engine/machine/environment.ts');
    checkEnvironment();
    for (const text of misspeltVariables()) notice({ json: false, quiet: command.opts().quiet === true }, text);
  });
  program.exitOverride().configureOutput(SAFE);
  return program;
}
