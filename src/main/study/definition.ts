/** A study file: what is compared on which cases. Parsed once; everything after it is checked data. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { METHODS, PRESETS, resolveOptions, type TrainingOptions } from '../../core/options.ts';
import { DecileError } from '../../shared/errors.ts';

const overrides = z.record(z.string(), z.unknown());
const method = z.union([z.string(), z.object({ name: z.string().min(1), method: z.string() }).catchall(z.unknown())]);
const names = z.array(z.string().min(1));

const schema = z.strictObject({
  name: z.string().min(1),
  /** Folders, relative to the study file. */
  images: z.string(),
  labels: z.string(),
  preset: z.enum(PRESETS),
  /** Without the background. */
  classes: z.array(z.string().min(1)).min(1),
  /** Names, globs (`la_0*`) or ranges (`la_001..la_070`); or a seeded draw. */
  split: z.union([
    z.strictObject({ train: names, validation: names.default([]), test: names }),
    z.strictObject({
      seed: z.number().int(),
      validation: z.number().int().min(0).default(0),
      test: z.number().int().min(1),
    }),
  ]),
  methods: z.array(method).min(1),
  /** Labelled cases of the training list: a share (0 to 1) or a number of cases (2 and more). */
  labelled: z.array(z.number().positive()).min(1),
  seeds: z.array(z.number().int().min(0)).min(1),
  /** Training options of every job; a method's own come on top. */
  options: overrides.default({}),
  /** Values of beta to try with CPCL, as in the paper's Table III. */
  betas: z.array(z.number().min(0)).default([]),
  /** The method that others are tested against. */
  against: z.string().default('cpcl'),
});

export interface StudyMethod {
  /** Name in the tables. */
  name: string;
  options: Partial<TrainingOptions>;
}

export interface StudyDefinition extends Omit<z.infer<typeof schema>, 'methods' | 'options' | 'betas'> {
  methods: StudyMethod[];
  options: Partial<TrainingOptions>;
}

/**
 * Reads a .json, .yaml or .yml study file.
 * @throws study/unreadable, study/invalid, study/unknown-method, option/unknown, option/invalid
 */
export function readStudy(path: string): StudyDefinition {
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
  return parseStudy(raw, dirname(resolve(path)));
}

/** Checks a study; `folder` is what its paths are relative to. */
export function parseStudy(raw: unknown, folder: string): StudyDefinition {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DecileError(
      'study/invalid',
      `The study file must have a valid ${issue.path.join('.') || 'content'}, got: ${issue.message}.`,
      'docs/reference/study-file.md describes the file.',
    );
  }
  const { methods: given, betas, options, ...study } = parsed.data;
  const methods = [
    ...given.map(resolveMethod),
    ...betas.map((beta): StudyMethod => ({ name: `cpcl, beta ${beta}`, options: { method: 'cpcl', beta } })),
  ];
  const seen = new Set<string>();
  for (const { name } of methods) {
    if (seen.has(name))
      throw new DecileError('study/invalid', `Each method must have its own name, got ${name} twice.`, 'Rename one.');
    seen.add(name);
  }
  // Every combination is checked now: a study must not stop in its third night over a misspelt option.
  for (const each of methods) resolveOptions({ ...(options as Partial<TrainingOptions>), ...each.options });
  return {
    ...study,
    images: resolve(folder, study.images),
    labels: resolve(folder, study.labels),
    methods,
    options: options as Partial<TrainingOptions>,
  };
}

/** Ablations of the paper's Table II by their names there. */
const ABLATIONS: Record<string, Partial<TrainingOptions>> = {
  'f-pcl': { processes: 'forward' },
  'b-pcl': { processes: 'backward' },
  'mt-f-pcl': { processes: 'forward', meanTeacherTerm: 'on' },
  'mt-b-pcl': { processes: 'backward', meanTeacherTerm: 'on' },
  'mt-c-pcl': { meanTeacherTerm: 'on' },
};

function resolveMethod(given: z.infer<typeof method>): StudyMethod {
  const { name, method: base, ...own } = typeof given === 'string' ? { name: given, method: given } : given;
  if (base in ABLATIONS) return { name, options: { method: 'cpcl', ...ABLATIONS[base], ...own } };
  if (!METHODS.some((known) => known === base))
    throw new DecileError(
      'study/unknown-method',
      `A method must be one of ${[...METHODS, ...Object.keys(ABLATIONS)].join(', ')}, got ${base}.`,
      'Check the spelling.',
    );
  return { name, options: { ...own, method: base as TrainingOptions['method'] } };
}
