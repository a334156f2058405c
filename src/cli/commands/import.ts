import { Command } from 'commander';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';
import { withProject } from './common.ts';

export function importCommand(): Command {
  return new Command('import')
    .description('bring scans (DICOM, NIfTI, nnU-Net and MSD folders) and masks into a project')
    .argument('<DIR>', 'the project')
    .argument('<SCANS_FOLDER>', 'folder that is searched for scans')
    .option('--labels <MASKS_FOLDER>', 'masks, named like the scans')
    .option('--only <GLOB>', "only scans whose name matches, e.g. 'la_00*'")
    .action((folder: string, scans: string, flags: Output & { labels?: string; only?: string }) =>
      withProject(folder, 'write', async (project) => {
        const abort = new AbortController();
        const progress = new Progress(flags, 'Importing');
        const unwatch = onInterrupt(() => {
          progress.say('Stopping after this scan; what was imported stays.');
          abort.abort();
        });
        try {
          const report = await project.importScans(userPath(scans), {
            only: flags.only,
            labels: flags.labels === undefined ? undefined : userPath(flags.labels),
            signal: abort.signal,
            onProgress: ({ phase, done, total, name }) => {
              if (phase === 'importing') progress.update(done, total, name);
            },
          });
          progress.end();
          for (const text of report.notices) notice(flags, text);
          for (const { name, notices } of report.added) for (const text of notices) notice(flags, `${name}: ${text}`);
          result(flags, report, () => {
            const lines = [`${count(report.added.length, 'scan')} and ${count(report.masks.length, 'mask')} imported.`];
            if (report.duplicates.length)
              lines.push(`${count(report.duplicates.length, 'scan')} already in the project.`);
            if (report.sameMasks) lines.push(`${count(report.sameMasks, 'mask')} already current.`);
            if (report.unmatchedMasks.length)
              lines.push(
                `${count(report.unmatchedMasks.length, 'mask file')} without a scan of that name: ${some(report.unmatchedMasks)}`,
              );
            if (report.failures.length) lines.push(`${count(report.failures.length, 'failure')}:`);
            for (const failure of report.failures)
              lines.push(`  ${failure.path}\n    ${failure.code}: ${failure.message} ${failure.cure}`);
            return lines.join('\n');
          });
          if (report.interrupted) throw new Exit(EXIT.interrupted);
          const done = report.added.length + report.duplicates.length;
          if (report.failures.length > 0) throw new Exit(done > 0 ? EXIT.partly : EXIT.failed);
        } finally {
          progress.end();
          unwatch();
        }
      }),
    );
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
const some = (paths: string[]) =>
  paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ');
