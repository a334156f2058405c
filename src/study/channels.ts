/** The channels of a study's scans: what they are called, what they are, and which files hold them. */
import { basename } from 'node:path';
import { z } from 'zod';
import {
  CHANNEL_KINDS,
  kindOfName,
  kindOfPreset,
  type ModelChannel,
  normalisationOfChannel,
} from '../core/model-channels.ts';
import type { PresetName } from '../core/options.ts';
import { findMaskFiles } from '../project/services/import/names.ts';
import { DecileError } from '../shared/errors.ts';
import type { ChannelFile } from '../shared/training.ts';

export const channelSchema = z.union([
  z.string().min(1),
  z.strictObject({
    name: z.string().min(1),
    kind: z.enum(CHANNEL_KINDS).optional(),
    /** Volume of a 4D file and nnU-Net's number, or how the file's name ends (`_t1ce`); its place in the list without it. */
    from: z.union([z.number().int().min(0), z.string().min(1)]).optional(),
  }),
]);

/** A channel of the cohort. */
export interface StudyChannel extends ModelChannel {
  /** Volume of a 4D file and nnU-Net's number, or how the file's name ends; null where it has a folder of its own. */
  from: number | string | null;
}

/** Kinds by the names where nothing else is said. @throws study/invalid where two channels have one name */
export function channelsOf(
  given: z.infer<typeof channelSchema>[],
  preset: PresetName,
  range: readonly [number, number] | undefined,
  folders: boolean,
): StudyChannel[] {
  const channels = given.map((one, place) => {
    const { name, kind, from = place } = typeof one === 'string' ? { name: one } : one;
    const normalisation = normalisationOfChannel(kind ?? kindOfName(name, kindOfPreset(preset)), preset, range);
    return { name, normalisation, from: folders ? null : from };
  });
  const twice = channels.find(({ name }, n) => channels.findIndex((other) => other.name === name) !== n);
  if (twice)
    throw new DecileError(
      'study/invalid',
      `Each channel must have its own name, got ${twice.name} twice.`,
      'Rename one.',
    );
  return channels;
}

/** @throws study/invalid where a method names a channel that the study does not have */
export function refuseUnknownChannels(
  { name, channels }: { name: string; channels?: string[] },
  all: StudyChannel[] | undefined,
): void {
  const unknown = channels?.find((one) => !all?.some((other) => other.name === one));
  if (unknown !== undefined)
    throw new DecileError(
      'study/invalid',
      `The channels of ${name} must be among those of the study, got ${unknown}.`,
      `The study has ${all?.map((one) => one.name).join(', ') ?? 'none with names'}.`,
    );
}

const FORMAT = /\.(nii\.gz|nii|nrrd|mha|mhd)$/i;

/** Scans of a folder, or of one folder a channel, by name: the files of the channels that each has, in the order of the channels. */
export function scansOfFolders(
  folders: readonly string[],
  channels: readonly StudyChannel[] | undefined,
): Map<string, ChannelFile[]> {
  const scans = new Map<string, ChannelFile[]>();
  folders.forEach((folder, place) => {
    for (const path of findMaskFiles(folder).paths) {
      const stem = basename(path).replace(FORMAT, '');
      const { name, files } =
        folders.length > 1 || !channels
          ? { name: stem.replace(/_0000$/, ''), files: [{ name: channels?.[place].name ?? '', path }] }
          : filesOf(path, stem, channels);
      if (files.length > 0) scans.set(name, [...(scans.get(name) ?? []), ...files]);
    }
  });
  const place = ({ name }: ChannelFile) => channels?.findIndex((channel) => channel.name === name) ?? 0;
  for (const files of scans.values()) files.sort((a, b) => place(a) - place(b));
  return scans;
}

/** Which scan a file belongs to, and which channels it holds: one by the end of its name, or a volume each. */
function filesOf(
  path: string,
  stem: string,
  channels: readonly StudyChannel[],
): { name: string; files: ChannelFile[] } {
  const named = channels
    .filter(({ from }) => typeof from === 'string' && stem.endsWith(from))
    .sort((a, b) => String(b.from).length - String(a.from).length)
    .at(0);
  if (named) return { name: stem.slice(0, -String(named.from).length), files: [{ name: named.name, path }] };
  const numbered = channels.filter(({ from }) => typeof from === 'number');
  const number = /_(\d{4})$/.exec(stem);
  if (number) {
    const one = numbered.find(({ from }) => from === Number(number[1]));
    return { name: stem.slice(0, -5), files: one ? [{ name: one.name, path }] : [] };
  }
  return { name: stem, files: numbered.map(({ name, from }) => ({ name, path, part: from as number })) };
}
