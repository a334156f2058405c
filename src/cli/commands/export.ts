import { Command, Option } from 'commander';
import { DecileError } from '../../shared/errors.ts';
import {
  DATE_RULES,
  type DateRule,
  EXPORT_CHOICES,
  EXPORT_FORMATS,
  type ExportChoice,
  type ExportFormat,
} from '../../shared/export-formats.ts';
import { dicomWebServer } from '../dicomweb.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';
import { withProject } from './common.ts';

interface Flags extends Output {
  format: ExportFormat;
  which?: ExportChoice;
  scans?: string[];
  withRejected?: boolean;
  run?: string;
  deidentify?: boolean;
  dates: DateRule;
  key?: string;
  stow?: string;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write masks, tables or the report out of a project')
    .argument('<DIR>', 'the project')
    .argument('<OUT>', 'folder for the files, made when absent')
    .addOption(
      new Option(
        '--format <FORMAT>',
        'masks as NIfTI, NRRD, DICOM SEG (binary or label map) or RTSTRUCT; an nnU-Net, MSD or BIDS folder; CSV tables; the report',
      )
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--which <WHICH>',
        'masks that were accepted or drawn by hand alone, predictions as runs made them, or all: the accepted mask, else the newest prediction',
      ).choices(EXPORT_CHOICES),
    )
    .option('--scans <NAME...>', 'only these scans')
    .option('--with-rejected', 'rejected masks too, which otherwise never leave')
    .option('--run <RUN>', "this run's predictions alone")
    .option(
      '--deidentify',
      'numbers for names, DICOM de-identified with its images, every file searched for identifiers',
    )
    .addOption(
      new Option('--dates <RULE>', 'with --deidentify: dates removed, or shifted by the same days for all of a patient')
        .choices(DATE_RULES)
        .default('remove'),
    )
    .option('--key <FILE>', 'with --deidentify: keeps who is who, and makes later exports agree with this one')
    .option('--stow <URL>', 'with the DICOM formats: stores the objects on a DICOMweb server too')
    .action((folder: string, out: string, flags: Flags) => {
      if (flags.key !== undefined && !flags.deidentify)
        throw new DecileError(
          'option/invalid',
          '--key must come with --deidentify, got it alone.',
          'Add --deidentify.',
        );
      return withProject(folder, 'read', async (project) => {
        const progress = new Progress(flags, 'Exporting');
        const abort = new AbortController();
        const unwatch = onInterrupt(() => abort.abort());
        try {
          const report = await project.export({
            ...{ format: flags.format, output: userPath(out), run: flags.run, signal: abort.signal },
            ...{ which: flags.which, scans: flags.scans, withRejected: flags.withRejected },
            ...(flags.deidentify
              ? { deidentify: { dates: flags.dates, key: flags.key === undefined ? undefined : userPath(flags.key) } }
              : {}),
            ...(flags.stow === undefined ? {} : { stow: dicomWebServer(flags.stow, abort.signal) }),
            onProgress: (done, total, name) => progress.update(done, total, name),
          });
          progress.end();
          if (flags.format !== 'csv' && report.withoutMask.length > 0)
            notice(
              flags,
              `${report.withoutMask.length} scans have no mask: ${report.withoutMask.slice(0, 8).join(', ')}${report.withoutMask.length > 8 ? ', ...' : ''}`,
            );
          const masks = flags.format !== 'csv' && flags.format !== 'html';
          if (masks && report.unseen.length > 0)
            notice(flags, `${report.unseen.length} of the masks are predictions that nobody has looked at.`);
          if (masks && report.rejected.length > 0)
            notice(flags, `${report.rejected.length} rejected masks were left out; --with-rejected exports them too.`);
          for (const text of report.notices) notice(flags, text);
          result(flags, report, () =>
            [
              `${report.files.length} files written to ${report.output}.`,
              ...(report.stored > 0 ? [`${report.stored} objects stored on ${flags.stow}.`] : []),
              ...(flags.deidentify ? ['No identifier was found in them.'] : []),
              ...report.refused.map(({ scan, code, message, cure }) => `  ${scan}\n    ${code}: ${message} ${cure}`),
            ].join('\n'),
          );
          if (report.refused.length > 0) throw new Exit(EXIT.partly);
        } catch (error) {
          if (abort.signal.aborted) throw new Exit(EXIT.interrupted);
          throw error;
        } finally {
          progress.end();
          unwatch();
        }
      });
    });
}
