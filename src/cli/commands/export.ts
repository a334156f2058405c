import { Command, Option } from 'commander';
import { EXPORT_FORMATS, type ExportFormat } from '../../main/services/export-formats.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';
import { withProject } from './common.ts';

export function exportCommand(): Command {
  return new Command('export')
    .description('write masks or tables out of a project')
    .argument('<DIR>', 'the project')
    .argument('<OUT>', 'folder for the files, made when absent')
    .addOption(
      new Option('--format <FORMAT>', 'NIfTI masks, an nnU-Net raw folder, or CSV tables')
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .option(
      '--run <RUN>',
      "this run's predictions alone; without it each scan's accepted mask, else its newest prediction",
    )
    .action((folder: string, out: string, flags: Output & { format: ExportFormat; run?: string }) =>
      withProject(folder, 'read', async (project) => {
        const progress = new Progress(flags, 'Exporting');
        const abort = new AbortController();
        const unwatch = onInterrupt(() => abort.abort());
        try {
          const report = await project.export({
            ...{ format: flags.format, output: userPath(out), run: flags.run, signal: abort.signal },
            onProgress: (done, total, name) => progress.update(done, total, name),
          });
          progress.end();
          if (flags.format !== 'csv' && report.withoutMask.length > 0)
            notice(
              flags,
              `${report.withoutMask.length} scans have no mask: ${report.withoutMask.slice(0, 8).join(', ')}${report.withoutMask.length > 8 ? ', ...' : ''}`,
            );
          result(flags, report, `${report.files.length} files written to ${report.output}.`);
        } catch (error) {
          if (abort.signal.aborted) throw new Exit(EXIT.interrupted);
          throw error;
        } finally {
          progress.end();
          unwatch();
        }
      }),
    );
}
