/** What files and series say of the channel that they are: nnU-Net's numbers, BraTS' sequences, descriptions. */
import { basename, dirname } from 'node:path';
import type { ScanSource } from './types.ts';

/** BraTS' four sequences of a case, with the names that they have had in its years. */
export const SEQUENCES = {
  t1: ['t1', 't1n', 't1w'],
  t1ce: ['t1ce', 't1c', 't1gd'],
  t2: ['t2', 't2w'],
  flair: ['flair', 't2f'],
} as const;

/** DICOM's modality of channels that are called by it. */
const MODALITIES: Record<string, string> = { ct: 'CT', pet: 'PT', pt: 'PT', mr: 'MR', mri: 'MR' };

/** Names that a channel goes by, its own first. */
export function aliasesOf(name: string): string[] {
  const own = name.toLowerCase();
  const known = Object.values(SEQUENCES).find((names) => (names as readonly string[]).includes(own)) ?? [];
  return [...new Set([own, ...known])];
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const FORMAT = /\.(nii\.gz|nii|hdr|nrrd|nhdr|mha|mhd)$/i;

/** A file's place in nnU-Net's naming: `case_0001.nii.gz` is number 1 of `case`; null where it has none. */
export function numberedName(path: string): { scan: string; number: number } | null {
  const found = /^(.+)_(\d{4})$/.exec(basename(path).normalize('NFC').replace(FORMAT, ''));
  return found && { scan: found[1], number: Number(found[2]) };
}

/** `case_t1ce.nii.gz` and `case/T1c.nii.gz` are the channel t1ce of `case`; null where the name ends with no channel's. */
export function suffixedName(path: string, channels: readonly string[]): { scan: string; channel: string } | null {
  const stem = basename(path)
    .normalize('NFC')
    .replace(FORMAT, '')
    .replace(/_0000$/, '');
  for (const channel of channels) {
    const found = new RegExp(`^(?:(.+)[._-])?(?:${aliasesOf(channel).map(escaped).join('|')})$`, 'i').exec(stem);
    if (found) return { scan: found[1] ?? basename(dirname(path)), channel };
  }
  return null;
}

/** Whether a DICOM series is what the channel's name says: a word of its description, else its modality. */
export function seriesIs({ description = '', modality = '' }: ScanSource, channel: string): boolean {
  const words = aliasesOf(channel).map((name) => new RegExp(`(^|[^a-z0-9])${escaped(name)}([^a-z0-9]|$)`, 'i'));
  const named = words.some((word) => word.test(description));
  const asked = MODALITIES[channel.toLowerCase()];
  return asked === undefined ? named : asked === modality;
}
