import { Command, InvalidArgumentError, Option } from 'commander';
import type { Project } from '../../app.ts';
import { BRATS_MODALITIES, type BratsModality } from '../../imaging/layouts.ts';
import type { NamedChannel } from '../../project/services/import/channel-groups.ts';
import type { ImportProgress, ImportReport } from '../../project/services/import/import.ts';
import type { OverlapRule } from '../../project/services/import/overlaps.ts';
import { DecileError } from '../../shared/errors.ts';
import { parseChannels } from '../channels.ts';
import { dicomWebServer } from '../dicomweb.ts';
import { ignoreLabel } from '../flags.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, notice, type Output, Progress, result } from '../output.ts';
import { userPath } from '../place.ts';
import { withProject } from './common.ts';

interface Flags extends Output {
  labels?: string;
  as?: string;
  masks?: string;
  ignoreLabel?: number;
  only?: string;
  modality?: BratsModality;
  channels?: NamedChannel[] | 'none';
  overlaps?: OverlapRule;
  followLinks?: boolean;
  otherKinds?: 'take' | 'leave-out';
  dicomweb?: string;
  study: string[];
  series: string[];
  match: Record<string, string>;
}

export function importCommand(): Command {
  return new Command('import')
    .description(
      'bring scans (DICOM, NIfTI, NRRD, MetaImage, nnU-Net and MSD folders, DICOMweb) and masks into a project',
    )
    .argument('<DIR>', 'the project')
    .argument('[SCANS_FOLDER]', 'folder that is searched for scans; left out with --dicomweb')
    .option('--labels <MASKS_FOLDER>', 'masks: named like the scans, or DICOM SEG and RTSTRUCT of them')
    .option('--as <NAME>', "who drew the masks; the system's user without it")
    .option('--masks <GLOB>', "which files are masks, e.g. '*_seg.nii.gz'; all others are scans then")
    .option(
      '--ignore-label <VALUE>',
      'value of masks where nobody drew; what dataset.json says without it',
      ignoreLabel,
    )
    .option(
      '--overlaps <RULE>',
      "voxels in several labels get: smaller (the smaller structure's), separate (a label of their own), or names in order, e.g. 'tumour,kidney'; without it such masks are refused",
      overlapRule,
    )
    .option('--only <GLOB>', "only scans whose name matches, e.g. 'la_00*'")
    .addOption(
      new Option('--modality <NAME>', 'which scan of each BraTS case; flair without it').choices(BRATS_MODALITIES),
    )
    .option(
      '--channels <NAMES>',
      "channels of a scan, in order, e.g. 't1,ct,pet' or 'a:mr,b:ct' with their kinds; none: every file is a scan",
      parseChannels,
    )
    .addOption(
      new Option(
        '--other-kinds <WHAT>',
        'scans that their headers call another kind or part of the body than the project: take, or leave-out of training, as without it',
      ).choices(['take', 'leave-out']),
    )
    .option('--follow-links', 'go where links lead out of the folder; without it they are left out and listed')
    .option('--dicomweb <URL>', 'fetch from a DICOMweb server, e.g. https://pacs.example/dicom-web')
    .option('--study <UID>', 'StudyInstanceUID to fetch; may be repeated', append, [])
    .option('--match <NAME=VALUE>', "fetch the studies that match, e.g. 'PatientID=7'; may be repeated", pair, {})
    .option('--series <UID>', 'only this SeriesInstanceUID; may be repeated', append, [])
    .action((folder: string, scans: string | undefined, flags: Flags) => {
      checkPlace(scans, flags);
      return withProject(folder, 'write', async (project) => {
        if (flags.as !== undefined) project.store.person.name = flags.as.trim();
        const abort = new AbortController();
        const progress = new Progress(flags, 'Importing');
        const unwatch = onInterrupt(() => {
          progress.say('Stopping after this scan; what was imported stays.');
          abort.abort();
        });
        try {
          const onProgress = ({ phase, done, total, name }: ImportProgress) => {
            if (phase === 'importing') progress.update(done, total, name);
          };
          const report = await bring(project, scans, flags, abort.signal, onProgress);
          progress.end();
          say(report, flags);
        } finally {
          progress.end();
          unwatch();
        }
      });
    });
}

function checkPlace(scans: string | undefined, flags: Flags): void {
  const asked = flags.study.length > 0 || Object.keys(flags.match).length > 0;
  const wrong = (got: string, cure: string) =>
    new DecileError('option/invalid', `Scans must come from a folder or from a server, got ${got}.`, cure);
  if (!flags.dicomweb && scans === undefined)
    throw wrong('neither', 'Name SCANS_FOLDER, or --dicomweb URL --study UID.');
  if (flags.dicomweb && scans !== undefined) throw wrong('both', 'Leave one of them out.');
  if (flags.dicomweb && !asked)
    throw wrong('a server without a study', "Add --study UID, or --match 'PatientID=7' and the like.");
  if (!flags.dicomweb && (asked || flags.series.length > 0))
    throw wrong('a study without a server', 'Add --dicomweb URL.');
}

async function bring(
  project: Project,
  scans: string | undefined,
  flags: Flags,
  signal: AbortSignal,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportReport> {
  const { only, modality, masks, channels, followLinks, overlaps, otherKinds, ignoreLabel: ignored } = flags;
  if (flags.dicomweb === undefined) {
    const labels = flags.labels === undefined ? undefined : userPath(flags.labels);
    return project.importScans(userPath(scans as string), {
      ...{ only, labels, masks, modality, channels, followLinks, overlaps, otherKinds, signal, onProgress },
      ignoreLabel: ignored,
    });
  }
  return project.importFromServer(
    dicomWebServer(flags.dicomweb, signal),
    { studies: flags.study, match: flags.match, ...(flags.series.length > 0 ? { series: flags.series } : {}) },
    { only, channels, overlaps, otherKinds, signal, onProgress },
  );
}

function say(report: ImportReport, flags: Flags): void {
  for (const text of report.notices) notice(flags, text);
  if (report.others.length > 0 && flags.otherKinds === undefined)
    notice(flags, 'Take them in with `decile leave-out DIR SCAN... --undo`, or import with --other-kinds take.');
  for (const { name, notices } of report.added) for (const text of notices) notice(flags, `${name}: ${text}`);
  result(flags, report, () => {
    const lines = [`${count(report.added.length, 'scan')} and ${count(report.masks.length, 'mask')} imported.`];
    if (report.duplicates.length) lines.push(`${count(report.duplicates.length, 'scan')} already in the project.`);
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
  const done = report.added.length + report.duplicates.length + report.masks.length + report.sameMasks;
  // A mask that found no scan is no success either, and no fault of the file.
  const lost = report.failures.every(({ code }) => code === 'mask/no-scan' || code === 'mask/unsure');
  if (report.failures.length > 0 || report.unmatchedMasks.length > 0)
    throw new Exit(done > 0 || lost ? EXIT.partly : EXIT.failed);
}

/** @throws InvalidArgumentError for an empty name */
function overlapRule(text: string): OverlapRule {
  if (text === 'smaller' || text === 'separate') return text;
  const names = text.split(',').map((name) => name.trim());
  if (names.includes(''))
    throw new InvalidArgumentError(`It must be smaller, separate or names of labels, got ${text}.`);
  return names;
}
const append = (value: string, before: string[]): string[] => [...before, value];
function pair(value: string, before: Record<string, string>): Record<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`It must be NAME=VALUE, got ${value}.`);
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
}
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
const some = (paths: string[]) =>
  paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ');
