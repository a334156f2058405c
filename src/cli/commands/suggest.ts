import { Command, InvalidArgumentError } from 'commander';
import type { Project } from '../../app.ts';
import type { SuggestionReport } from '../../project/services/review/suggest.ts';
import { wholeNumber } from '../flags.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result, table } from '../output.ts';
import { withProject } from './common.ts';

export function suggestCommand(): Command {
  return new Command('suggest')
    .description('rank which scans to label first, with reasons')
    .argument('<DIR>', 'the project')
    .option('--count <N>', 'how many to name', wholeNumber(1))
    .option('--percent <P>', 'so many that P percent of the project are labelled in the end; 10 without it', percent)
    .action((folder: string, flags: Output & { count?: number; percent?: number }) =>
      withProject(folder, 'read', async (project) => {
        const report = await suggested(project, flags);
        for (const { name, code } of report.unreadable) notice(flags, `${name} is left out: ${code}.`);
        result(flags, report, () => {
          const { scans, labelled, suggestions } = report;
          const state = `${labelled} of ${scans} scans are labelled.`;
          if (suggestions.length === 0) return `${state} That is enough to train: decile train ${folder}`;
          const rows = suggestions.map(({ name, reason, distance }, n) => [n + 1, name, distance, reason]);
          return `${state} Label next:\n${table(['', 'scan', 'distance', 'reason'], rows)}`;
        });
        if (report.unreadable.length > 0) throw new Exit(EXIT.partly);
      }),
    );
}

/** With progress, until Ctrl-C. */
async function suggested(
  project: Project,
  flags: Output & { count?: number; percent?: number },
): Promise<SuggestionReport> {
  const abort = new AbortController();
  const progress = new Progress(flags, 'Looking at');
  const unwatch = onInterrupt(() => abort.abort());
  try {
    const { count, percent } = flags;
    return await project.suggest({
      ...{ count, percent, signal: abort.signal },
      onProgress: (done, total, name) => progress.update(done, total, name),
    });
  } catch (error) {
    if (abort.signal.aborted) throw new Exit(EXIT.interrupted);
    throw error;
  } finally {
    progress.end();
    unwatch();
  }
}

function percent(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100) || text.trim() === '')
    throw new InvalidArgumentError(`It must be above 0 and at most 100, got ${text}.`);
  return value;
}
