import { Command } from 'commander';
import { DecileError } from '../../shared/errors.ts';
import { EXIT, Exit, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';

export function deidentifyCommand(): Command {
  return new Command('deidentify')
    .description('copy DICOM files without what names patient and hospital')
    .argument('<SOURCE>', 'folder with DICOM files')
    .argument('<OUT>', 'empty folder for the copies, made when absent')
    .option('--shift-days <N>', 'move dates back by this many days; without it they are removed', wholeDays)
    .action(async (source: string, out: string, flags: Output & { shiftDays?: number }) => {
      const { deidentifyFolder } = await import('../../app.ts');
      const progress = new Progress(flags, 'De-identifying');
      try {
        const dates = flags.shiftDays === undefined ? ('remove' as const) : { shiftDays: flags.shiftDays };
        const report = await deidentifyFolder(userPath(source), userPath(out), { dates }, (done, total) =>
          progress.update(done, total, ''),
        );
        progress.end();
        result(flags, report, () =>
          [
            `${report.files.length} files written to ${report.output}; no identifier was found in them.`,
            ...report.failures.map(({ path, code, message, cure }) => `  ${path}\n    ${code}: ${message} ${cure}`),
          ].join('\n'),
        );
        if (report.failures.length > 0) throw new Exit(report.files.length > 0 ? EXIT.partly : EXIT.failed);
      } finally {
        progress.end();
      }
    });
}

export function identifiersCommand(): Command {
  return new Command('identifiers')
    .description('search a folder for what names patients')
    .argument('<FOLDER>', 'files that are to be handed on')
    .option('--originals <SOURCE>', 'DICOM files whose names, numbers and UIDs must not be found')
    .action(async (folder: string, flags: Output & { originals?: string }) => {
      const { searchIdentifiers } = await import('../../app.ts');
      const leaks = await searchIdentifiers(
        userPath(folder),
        flags.originals === undefined ? undefined : userPath(flags.originals),
      );
      result(flags, { leaks }, () =>
        leaks.length === 0
          ? 'No identifier was found.'
          : [`${leaks.length} found:`, ...leaks.map(({ path, what }) => `  ${path}: ${what}`)].join('\n'),
      );
      if (leaks.length > 0) throw new Exit(EXIT.failed);
    });
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days;
  throw new DecileError('option/invalid', `--shift-days must be from 1 to 36500, got ${text}.`, 'For instance 100.');
}
