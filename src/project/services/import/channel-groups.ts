/** Which files and series of a folder are channels of one scan. */
import { basename, dirname } from 'node:path';
import { type ChannelKind, kindOfName, MOST_CHANNELS } from '../../../core/model-channels.ts';
import { numberedName, SEQUENCES, seriesIs, suffixedName } from '../../../imaging/channel-names.ts';
import type { ScanFailure, ScanSource } from '../../../imaging/index.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Channel } from '../../store/index.ts';
import { asFailure } from './import-masks.ts';
import { caseName } from './names.ts';

/** A channel that the user named; its kind by the name where it is not said. */
export interface NamedChannel {
  name: string;
  kind?: ChannelKind;
}

/** A channel of a scan that is yet to be read. */
export interface ChannelSource {
  name: string;
  source: ScanSource;
}

export interface GroupedScan {
  source: ScanSource;
  /** In order; absent for a scan of one channel without a name. */
  channels?: ChannelSource[];
}

export interface Grouped {
  scans: GroupedScan[];
  /** All that a scan may have, in order; none where no files were put together. */
  channels: NamedChannel[];
  notices: string[];
  failures: ScanFailure[];
}

export interface GroupRequest {
  /** Channels that were named; `none`: every file is a scan; without it what files say beyond doubt. */
  wanted: readonly NamedChannel[] | 'none' | undefined;
  /** Whether there is a mask for a scan of this name. */
  hasMask: (name: string) => boolean;
}

/** The channels of a project, each with its kind. */
export const kindsOf = (channels: readonly NamedChannel[], otherwise: ChannelKind): Channel[] =>
  channels.map(({ name, kind }) => ({ name, kind: kind ?? kindOfName(name, otherwise) }));

const numbered = (count: number): NamedChannel[] =>
  Array.from({ length: count }, (_, n) => ({ name: `channel ${n + 1}` }));

/** Puts the channels of each scan together. */
export function groupChannels(sources: readonly ScanSource[], { wanted, hasMask }: GroupRequest): Grouped {
  const grouped: Grouped = { scans: [], channels: [], notices: [], failures: [] };
  const named = wanted === 'none' ? undefined : wanted;
  let rest = [...sources];
  const take = (found: Found | null) => {
    const refused = found?.refused ?? [];
    rest = rest.filter((source) => !refused.includes(source));
    if (!found || found.scans.length === 0) return;
    const taken = new Set(found.scans.flatMap(({ channels = [] }) => channels.map(({ source }) => source.paths[0])));
    rest = rest.filter(({ paths }) => !taken.has(paths[0]));
    grouped.scans.push(...found.scans);
    if (found.channels.length > grouped.channels.length) grouped.channels = [...found.channels];
    grouped.notices.push(...found.notices);
  };
  const whole = rest.filter(({ volumes }) => volumes !== undefined);
  rest = rest.filter(({ volumes }) => volumes === undefined);
  take(volumesOf(whole, wanted, grouped.failures));
  if (wanted === 'none') return { ...grouped, scans: rest.map((source) => ({ source })) };
  take(bySequence(rest, named));
  take(byNumber(rest, named, hasMask, grouped.failures));
  if (named) {
    const series = rest.filter(({ kind }) => kind === 'dicom');
    rest = rest.filter(({ kind }) => kind !== 'dicom');
    take(bySeries(series, named, grouped.failures));
  }
  grouped.scans.push(...rest.map((source) => ({ source })));
  return grouped;
}

interface Found {
  scans: GroupedScan[];
  channels: readonly NamedChannel[];
  notices: string[];
  /** No scan is made of these either. */
  refused?: ScanSource[];
}

/** Files that hold several volumes each. */
function volumesOf(sources: ScanSource[], wanted: GroupRequest['wanted'], failures: ScanFailure[]): Found | null {
  const scans: GroupedScan[] = [];
  let most = 0;
  for (const source of sources) {
    const { volumes = 1, paths } = source;
    if (wanted === 'none' || (wanted && wanted.length !== volumes)) {
      failures.push(asFailure(otherNumber(paths[0], volumes, wanted), paths[0]));
      continue;
    }
    most = Math.max(most, volumes);
    const { volumes: _, ...one } = source;
    const channels = (wanted ?? numbered(volumes)).map(({ name }, part) => ({ name, source: { ...one, part } }));
    scans.push({ source: one, channels });
  }
  const channels = wanted === 'none' ? [] : (wanted ?? numbered(most));
  const say = `The volumes of ${scans.length === 1 ? basename(sources[0].paths[0]) : `${scans.length} files`} are channels of one scan each`;
  return { scans, channels, notices: scans.length > 0 && !wanted ? [`${say}; name them with --channels.`] : [] };
}

const otherNumber = (path: string, volumes: number, wanted: readonly NamedChannel[] | 'none'): DecileError =>
  wanted === 'none'
    ? new DecileError(
        'scan/four-dimensional',
        `${path} must be one three-dimensional volume, got ${volumes} volumes.`,
        'Leave --channels none out: they are channels of one scan. Or split the file into one a volume.',
      )
    : new DecileError(
        'channels/no-volume',
        `${path} must hold ${wanted.length} volumes, got ${volumes}.`,
        `Name as many channels as the file has volumes; they are ${wanted.map(({ name }) => name).join(', ')} now.`,
      );

/** `case_t1`, `case_t1ce`, ...: what was named, else BraTS' four sequences where one case at least has all of them. */
function bySequence(sources: readonly ScanSource[], wanted: readonly NamedChannel[] | undefined): Found | null {
  const channels = wanted ?? Object.keys(SEQUENCES).map((name) => ({ name, kind: 'mr' as const }));
  const names = channels.map(({ name }) => name);
  const groups = new Map<string, { scan: string; channels: ChannelSource[] }>();
  for (const source of sources) {
    if (source.kind === 'dicom') continue;
    const found = suffixedName(source.paths[0], names);
    if (!found) continue;
    const key = `${dirname(source.paths[0])}\n${found.scan.toLowerCase()}`;
    const group = groups.get(key) ?? { scan: found.scan, channels: [] };
    groups.set(key, group);
    if (!group.channels.some(({ name }) => name === found.channel))
      group.channels.push({ name: found.channel, source });
  }
  const full = [...groups.values()].filter((group) => group.channels.length === names.length).length;
  if (groups.size === 0 || (!wanted && full === 0)) return null;
  const scans = [...groups.values()].map(({ scan, channels: own }) => scanOf(scan, inOrder(own, names)));
  const say = `${names.join(', ')} of each case are channels of one scan; --channels none imports each as a scan.`;
  return { scans, channels, notices: wanted ? [] : [say] };
}

/**
 * nnU-Net's `case_0000`, `case_0001`, ...; a single case of them may be a numbered series, unless a mask is called like it. Where the
 * channels are known a case may lack some, and one with a number too high is refused.
 */
function byNumber(
  sources: readonly ScanSource[],
  wanted: readonly NamedChannel[] | undefined,
  hasMask: (name: string) => boolean,
  failures: ScanFailure[],
): Found | null {
  const groups = new Map<string, NumberedGroup>();
  for (const source of sources) {
    const found = source.kind === 'dicom' ? null : numberedName(source.paths[0]);
    if (!found) continue;
    const key = `${dirname(source.paths[0])}\n${found.scan}`;
    const group = groups.get(key) ?? { scan: found.scan, files: [] };
    groups.set(key, group);
    group.files.push({ number: found.number, source });
  }
  const all = [...groups.values()];
  const count = 1 + Math.max(-1, ...all.flatMap(({ files }) => files.map(({ number }) => number)));
  if (wanted) return byKnownNumber(all, wanted, failures);
  const several = all.some(({ files }) => files.length > 1 && files.some(({ number }) => number === 0));
  const sure = all.length > 1 || all.some(({ scan }) => hasMask(scan));
  if (!several || !sure || count > MOST_CHANNELS) return null;
  const channels = numbered(count);
  const scans = all.map((group) => scanOfNumbers(group, channels));
  const say = `Files _0000 to _${String(count - 1).padStart(4, '0')} of each case are channels of one scan; name them with --channels, or import each as a scan with --channels none.`;
  return { scans, channels, notices: [say] };
}

interface NumberedGroup {
  scan: string;
  files: { number: number; source: ScanSource }[];
}

const scanOfNumbers = ({ scan, files }: NumberedGroup, channels: readonly NamedChannel[]): GroupedScan =>
  scanOf(
    scan,
    files
      .toSorted((a, b) => a.number - b.number)
      .map(({ number, source }) => ({ name: channels[number].name, source })),
  );

function byKnownNumber(all: NumberedGroup[], wanted: readonly NamedChannel[], failures: ScanFailure[]): Found {
  const scans: GroupedScan[] = [];
  for (const group of all) {
    const beyond = group.files.find(({ number }) => number >= wanted.length);
    if (!beyond) scans.push(scanOfNumbers(group, wanted));
    else if (group.files.length > 1) failures.push(asFailure(tooManyChannels(group, wanted), beyond.source.paths[0]));
  }
  // Files of a refused case are named once, by their case.
  const refused = all.filter(({ files }) => files.length > 1 && files.some(({ number }) => number >= wanted.length));
  return { scans, channels: wanted, notices: [], refused: refused.flatMap(({ files }) => files.map((f) => f.source)) };
}

const tooManyChannels = ({ scan, files }: NumberedGroup, wanted: readonly NamedChannel[]): DecileError =>
  new DecileError(
    'channels/other',
    `The scans of a project must have the channels ${wanted.map(({ name }) => name).join(', ')}, got files ${files
      .map(({ number }) => `_${String(number).padStart(4, '0')}`)
      .toSorted()
      .join(', ')} of ${scan}.`,
    'Import it into another project, name as many channels as it has, or import each file as a scan with --channels none.',
  );

/** Series of one patient in one frame of reference, by their descriptions and modalities. */
function bySeries(
  sources: readonly ScanSource[],
  wanted: readonly NamedChannel[],
  failures: ScanFailure[],
): Found | null {
  const names = wanted.map(({ name }) => name);
  const scans: GroupedScan[] = [];
  const left: string[] = [];
  const refuse = (code: 'channels/several' | 'channels/other-frame', message: string, cure: string, path: string) =>
    failures.push(asFailure(new DecileError(code, message, cure), path));
  const patients = Map.groupBy(
    sources,
    ({ patientId, patientName, paths }) => patientId || patientName || dirname(paths[0]),
  );
  for (const series of patients.values()) {
    const frames = [...Map.groupBy(series, ({ frameOfReference, paths }) => frameOfReference || paths[0]).values()];
    const matches = frames
      .map((one) => names.map((name) => ({ name, found: one.filter((source) => seriesIs(source, name)) })))
      .filter((channels) => channels.some(({ found }) => found.length > 0));
    left.push(...series.filter((one) => !names.some((name) => seriesIs(one, name))).map(({ name }) => name));
    const whole = matches.filter((channels) => channels.every(({ found }) => found.length > 0));
    if (matches.length > 1 && whole.length === 0) {
      const first = matches[0].filter(({ found }) => found.length > 0).map(({ name }) => name);
      const [other] = matches.flatMap((one) =>
        one.filter(({ name, found }) => found.length > 0 && !first.includes(name)),
      );
      const [source] = (other ?? matches[1].find(({ found }) => found.length > 0)!).found;
      refuse(
        'channels/other-frame',
        `All channels of a patient must lie in one frame of reference, got another one for ${source.name} than for ${first.join(', ')}.`,
        'Register the series first, and export them as NIfTI on one grid.',
        source.paths[0],
      );
      continue;
    }
    for (const channels of whole.length > 0 ? whole : matches) {
      const twice = channels.find(({ found }) => found.length > 1);
      if (twice) {
        refuse(
          'channels/several',
          `The channel ${twice.name} must be one series, got ${twice.found.map(({ name }) => name).join(' and ')}.`,
          'Name the channel by a word that stands in the description of one of them alone, or move the others away.',
          twice.found[0].paths[0],
        );
        continue;
      }
      const own = channels.flatMap(({ name, found: [source] }) => (source ? [{ name, source }] : []));
      scans.push({ source: own[0].source, channels: own });
    }
  }
  const more = left.length > 5 ? `, and ${left.length - 5} more` : '';
  const say = `Series that are none of the channels ${names.join(', ')} were left out: ${left.slice(0, 5).join(', ')}${more}.`;
  return { scans, channels: wanted, notices: left.length > 0 ? [say] : [] };
}

const inOrder = (channels: ChannelSource[], names: readonly string[]): ChannelSource[] =>
  channels.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));

/** Named like the case. */
const scanOf = (scan: string, channels: ChannelSource[]): GroupedScan => ({
  source: { ...channels[0].source, name: scan || caseName(channels[0].source.paths[0]) },
  channels,
});
