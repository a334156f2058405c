/** Decides which scans a run learns from: the lists, and every reason why training cannot start. */
import { existsSync } from 'node:fs';
import { missingChannels, normalisationOfPreset } from '../../../core/model-channels.ts';
import type { AskedOptions, PlannedOptions, PresetName } from '../../../core/options.ts';
import { resolveOptions } from '../../../core/parse-option.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Normalisation, TrainingCase, TrainingLists } from '../../../shared/training.ts';
import type { Mask, RunCase, Scan, Store } from '../../store/index.ts';
import { channelFilesOf } from './channels.ts';
import { checkStart, inherited, otherIntensities, type StartWeights } from './continued.ts';
import { settleOptions } from './settled-options.ts';

export interface PlanOptions {
  options: Partial<AskedOptions>;
  /** Learn from the first N labelled scans alone; every other scan counts as unlabelled, its mask unseen. */
  labelled?: number;
  /** Hold N labelled scans out for validation: those after the first `labelled`, or the last N. */
  validation?: number;
  /** Weights to start from. */
  from?: StartWeights;
}

export interface TrainPlan {
  options: PlannedOptions;
  /** Background first. */
  classes: string[];
  normalisation: Normalisation;
  labelled: Scan[];
  unlabelled: Scan[];
  validation: Scan[];
  /** As the store keeps it: scan, role and the mask version learned from. */
  cases: RunCase[];
  /** What the user should know, e.g. that one labelled scan is few. */
  notices: string[];
}

/** How a preset turns intensities into network input. */
export const normalisationOf = (preset: PresetName, range: readonly [number, number] | null = null): Normalisation =>
  normalisationOfPreset(preset, range);

/**
 * Plans a run from what the project holds now.
 * @throws option/invalid, option/unknown, train/no-scans, train/no-labels, train/too-few-labels, train/class-missing, channels/missing, model/other-network,
 * model/channels
 */
export function planTraining(
  store: Store,
  { options: given, labelled: first, validation: held = 0, from }: PlanOptions,
): TrainPlan {
  const asked = inherited(given, from);
  const resolved = resolveOptions(asked);
  const project = store.project.get();
  const all = store.scans.list();
  const scans = all.filter((scan) => scan.leftOut === '');
  if (scans.length === 0)
    throw new DecileError(
      'train/no-scans',
      'A project must hold scans to train on, got none.',
      all.length > 0
        ? 'Take some in again: `decile leave-out DIR SCAN --undo`.'
        : 'Import some: `decile import DIR SCANS_FOLDER`.',
    );
  const references = store.masks.references();
  const withMask = scans.filter((scan) => references.has(scan.id));
  const count = first ?? withMask.length - held;
  const labelled = withMask.slice(0, Math.max(0, count));
  const material = { scans, drawn: masksOf(labelled, references), labels: store.labels.list() };
  const kept = given.spacing === undefined ? from?.options.voxel : undefined;
  const settled = settleOptions(asked, material, kept);
  // Weights to start from may have seen every labelled scan: none can be held out from them.
  const options = { ...settled.options, ...(from && { calibrationFolds: 0 }) };
  if (from) checkStart(store, options, from);
  if (withMask.length === 0) {
    throw new DecileError(
      'train/no-labels',
      `At least one scan must have an accepted mask, got ${scans.length} scans without any.`,
      'Draw a mask, or import masks: `decile import DIR SCANS_FOLDER --labels MASKS_FOLDER`.',
    );
  }
  if (count < 1 || count + held > withMask.length) {
    const asked =
      first === undefined
        ? `${held} for validation and at least one to learn from`
        : `${first} to learn from and ${held} for validation`;
    throw new DecileError(
      'train/too-few-labels',
      `The labelled scans must be enough for ${asked}, got ${withMask.length}.`,
      'Ask for fewer, or label more scans.',
    );
  }
  const validation = withMask.slice(count, count + held);
  const taken = new Set([...labelled, ...validation].map((scan) => scan.id));
  const unlabelled = scans.filter((scan) => !taken.has(scan.id));
  checkClasses(store, labelled, references);
  const notices: string[] = from ? otherIntensities(store, from) : [];
  if (scans.length < all.length)
    notices.push(`${all.length - scans.length} of ${all.length} scans are left out of training.`);
  notices.push(...settled.notices);
  const channels = store.channels.list().map(({ name }) => name);
  if (channels.length > 0) notices.push(`The network sees the channels ${channels.join(', ')}.`);
  const lacking = missingOf(store, scans, options.channelDropout);
  if (lacking) notices.push(lacking);
  if (labelled.length === 1)
    notices.push(
      `Only one scan (${labelled[0].name}) is labelled: expect uneven results; a few more labels help most.`,
    );
  if (from && resolved.calibrationFolds > 0)
    notices.push(
      'A run that starts from other weights has no calibration folds: those may have seen every labelled scan.',
    );
  const hidden = unlabelled.filter((scan) => references.has(scan.id)).length;
  if (hidden > 0)
    notices.push(
      `${hidden === 1 ? '1 scan has' : `${hidden} scans have`} a mask that this run does not see (--labeled ${count}).`,
    );
  const withRole = (list: Scan[], role: RunCase['role']): RunCase[] =>
    list.map((scan) => ({ scan: scan.id, role, mask: role === 'unlabelled' ? null : references.get(scan.id)!.id }));
  return {
    ...{ options, labelled, unlabelled, validation, notices },
    classes: store.labels.classes(),
    normalisation: normalisationOf(project.preset, project.range),
    cases: [
      ...withRole(labelled, 'labelled'),
      ...withRole(unlabelled, 'unlabelled'),
      ...withRole(validation, 'validation'),
    ],
  };
}

const masksOf = (scans: readonly Scan[], references: ReadonlyMap<number, Mask>): Map<number, Mask> =>
  new Map(scans.map(({ id }) => [id, references.get(id) as Mask]));

/** @throws channels/missing */
function missingOf(store: Store, scans: readonly Scan[], dropout: number): string | null {
  const names = store.channels.list().map(({ name }) => name);
  if (names.length === 0) return null;
  const has = ({ id, name }: Scan) => ({ name, channels: store.channels.of(id).map((channel) => channel.name) });
  return missingChannels(names, scans.map(has), dropout);
}

/** A class that no labelled scan shows cannot be learned. */
function checkClasses(store: Store, labelled: Scan[], references: Map<number, Mask>): void {
  const present = new Set(labelled.flatMap((scan) => references.get(scan.id)!.labels.map((label) => label.value)));
  const missing = store.labels.list().filter((label) => !present.has(label.value));
  if (missing.length > 0) {
    throw new DecileError(
      'train/class-missing',
      `Every label must be drawn in at least one labelled scan, got none with ${missing.map((label) => label.name).join(', ')}.`,
      'Draw it in one of the labelled scans, or delete the label.',
    );
  }
}

/** A scan as prediction sees it: no mask, whatever the project knows. */
export function caseOf(store: Store, { id, name, volumeFile }: Scan): TrainingCase {
  const channels = channelFilesOf(store, id);
  return { scan: id, name, volumePath: store.path(volumeFile), ...(channels && { channels }) };
}

/** The prediction of its own run that a mask is a correction of; none where its file is gone: then the correction counts as any mask. */
function correctedFrom(store: Store, { scan, origin, run, version }: Mask): Mask | undefined {
  if (origin !== 'corrected') return undefined;
  const predicted = store.masks.history(scan).filter((one) => one.origin === 'predicted' && one.version < version);
  const before = predicted.find((one) => run === null || one.run === run);
  return before && existsSync(store.path(before.file)) ? before : undefined;
}

/** The trainer's view of a run's scans: files, and masks for those roles that may see one. */
export function trainingLists(store: Store, cases: readonly RunCase[]): TrainingLists {
  const lists: TrainingLists = { labelled: [], unlabelled: [], validation: [] };
  for (const { scan: id, role, mask } of cases) {
    const scan = store.scans.get(id);
    const entry = caseOf(store, scan);
    if (role !== 'unlabelled') {
      if (mask === null)
        throw new DecileError(
          'run/mask-gone',
          `The mask that the run learned from must still exist, got none for ${scan.name}.`,
          'Start a new run with `decile train`.',
        );
      entry.maskPath = store.path(store.masks.get(mask).file);
      const predicted = role === 'labelled' && correctedFrom(store, store.masks.get(mask));
      if (predicted) entry.predictedPath = store.path(predicted.file);
    }
    lists[role].push(entry);
  }
  return lists;
}
