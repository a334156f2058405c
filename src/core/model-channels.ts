/** The channels of a scan that a network sees side by side: their names, their kinds, and scans that lack some. */
import { DecileError } from './errors.ts';
import type { PresetName } from './options.ts';
import type { Normalisation } from './train/preprocess.ts';

/** What a channel's numbers are: HU, arbitrary units of a magnetic resonance image, uptake. */
export const CHANNEL_KINDS = ['ct', 'mr', 'pet'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** A scan has at most so many: Alt+1 to Alt+9 switch them in the window. */
export const MOST_CHANNELS = 9;

/** One input of a network. The kind of the normalisation is that of the channel. */
export interface ModelChannel {
  name: string;
  normalisation: Normalisation;
}

/** The input of a network that sees one channel, which needs no name. */
export const oneChannel = (normalisation: Normalisation): ModelChannel[] => [{ name: 'image', normalisation }];

/** Capitals aside: what one calls T1 another calls t1. */
export const sameChannel = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const WORDS: Record<ChannelKind, RegExp> = {
  ct: /(^|[^a-z])(c?ect|ncct|ldct|cta?)([^a-z]|$)/i,
  pet: /(^|[^a-z])(pet|pt|suv|fdg)([^a-z]|$)/i,
  mr: /(^|[^a-z])(mri?|t1[a-z]*|t2[a-z]*|flair|adc|dwi|swi|pd|dce)([^a-z]|$)/i,
};

/** The kind that a channel's name (`T1`, `CT`, `FDG PET`) says; `otherwise` where it says none. */
export const kindOfName = (name: string, otherwise: ChannelKind): ChannelKind =>
  CHANNEL_KINDS.find((kind) => WORDS[kind].test(name)) ?? otherwise;

/** The kind of scans of a preset. */
export const kindOfPreset = (preset: PresetName): ChannelKind => (preset.startsWith('ct') ? 'ct' : 'mr');

/** Intensities in HU that training clips to: for the kidney those of the paper, else the windows that scans are read with. */
const CT_RANGES: Partial<Record<PresetName, readonly [low: number, high: number]>> = {
  'ct-kidney': [-75, 175],
  'ct-abdomen': [-160, 240],
  'ct-lung': [-1350, 150],
  'ct-bone': [-770, 1730],
  'ct-head': [0, 80],
};

/** How a preset turns intensities into network input. @param range of one's own, HU */
export const normalisationOfPreset = (
  preset: PresetName,
  range: readonly [number, number] | null = null,
): Normalisation => {
  const kind = kindOfPreset(preset);
  if (kind !== 'ct') return normalisationOfKind(kind);
  return range ? { kind, clip: range } : { kind, clip: CT_RANGES[preset] ?? SOFT_TISSUE, widen: true };
};

/** The window of the paper's kidney CT, HU: soft tissue. */
const SOFT_TISSUE = [-75, 175] as const;

/** How a channel of a kind becomes network input among scans of a preset. @param range of one's own for CT, HU */
export const normalisationOfChannel = (
  kind: ChannelKind,
  preset: PresetName,
  range: readonly [number, number] | null = null,
): Normalisation =>
  kind === 'ct' && kindOfPreset(preset) === 'ct' ? normalisationOfPreset(preset, range) : normalisationOfKind(kind);

/** How intensities of a kind become network input. */
const normalisationOfKind = (kind: ChannelKind): Normalisation =>
  kind === 'ct' ? { kind, clip: SOFT_TISSUE, widen: true } : { kind };

/**
 * What to say of scans that lack channels; null where none does.
 * @param scans each with the names of its channels
 * @param dropout the chance with which training leaves channels out
 * @throws channels/none where a scan has none of them, channels/missing where one lacks some and training leaves none out
 */
export function missingChannels(
  channels: readonly string[],
  scans: readonly { name: string; channels: readonly string[] }[],
  dropout: number,
): string | null {
  const lacking = scans.flatMap((scan) => {
    const missing = channels.filter((name) => !scan.channels.includes(name));
    if (missing.length === channels.length) throw noneOf(channels, scan);
    return missing.length > 0 ? [`${scan.name} (${missing.join(', ')})`] : [];
  });
  if (lacking.length === 0) return null;
  const some = lacking.slice(0, 5).join(', ') + (lacking.length > 5 ? `, and ${lacking.length - 5} more` : '');
  if (dropout === 0)
    throw new DecileError(
      'channels/missing',
      `Every scan must have the channels ${channels.join(', ')}, got scans without some: ${some}.`,
      'Import the missing channels, or train with --channel-dropout 0.2: the network then learns to do without.',
    );
  return `Scans that lack channels are learnt from without them: ${some}.`;
}

/**
 * What to say of channels in which nothing varies once they are network input; null where there are none.
 * @param scans each with the names of those channels
 * @param channels what the network sees
 */
export function flatChannels(
  scans: readonly { name: string; flat: readonly string[] }[],
  channels: readonly ModelChannel[],
): string | null {
  const clip = (name: string) => {
    const of = channels.find((one) => sameChannel(one.name, name))?.normalisation;
    return of?.kind === 'ct' ? ` between ${of.clip[0]} and ${of.clip[1]} HU` : '';
  };
  const said = scans.flatMap(({ name, flat }) =>
    flat.map((channel) => `${name}${channels.length > 1 ? ` (${channel})` : ''}${clip(channel)}`),
  );
  if (said.length === 0) return null;
  const some = said.slice(0, 5).join(', ') + (said.length > 5 ? `, and ${said.length - 5} more` : '');
  return `Nothing varies in ${some}: the network sees nothing there. Look at the scan, and at the preset and intensities of the project.`;
}

/** A scan that a network of these channels cannot see. */
export const noneOf = (channels: readonly string[], scan: { name: string; channels: readonly string[] }): DecileError =>
  new DecileError(
    'channels/none',
    `A scan must have one of the channels ${channels.join(', ')}, got ${scan.channels.join(', ') || 'a single one without a name'} in ${scan.name}.`,
    'Train on scans of these channels, or predict with a model of the channels that the scan has.',
  );
