/** Options of a run that starts from other weights: its network is theirs. */
import { type ModelChannel, normalisationOfPreset, oneChannel } from '../../../core/model-channels.ts';
import type { NetworkPlan } from '../../../core/network/plan.ts';
import type { AskedOptions, PlannedOptions, SettledOptions } from '../../../core/options.ts';
import { planFor } from '../../../core/train/planned-patch.ts';
import type { Normalisation } from '../../../core/train/preprocess.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { StartedFrom, Store } from '../../store/index.ts';
import { modelChannels } from './channels.ts';

export interface StartWeights {
  origin: StartedFrom;
  /** What they were trained with. */
  options: SettledOptions;
  /** What their network sees. */
  channels: ModelChannel[];
  /** As a checkpoint, in the project's classes. */
  bytes: Uint8Array;
}

/** What is not asked for is as it was for the weights: network, width, voxel size and how scans are brought to it, small structures, and the window of a planned network. */
export function inherited(given: Partial<AskedOptions>, from: StartWeights | undefined): Partial<AskedOptions> {
  if (!from) return given;
  // Weights of earlier versions read scans as they are stored, and the nearest voxels alone.
  const {
    network,
    width,
    spacing,
    patch,
    orientation = 'stored',
    resampling = 'linear',
    smallStructures,
  } = from.options;
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // Of another network, which is refused, the window would be refused first.
  const planned = network === 'planned' && (asked.network ?? network) === network;
  return {
    ...{ network, width, spacing, orientation, resampling },
    ...((smallStructures === 'on' || smallStructures === 'few') && { smallStructures }),
    ...(planned && { patch }),
    ...asked,
  };
}

/** @throws model/channels, model/other-network where the weights are of another network than the run's */
export function checkStart(store: Store, options: PlannedOptions, from: StartWeights): void {
  const channels = modelChannels(store)?.map(({ name }) => name);
  const theirs = from.channels.map(({ name }) => name);
  const alike = channels
    ? channels.length === theirs.length && channels.every((name, n) => name.toLowerCase() === theirs[n].toLowerCase())
    : theirs.length === 1;
  if (!alike)
    throw new DecileError(
      'model/channels',
      `The weights to start from must see the channels of the scans (${channels?.join(', ') ?? 'one'}), got ${theirs.join(', ')} in ${from.origin.name}.`,
      'Train anew (`decile train DIR` without --from), or start from a model of these channels.',
    );
  checkNetwork(options, from);
}

function checkNetwork(options: PlannedOptions, { origin, options: theirs }: StartWeights): void {
  const differ = (what: string, wanted: string, got: string, cure: string) =>
    new DecileError(
      'model/other-network',
      `The weights to start from must be of the network to train (${what} ${wanted}), got ${what} ${got} in ${origin.name}.`,
      cure,
    );
  for (const key of ['network', 'width'] as const)
    if (options[key] !== theirs[key])
      throw differ(
        `--${key}`,
        String(options[key]),
        String(theirs[key]),
        `Leave --${key} out, or train anew: \`decile train DIR\` without --from.`,
      );
  if (options.network !== 'planned' || options.patch === 'auto' || !theirs.plan) return;
  const plan = planFor(options.voxel ?? [1, 1, 1], [...options.patch], options.width);
  if (describe(plan) !== describe(theirs.plan))
    throw differ(
      'plan',
      describe(plan),
      describe(theirs.plan),
      'Leave --patch and --spacing out, or train anew: `decile train DIR` without --from.',
    );
}

const describe = ({ channels, kernels, pools }: NetworkPlan): string =>
  `${channels.join('-')}, kernels ${kernels.map((k) => k.join('x')).join(' ')}, pools ${pools.map((p) => p.join('x')).join(' ')}`;

/** What to say where a run reads other intensities than the weights that it starts from have learned from; one sentence a channel. */
export function otherIntensities(store: Store, { origin, channels: theirs }: StartWeights): string[] {
  const { preset, range } = store.project.get();
  const own = modelChannels(store) ?? oneChannel(normalisationOfPreset(preset, range));
  return own.flatMap(({ name, normalisation }, n) => {
    const before = theirs[n].normalisation;
    // Weights of earlier versions do not say what they read; a preset's range gives way to theirs.
    if (before.kind === 'none' || alikeRead(normalisation, before)) return [];
    const of = own.length > 1 ? ` of ${name}` : '';
    return [
      `${origin.name} learned from ${inWords(before)}${of}, this run from ${inWords(normalisation)}: what it knows of intensities has to be learned anew.`,
    ];
  });
}

function alikeRead(own: Normalisation, theirs: Normalisation): boolean {
  if (own.kind !== 'ct' || theirs.kind !== 'ct') return own.kind === theirs.kind;
  return own.widen === true || own.clip.join() === theirs.clip.join();
}

const inWords = (read: Normalisation): string =>
  read.kind === 'ct' ? `CT of ${read.clip[0]} to ${read.clip[1]} HU` : read.kind.toUpperCase();
