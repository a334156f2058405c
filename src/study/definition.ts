/** A study file: what is compared on which cases. Parsed once; everything after it is checked data. */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { alike } from '../core/label-names.ts';
import { kindOfPreset, MOST_CHANNELS } from '../core/model-channels.ts';
import { type AskedOptions, METHODS, PRESETS, type PresetName } from '../core/options.ts';
import { resolveOptions } from '../core/parse-option.ts';
import { RARE_LABELS } from '../core/predict/rare-weights.ts';
import { BRATS_MODALITIES, LAYOUTS, type LayoutName } from '../imaging/layouts.ts';
import { DecileError } from '../shared/errors.ts';
import { channelSchema, channelsOf, refuseUnknownChannels, type StudyChannel } from './channels.ts';

/** Lists beside the test list whose cases a study can score. */
export const FURTHER_LISTS = ['validation', 'unlabelled'] as const;
export type FurtherList = (typeof FURTHER_LISTS)[number];

const names = z.array(z.string().min(1));
const side = z.number().int().min(1);
const overrides = z.record(z.string(), z.unknown());
const labelled = z.array(z.number().positive()).min(1);
const seeds = z.array(z.number().int().min(0)).min(1);
const method = z.union([
  z.string(),
  z
    .object({
      name: z.string().min(1),
      /** What the study's options name where it is absent. */
      method: z.string().optional(),
      /** In the place of the study's own, for this method. */
      labelled: labelled.optional(),
      seeds: seeds.optional(),
      /** Training cases that are labelled first for this method; the others follow in the list's order. */
      labelledCases: names.min(1).optional(),
      /** Names of the channels that this method sees; all without it. */
      channels: names.min(1).optional(),
    })
    .catchall(z.unknown()),
]);

const schema = z.strictObject({
  name: z.string().min(1),
  /**
   * Folders, relative to the study file; or a cohort in a public data set's layout. A list of folders of images has one folder a
   * channel.
   */
  images: z.union([z.string(), z.array(z.string()).min(2)]).optional(),
  /** Channels of a scan: volumes of 4D files, nnU-Net's `_0000` and `_0001`, names' endings, or folders. One without it. */
  channels: z.array(channelSchema).min(1).max(MOST_CHANNELS).optional(),
  labels: z.string().optional(),
  cohort: z
    .strictObject({
      layout: z.enum(LAYOUTS),
      folder: z.string(),
      /** BraTS alone. */
      modality: z.enum(BRATS_MODALITIES).default('flair'),
      /** Millimetres kept around the kidneys; KiTS19 alone. */
      marginMm: z.number().min(0).max(500).default(25),
    })
    .optional(),
  /** A layout brings its own. */
  preset: z.enum(PRESETS).optional(),
  /** Intensities that training clips CT to, HU; the preset's, widened to labels that it clips most of, without it. */
  range: z.tuple([z.number(), z.number()]).optional(),
  /** Without the background. */
  classes: z.array(z.string().min(1)).min(1),
  /** Names, globs (`la_0*`) or ranges (`la_001..la_070`); files with a name a line; or a seeded draw. */
  split: z.union([
    z.strictObject({ train: names, validation: names.default([]), test: names }),
    z.strictObject({
      files: z.strictObject({ train: z.string(), validation: z.string().optional(), test: z.string() }),
    }),
    z.strictObject({
      seed: z.number().int(),
      validation: z.number().int().min(0).default(0),
      test: z.number().int().min(1),
    }),
  ]),
  methods: z.array(method).min(1),
  /** Labelled cases of the training list: a share (0 to 1) or a number of cases (2 and more). */
  labelled,
  seeds,
  /** Training options of every job; a method's own come on top. */
  options: overrides.default({}),
  /** Values of beta to try with CPCL, as in the paper's Table III. */
  betas: z.array(z.number().min(0)).default([]),
  /** Voxels between the windows of prediction; half the patch, at most 64, without it. */
  stride: z.tuple([side, side, side]).optional(),
  /** How scored masks give voxels labels that patches rarely held; `weighted` without it, `argmax` in studies of earlier versions. */
  rareLabels: z.enum(RARE_LABELS).optional(),
  /**
   * Cases to score beside the test cases, in tables of their own: validation cases, to choose by; unlabelled training cases, what
   * a user of the program gets masks of.
   */
  alsoScore: z.array(z.enum(FURTHER_LISTS)).default([]),
  /**
   * Parts of the scored cases, in tables of their own: a name, and cases as in the lists of a split. They change no job, and may be
   * named after all are done.
   */
  parts: z.record(z.string().min(1), names.min(1)).default({}),
  /** Which connected pieces predictions keep: all, or as many as the labelled masks show (what `decile predict` does by default). */
  pieces: z.enum(['all', 'auto']).default('all'),
  /**
   * A regular expression whose first group is a case's patient: scans of one patient stay in one list and are one unit of the
   * tests. Every case is a patient of its own without it.
   */
  patient: z.string().min(1).optional(),
  /**
   * Validation Dice, percent, whose minutes the table of time to quality tells; what `against` ended with where it is absent. The
   * validations are those of `validateEvery`.
   */
  reach: z.number().min(0).max(100).optional(),
  /** The method that others are tested against; cpcl without it. */
  against: z.string().optional(),
});

export interface StudyMethod {
  /** Name in the tables. */
  name: string;
  options: Partial<AskedOptions>;
  /** In the place of the study's own. */
  labelled?: number[];
  seeds?: number[];
  labelledCases?: string[];
  /** Those that it sees; all without it. */
  channels?: string[];
}

/** A list of names, or a seeded draw. */
export type SplitRule = Exclude<z.infer<typeof schema>['split'], { files: unknown }>;

export interface StudyDefinition
  extends Omit<
    z.infer<typeof schema>,
    'methods' | 'options' | 'betas' | 'split' | 'preset' | 'images' | 'channels' | 'against'
  > {
  against: string;
  /** One folder, or one a channel. */
  images?: string[];
  channels?: StudyChannel[];
  preset: PresetName;
  split: SplitRule;
  methods: StudyMethod[];
  options: Partial<AskedOptions>;
}

/**
 * Reads a .json, .yaml or .yml study file.
 * @param data what the folders of images, labels and cohort are relative to; the study file's own folder without it
 * @throws study/unreadable, study/invalid, study/unknown-method, option/unknown, option/invalid
 */
export function readStudy(path: string, data?: string): StudyDefinition {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DecileError(
      'study/unreadable',
      `The study file must be readable, got ${path} (${(error as Error).message}).`,
      'Check the path.',
    );
  }
  let raw: unknown;
  try {
    raw = /\.ya?ml$/i.test(path) ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw new DecileError(
      'study/unreadable',
      `The study file must be JSON or YAML, got ${(error as Error).message.split('\n')[0]}.`,
      'Correct the file.',
    );
  }
  return parseStudy(raw, dirname(resolve(path)), data);
}

/** Where a value has several forms, what is wrong with the one that it comes nearest to: the fault that lies deepest. */
function deepest(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.flat().map(deepest);
  const nearest = inner.sort((a, b) => b.path.length - a.path.length)[0];
  return nearest?.path.length ? { path: [...issue.path, ...nearest.path], message: nearest.message } : issue;
}

/** Checks a study; `data` is what its folders are relative to, `folder` its lists. */
export function parseStudy(raw: unknown, folder: string, data = folder): StudyDefinition {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const { path, message } = deepest(parsed.error.issues[0]);
    throw new DecileError(
      'study/invalid',
      `The study file must have a valid ${path.join('.') || 'content'}, got: ${message}.`,
      'docs/reference/study-file.md describes the file.',
    );
  }
  const { methods: given, betas, options, ...study } = parsed.data;
  const methods = [
    ...given.map((one) => resolveMethod(one, options.method)),
    ...betas.map((beta): StudyMethod => ({ name: `cpcl, beta ${beta}`, options: { method: 'cpcl', beta } })),
  ];
  const seen = new Set<string>();
  for (const { name } of methods) {
    if (seen.has(name))
      throw new DecileError('study/invalid', `Each method must have its own name, got ${name} twice.`, 'Rename one.');
    seen.add(name);
  }
  const { against } = study;
  if (against !== undefined && !seen.has(against))
    throw new DecileError(
      'study/invalid',
      `The study's against must be one of its methods (${[...seen].join(', ')}), got ${against}.`,
      'Check the spelling: it is the name in the tables.',
    );
  // Every combination is checked now: a study must not stop in its third night over a misspelt option.
  for (const each of methods) resolveOptions({ ...(options as Partial<AskedOptions>), ...each.options });
  const twin = study.classes.find((name, n) => study.classes.some((other, m) => m < n && alike(name, other)));
  if (twin !== undefined)
    throw new DecileError(
      'study/invalid',
      `Each of the classes must have a name that looks different from the others', got ${twin} twice or its like.`,
      'They are the labels 1, 2, ... of the masks, in this order, without background.',
    );
  const { cohort, labels } = study;
  const images = study.images === undefined ? undefined : [study.images].flat();
  if (cohort ? images !== undefined || labels !== undefined : images === undefined || labels === undefined)
    throw new DecileError(
      'study/invalid',
      `The study file must have either images and labels or a cohort, got ${cohort ? 'both' : 'neither in full'}.`,
      'docs/reference/study-file.md describes the file.',
    );
  if (cohort && study.channels)
    throw new DecileError(
      'study/invalid',
      `The channels of a study must be those of its folder of images, got them beside the cohort ${cohort.layout}.`,
      'Name the folders with images and labels.',
    );
  if (images && images.length > 1 && images.length !== study.channels?.length)
    throw new DecileError(
      'study/invalid',
      `A list of folders of images must have a folder for each of the channels, got ${images.length} folders and ${study.channels?.length ?? 0} channels.`,
      'Name the channels in the order of the folders: channels: [t1, ct].',
    );
  if (study.patient !== undefined) patientOf(study.patient);
  const preset = study.preset ?? (cohort && LAYOUT_PRESET[cohort.layout]);
  if (!preset || (cohort && preset !== LAYOUT_PRESET[cohort.layout]))
    throw new DecileError(
      'study/invalid',
      `The study file must have ${cohort ? `the preset of its layout, ${LAYOUT_PRESET[cohort.layout]}` : 'a preset'}, got ${preset ?? 'none'}.`,
      `A preset is one of ${PRESETS.join(', ')}.`,
    );
  if (study.range && (cohort || kindOfPreset(preset) !== 'ct' || study.range[0] >= study.range[1]))
    throw new DecileError(
      'study/invalid',
      `The range of a study must be LOW below HIGH, of CT in folders of images, got [${study.range.join(', ')}]${cohort ? ` with the layout ${cohort.layout}` : ''} and the preset ${preset}.`,
      'For instance range: [-160, 240] with preset: ct-abdomen, or leave it out.',
    );
  const channels = study.channels && channelsOf(study.channels, preset, study.range, (images?.length ?? 0) > 1);
  for (const one of methods) refuseUnknownChannels(one, channels);
  return {
    ...study,
    against: against ?? 'cpcl',
    channels,
    preset,
    images: images?.map((folder) => resolve(data, folder)),
    labels: labels && resolve(data, labels),
    cohort: cohort && { ...cohort, folder: resolve(data, cohort.folder) },
    split: 'files' in study.split ? readLists(study.split.files, folder) : study.split,
    methods,
    options: options as Partial<AskedOptions>,
  };
}

/**
 * The patient of a case, by its name.
 * @throws study/invalid where `pattern` is no regular expression with a group
 */
export function patientOf(pattern: string | undefined): (name: string) => string {
  if (pattern === undefined) return (name) => name;
  const fail = (got: string): never => {
    throw new DecileError(
      'study/invalid',
      `The study's patient must be a regular expression with one group, got ${got}.`,
      "For example '^(patient[0-9]+)_'.",
    );
  };
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch {
    return fail(pattern);
  }
  if (new RegExp(`${pattern}|`).exec('')?.length !== 2) return fail(pattern);
  return (name) => expression.exec(name)?.[1] ?? name;
}

/** What the paper does to each data set's intensities. */
export const LAYOUT_PRESET = { brats2019: 'mr-flair', kits19: 'ct-kidney' } as const satisfies Record<
  LayoutName,
  PresetName
>;

/** Files with the name of a case a line, as benchmarks publish them; folders and endings before and after it are dropped. */
function readLists(files: { train: string; validation?: string; test: string }, folder: string): SplitRule {
  const names = (path: string | undefined): string[] => {
    if (path === undefined) return [];
    let text: string;
    try {
      text = readFileSync(resolve(folder, path), 'utf8');
    } catch (error) {
      throw new DecileError(
        'study/unreadable',
        `A list of cases must be readable, got ${path} (${(error as Error).message}).`,
        'Check the path; it is relative to the study file.',
      );
    }
    return text
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim())
      .filter((line) => line !== '')
      .map((line) => basename(line).replace(/\.(nii\.gz|nii|h5|nrrd|mha|mhd)$/i, ''));
  };
  return { train: names(files.train), validation: names(files.validation), test: names(files.test) };
}

/** Ablations of the paper's Table II by their names there, and the backward process's control (L-PCL), which is ours. */
const ABLATIONS: Record<string, Partial<AskedOptions>> = {
  'f-pcl': { processes: 'forward' },
  'b-pcl': { processes: 'backward' },
  'l-pcl': { processes: 'labelled' },
  'mt-f-pcl': { processes: 'forward', meanTeacherTerm: 'on' },
  'mt-b-pcl': { processes: 'backward', meanTeacherTerm: 'on' },
  'mt-c-pcl': { meanTeacherTerm: 'on' },
};

function resolveMethod(given: z.infer<typeof method>, usual: unknown): StudyMethod {
  const {
    method: base = usual,
    name,
    labelled,
    seeds,
    labelledCases,
    channels,
    ...own
  } = typeof given === 'string' ? named(given) : given;
  const rest = {
    name,
    ...(labelled && { labelled }),
    ...(seeds && { seeds }),
    ...(labelledCases && { labelledCases }),
    ...(channels && { channels }),
  };
  if (typeof base !== 'string')
    throw new DecileError(
      'study/invalid',
      `The method ${name} must say which it is, got none.`,
      'Write method: in its row, or in the options of the study for all rows.',
    );
  if (base in ABLATIONS) return { ...rest, options: { method: 'cpcl', ...ABLATIONS[base], ...own } };
  if (!METHODS.some((known) => known === base))
    throw new DecileError(
      'study/unknown-method',
      `A method must be one of ${[...METHODS, ...Object.keys(ABLATIONS)].join(', ')}, got ${base}.`,
      'Check the spelling.',
    );
  return { ...rest, options: { ...own, method: base as AskedOptions['method'] } };
}

const named = (name: string): Exclude<z.infer<typeof method>, string> => ({ name, method: name });
