/** What of a folder may become a scan, with its channels and its mask; nothing but headers is read. */
import { basename, dirname, relative, sep } from 'node:path';
import { kindOfPreset } from '../../../core/model-channels.ts';
import {
  discoverDataset,
  discoverScans,
  type MaskObject,
  type ScanKind,
  type ScanSource,
} from '../../../imaging/index.ts';
import { discoverLayout } from '../../../imaging/layouts.ts';
import { globMatcher } from '../../../imaging/names.ts';
import { DecileError } from '../../../shared/errors.ts';
import type { Channel, Store } from '../../store/index.ts';
import { type ChannelSource, groupChannels, kindsOf, type NamedChannel } from './channel-groups.ts';
import type { HeldFile } from './held-masks.ts';
import { asFailure } from './import-masks.ts';
import { linksOf, staysInside } from './links.ts';
import { caseName, type MaskFiles, nameDifferences } from './names.ts';
import { type ImportOptions, type ImportReport, settledAs } from './request.ts';
import { type Roles, rolesOf } from './roles.ts';

export interface Candidate {
  source: ScanSource;
  /** Of a scan of several channels: all that it has, in order; the first is `source`. */
  channels?: ChannelSource[];
  mask: string | null;
  /** Masks of one label each, named like labels. */
  organs?: string[];
  /** Called like a mask: its voxels decide. */
  suspect?: boolean;
  /** What the user's word on masks says of it. */
  word?: HeldFile['word'];
  /** The one label that every value above 0 of the mask stands for. */
  merge?: number;
  /** Value of the mask where nobody drew. */
  ignore?: number;
}
export interface Candidates {
  scans: Candidate[];
  /** All channels that a scan among them may have. */
  channels: Channel[];
  /** SEG, RTSTRUCT and .seg.nrrd, which find their scans by reference or name once those are imported. */
  objects: MaskObject[];
}

export async function findCandidates(
  store: Store,
  root: string,
  labels: string | undefined,
  files: MaskFiles | null,
  options: ImportOptions,
  report: ImportReport,
): Promise<Candidates> {
  const { signal, followLinks } = options;
  const inside = staysInside(root, linksOf(options, report));
  /** A case whose scan lies elsewhere is left out; one whose mask alone does comes without it. */
  const allInside = (image: string, channels: readonly { path: string }[] = []) =>
    [image, ...channels.map(({ path }) => path)].every(inside);
  const ownMask = (mask: string | null | undefined) => (mask && inside(mask) ? mask : null);
  // Masks named like scans are found by name; what refers to a series by itself is found by content.
  const referring = async (): Promise<MaskObject[]> =>
    labels === undefined
      ? []
      : (await discoverScans(labels, { signal, followLinks })).masks.filter(({ kind }) => kind !== 'seg-nrrd');
  const kinds = (channels: readonly NamedChannel[]) => kindsOf(channels, kindOfPreset(store.project.get().preset));
  // Without a word from the user, scans are looked for that have the project's own channels.
  const known = store.channels.list();
  const wanted = options.channels ?? (known.length > 0 ? known : undefined);
  const dataset = await discoverDataset(root);
  if (dataset) {
    const { layout, cases, channels } = dataset;
    const named =
      channels.length > 1 ? channels.map((name, n) => renamed(name, n, options.channels, channels.length)) : [];
    const said = named.length > 0 ? ` of the channels ${named.map(({ name }) => name).join(', ')}` : '';
    report.notices.push(
      `Found ${layout === 'nnunet' ? 'an nnU-Net' : 'an MSD'} data set with ${cases.length} cases${said}.`,
      ...nameDifferences(store, dataset.labels),
    );
    const of = (path: string): ScanSource => ({ kind: kindByName(path), name: caseName(path), paths: [path] });
    return {
      scans: cases
        .filter((c) => matchesGlob(options.only, c.name, c.image) && allInside(c.image, c.channels))
        .map((c) => ({
          source: { ...of(c.image), name: c.name },
          mask: files?.find(c.name) ?? ownMask(c.mask),
          ...(dataset.ignore !== undefined && { ignore: dataset.ignore }),
          ...(c.channels && {
            channels: c.channels.map(({ channel, path, part }) => ({
              name: named[channel].name,
              source: { ...of(path), ...(part !== undefined && { part }) },
            })),
          }),
        })),
      channels: kinds(named),
      objects: await referring(),
    };
  }
  const names = wanted === 'none' ? undefined : wanted?.map(({ name }) => name);
  const layout = discoverLayout(root, options.modality, options.modality ? undefined : names);
  if (layout) {
    const { title, cases, notices } = layout;
    // A project with one label takes the structure as a whole, as the paper does; with more, the values are its labels.
    const [label, ...more] = store.labels.list();
    const merge = more.length === 0 ? label.value : undefined;
    const whole = merge === undefined ? '' : ` Every value of its masks becomes ${label.name}.`;
    report.notices.push(`Found ${title} with ${cases.length} cases.${whole}`, ...notices);
    const chosen = cases.filter((c) => matchesGlob(options.only, c.name, c.image) && allInside(c.image, c.channels));
    return {
      scans: chosen.map(({ name, image, mask, channels }) => ({
        ...{ source: { kind: 'nifti', name, paths: [image] }, mask: files?.find(name) ?? ownMask(mask), merge },
        ...(channels && {
          channels: channels.map((channel) => ({
            name: channel.name,
            source: { kind: 'nifti' as const, name, paths: [channel.path] },
          })),
        }),
      })),
      channels: chosen.some(({ channels }) => channels) && Array.isArray(wanted) ? kinds(wanted) : [],
      objects: await referring(),
    };
  }
  const found = await discoverScans(root, {
    only: options.only,
    ...{ signal, followLinks },
    onProgress: (done, total) => options.onProgress?.({ phase: 'searching', done, total, name: '' }),
  }).catch((error: unknown) => {
    if (options.signal?.aborted) return { sources: [], masks: [], failures: [] };
    throw error;
  });
  const inLabels = (path: string) =>
    labels !== undefined && labels !== root && (path === labels || path.startsWith(labels + sep));
  const told = new Set(report.failures.map(({ path }) => path));
  report.failures.push(...found.failures.filter(({ path }) => !inLabels(path) && !told.has(path)));
  const sources = found.sources.filter((source) => !inLabels(source.paths[0]));
  const series = seriesByFolder(sources);
  const single = sources.filter((source) => source.kind !== 'dicom').map((source) => source.paths[0]);
  const slicer = found.masks.filter(({ kind }) => kind === 'seg-nrrd').map(({ path }) => path);
  const folders = new Map([...series].map(([folder, { paths }]) => [basename(folder), paths[0]]));
  const roles = rolesOf(root, [...single, ...slicer], folders, maskMatcher(options.masks, root), (path) =>
    settledAs(options, path),
  );
  const beside = roles.masks;
  const masks = new Set([
    ...[...beside.values(), ...[...roles.organs.values()].flat()],
    ...roles.passedOver.flatMap(({ others }) => others),
    ...roles.several.flatMap(({ masks: all }) => all),
  ]);
  const scans = sources.filter((source) => !masks.has(source.paths[0]));
  const stems = Map.groupBy(scans, (source) => caseName(source.paths[0]));
  const grouped = groupChannels(scans, {
    wanted,
    hasMask: (name) => Boolean(files?.find(name)) || [...beside.values()].some((path) => caseName(path) === name),
  });
  report.notices.push(...grouped.notices);
  report.failures.push(...grouped.failures);
  tellRoles(roles, report);
  const objectPaths = new Set(found.masks.map(({ path }) => path));
  const objects = found.masks.filter(({ path, kind }) => !masks.has(path) && !(kind === 'seg-nrrd' && inLabels(path)));
  return {
    scans: grouped.scans.map(({ source, channels }) => {
      const [path] = source.paths;
      const dicom = source.kind === 'dicom';
      const folder = dirname(path);
      const stem = dicom && series.get(folder) === source ? basename(folder) : caseName(path);
      // `images_case` was only needed to tell the scan from its mask `labels_case`: the plain name is free again.
      const name = dicom || channels || stems.get(stem)!.length > 1 ? source.name : stem;
      const paths = channels?.map((channel) => channel.source.paths[0]) ?? [path];
      const first = <T>(of: Map<string, T>) => paths.map((one) => of.get(one)).find((value) => value !== undefined);
      const mask = files?.find(name) ?? files?.find(stem) ?? first(beside) ?? null;
      const suspect = !channels && roles.orphans.has(path);
      const word = roles.called.has(path) ? 'mask' : roles.doubtful.has(path) ? 'no mask' : undefined;
      return { source: { ...source, name }, channels, mask, organs: first(roles.organs), suspect, word };
    }),
    channels: kinds(grouped.channels),
    objects: [...objects, ...(await referring()).filter(({ path }) => !objectPaths.has(path))],
  };
}

/**
 * A data set's channel under the name that the user gave for its place. Never under what the project has at that place: another data
 * set may hold the same channels in another order.
 */
const renamed = (
  name: string,
  place: number,
  wanted: readonly NamedChannel[] | 'none' | undefined,
  count: number,
): NamedChannel => (Array.isArray(wanted) && wanted.length === count ? (wanted[place] as NamedChannel) : { name });

/** DICOM series that are alone in their folder, by folder: masks may carry the folder's name. */
function seriesByFolder(sources: readonly ScanSource[]): Map<string, ScanSource> {
  const alone = new Map<string, ScanSource>();
  const groups = Map.groupBy(
    sources.filter(({ kind }) => kind === 'dicom'),
    ({ paths }) => dirname(paths[0]),
  );
  for (const [folder, list] of groups) if (list.length === 1) alone.set(folder, list[0]);
  return alone;
}

/** nnU-Net lets a data set choose its format by file name. */
const kindByName = (path: string): ScanKind =>
  /\.(nrrd|nhdr)$/i.test(path) ? 'nrrd' : /\.(mha|mhd)$/i.test(path) ? 'metaimage' : 'nifti';

/** Which files the user calls masks; undefined where nothing was said. */
function maskMatcher(glob: string | undefined, root: string): ((path: string) => boolean) | undefined {
  if (glob === undefined) return undefined;
  const matches = globMatcher(glob);
  return (path) => [caseName(path), basename(path), relative(root, path).split(sep).join('/')].some(matches);
}

/** What was left beside the masks that were taken. */
function tellRoles(roles: Roles, report: ImportReport): void {
  for (const { scan, kept, others } of roles.passedOver)
    report.notices.push(
      `${basename(scan)}: of its masks ${kept} was taken; ${others.length === 1 ? others[0] : `${others.length} others (${others[0]}, ...)`} was left out.`,
    );
  for (const { scan, masks } of roles.several)
    report.failures.push(
      asFailure(
        new DecileError(
          'mask/several',
          `The mask of ${basename(scan)} must be one file, got ${masks.join(' and ')}.`,
          'Say with --masks GLOB which files are masks, or move the others away.',
        ),
        masks[0],
      ),
    );
}

const matchesGlob = (glob: string | undefined, name: string, path: string): boolean =>
  !glob || [name, basename(path), path].some(globMatcher(glob));
