/** Figures of reviewed cases, and everything that leaves the project. */
import { join } from 'node:path';
import type { ExportFormat } from '../../shared/contract/index.ts';
import type { Handlers } from '../api.ts';
import type { Session } from '../session.ts';

const FORMAT_NAMES: Record<ExportFormat, string> = {
  nifti: 'NIfTI masks',
  nrrd: 'NRRD segmentations',
  seg: 'DICOM SEG',
  'seg-labelmap': 'DICOM SEG label maps',
  rtstruct: 'RTSTRUCT',
  nnunet: 'an nnU-Net folder',
  msd: 'an MSD folder',
  bids: 'BIDS derivatives',
  csv: 'tables',
  html: 'the report',
};

export const reportHandlers = (
  session: Session,
): Pick<Handlers, 'report.summary' | `export.${'counts' | 'start'}`> => ({
  'report.summary': ({ run }) => session.project().compare.summary(run),
  'export.counts': ({ run, scans }) => session.project().exportCounts({ run, scans }),
  'export.start'({ folder, format, which, run, scans, withRejected, deidentify }) {
    const project = session.project();
    const output = session.folders.resolve(folder);
    const name = run === undefined ? undefined : project.store.runs.get(run).name;
    const { id } = session.jobs.start('export', `Exporting ${FORMAT_NAMES[format]}`, async (job) => {
      const report = await project.export({
        ...{ format, output, run: name, withRejected, signal: job.signal },
        which: which ?? (run === undefined ? 'accepted' : 'predictions'),
        scans: scans?.map((scan) => project.store.scans.get(scan).name),
        onProgress: (done, total, detail) => job.update({ done, total, detail }),
        ...(deidentify ? { deidentify: { dates: deidentify } } : {}),
      });
      for (const scan of report.withoutMask)
        if (!report.rejected.includes(scan)) job.notice(`${scan} has no mask to export.`);
      for (const scan of report.rejected) job.notice(`${scan} was rejected and left out.`);
      if (report.unseen.length > 0)
        job.notice(`Nobody has looked at ${report.unseen.length} of the masks: ${report.unseen.join(', ')}.`);
      for (const { message, cure } of report.refused) job.notice(`${message} ${cure}`);
      for (const text of report.notices) job.notice(text);
      return format === 'html'
        ? `Written to ${join(report.output, report.files[0])}.`
        : `${report.files.length} files written to ${report.output}.`;
    });
    return { job: id };
  },
});
