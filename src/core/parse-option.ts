/** The one check of a training option, for flags, forms, study files and calls alike. */
import { DecileError } from './errors.ts';
import {
  type AskedOptions,
  DEFAULT_OPTIONS,
  OPTIONS,
  type OptionRow,
  type PlannedOptions,
  type Rule,
  type SettledSpacing,
  type TrainingOptions,
} from './options.ts';

export type OptionValue = string | number | readonly [number, number, number];

/** A shorter patch shows nothing. */
const LEAST_SIDE = 4;
/** The paper's networks halve every side four times. */
const PAPER_DIVISOR = 16;

/** Sides are separated by commas, blanks or a cross: `64,64,32`, `64x64x32`. */
const SEPARATORS = /\s*[\s,x\u00d7]\s*/;

/**
 * The value of an option: what a study file or a call gives, or the text that was typed for it.
 * @throws option/invalid, naming the flag, what it must be and what was given
 */
export function parseOption(option: OptionRow, given: unknown): OptionValue {
  const value = fitting(option.rule, typeof given === 'string' ? given.trim() : given);
  if (value === undefined) {
    throw new DecileError(
      'option/invalid',
      `--${option.flag} must be ${describeRule(option.rule)}, got ${typeof given === 'string' ? given : JSON.stringify(given)}.`,
      `The default is ${String(option.default)}.`,
    );
  }
  return value;
}

/** What `--small-structures` stands for, beside the smaller patches of `on` (fit-patch.ts). */
const FOR_SMALL_STRUCTURES = {
  auto: {},
  off: {},
  few: { region: 'auto', foregroundShare: 0.33 },
  on: { region: 'auto', foregroundShare: 0.33, diceClasses: 'present' },
} as const satisfies Record<AskedOptions['smallStructures'], Partial<AskedOptions>>;

/** What is taken where nobody says otherwise, beside what was asked for. */
export const defaultsFor = (asked: Partial<Pick<AskedOptions, 'smallStructures'>>): AskedOptions => ({
  ...DEFAULT_OPTIONS,
  ...FOR_SMALL_STRUCTURES[asked.smallStructures ?? 'auto'],
});

/** Options whose steps are told: nothing is left to plan but grid and patch. */
type Counted = Partial<AskedOptions> & { steps: number };

/** Checks each given option against its row and fills in the rest; throws option/invalid and option/unknown. */
export function resolveOptions(given: Counted & { spacing: SettledSpacing }): PlannedOptions;
export function resolveOptions(given: Counted): TrainingOptions;
export function resolveOptions(given: Partial<AskedOptions>): AskedOptions;
export function resolveOptions(given: Partial<AskedOptions>): AskedOptions {
  const rows = new Map<string, OptionRow>(OPTIONS.map((option) => [option.key, option]));
  const parsed = Object.entries(given).map(([key, value]) => {
    const option = rows.get(key);
    if (!option) {
      throw new DecileError(
        'option/unknown',
        `An option must be one of ${[...rows.keys()].join(', ')}, got ${key}.`,
        'Check the spelling.',
      );
    }
    return [key, value === undefined ? option.default : parseOption(option, value)];
  });
  const asked: Partial<AskedOptions> = Object.fromEntries(parsed);
  const options: AskedOptions = { ...defaultsFor(asked), ...asked };
  checkPatch(options);
  checkDeepSupervision(options);
  checkCoarse(options);
  checkEnsemble(options);
  checkFolds(options);
  return options;
}

/** The sides of a planned network's patch are checked where its plan is made: they depend on the scans. */
function checkPatch({ network, patch }: AskedOptions): void {
  if (network === 'planned' || patch === 'auto' || patch.every((side) => side % PAPER_DIVISOR === 0)) return;
  throw new DecileError(
    'option/invalid',
    `--patch must be auto or X,Y,Z with each side divisible by ${PAPER_DIVISOR} for --network ${network}, got ${patch.join(',')}.`,
    `Take ${patch.map((side) => Math.ceil(side / PAPER_DIVISOR) * PAPER_DIVISOR).join(',')}, or --network planned.`,
  );
}

function checkDeepSupervision({ network, deepSupervision }: AskedOptions): void {
  if (network === 'planned' || deepSupervision === 'off') return;
  throw new DecileError(
    'option/invalid',
    `--deep-supervision must be off for --network ${network}, got on.`,
    'Take --network planned: the networks of the papers have no such outputs.',
  );
}

function checkCoarse({ augmentation, coarseShare }: AskedOptions): void {
  if (augmentation !== 'turns' || coarseShare === 0) return;
  throw new DecileError(
    'option/invalid',
    `--coarse-share must be 0 for --augmentation turns, got ${coarseShare}.`,
    'Take --augmentation warp, or strong.',
  );
}

function checkEnsemble({ steps, ensemble }: AskedOptions): void {
  if (steps === 'auto' || ensemble <= steps) return;
  throw new DecileError(
    'option/invalid',
    `--ensemble must be at most --steps (${steps}), got ${ensemble}.`,
    'Each network takes its share of the steps: make more steps, or fewer networks.',
  );
}

function checkFolds({ calibrationFolds }: AskedOptions): void {
  if (calibrationFolds !== 1) return;
  throw new DecileError(
    'option/invalid',
    '--calibration-folds must be 0, or 2 and more, got 1.',
    'Each fold leaves its scans out and learns from those of the others: a single one has none to learn from.',
  );
}

/** The value that fits the rule, or undefined. */
function fitting(rule: Rule, given: unknown): OptionValue | undefined {
  switch (rule.kind) {
    case 'choice':
      return rule.values.find((value) => value === given);
    case 'integer':
    case 'number': {
      if (rule.auto && given === 'auto') return given;
      const value = numberOf(given);
      const fits = value >= rule.min && value <= rule.max && (rule.kind === 'number' || Number.isInteger(value));
      return fits ? value : undefined;
    }
    case 'patch': {
      if (given === 'auto') return given;
      const sides = parts(given);
      const [x, y, z] = sides.map(numberOf);
      const fit = (side: number) => Number.isInteger(side) && side >= LEAST_SIDE;
      return sides.length === 3 && [x, y, z].every(fit) ? [x, y, z] : undefined;
    }
    case 'spacing': {
      if (given === 'auto' || given === 'native') return given;
      const fit = (mm: number) => mm > 0 && mm <= 50;
      const sides = parts(given);
      const [x, y, z] = sides.map(numberOf);
      if (sides.length === 3) return [x, y, z].every(fit) ? [x, y, z] : undefined;
      const value = numberOf(given);
      return fit(value) ? value : undefined;
    }
  }
}

const parts = (given: unknown): unknown[] =>
  typeof given === 'string' ? given.split(SEPARATORS) : Array.isArray(given) ? given : [];

/** NaN for what is no number; an empty text is none. */
const numberOf = (given: unknown): number => {
  if (typeof given === 'number') return Number.isFinite(given) ? given : Number.NaN;
  return typeof given === 'string' && given.trim() !== '' && Number.isFinite(Number(given))
    ? Number(given)
    : Number.NaN;
};

const orAuto = ({ auto }: Extract<Rule, { min: number }>): string => (auto ? 'auto or ' : '');

/** What a rule allows, in words: `a number from 0 to 1`. */
export function describeRule(rule: Rule): string {
  switch (rule.kind) {
    case 'choice':
      return `one of ${rule.values.join(', ')}`;
    case 'integer':
      return `${orAuto(rule)}a whole number from ${rule.min} to ${rule.max}`;
    case 'number':
      return `${orAuto(rule)}a number from ${rule.min} to ${rule.max}`;
    case 'patch':
      return 'auto or X,Y,Z in whole voxels, at least 4, each side divisible by 16 (or as --network planned needs)';
    case 'spacing':
      return 'auto, native or a voxel size in mm, one number or X,Y,Z, at most 50';
  }
}
